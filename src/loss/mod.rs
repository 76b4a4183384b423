//! Losses: how far an output is from its target, and in which direction to go.

mod at_start;
mod binary_cross_entropy;
mod categorical_cross_entropy;
mod huber;
mod mean_absolute;
mod mean_squared;
mod poisson;
mod sigmoid_cross_entropy;
mod softmax_cross_entropy;
mod softmax_narrow;
mod softmax_rows;
mod sum_squared;

pub use at_start::LossAtStart;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use categorical_cross_entropy::CategoricalCrossEntropy;
pub use huber::Huber;
pub use mean_absolute::MeanAbsolute;
pub use mean_squared::MeanSquared;
pub use poisson::Poisson;
pub use sigmoid_cross_entropy::SigmoidCrossEntropy;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
pub use sum_squared::SumSquared;

use std::fmt::Debug;
use std::ops::Range;

use crate::linalg::{Isa, Work, dispatch, elementwise};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// What a network's output is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Targets<'a, T> {
    /// One class a row, counted from 0.
    Classes(&'a [usize]),
    /// One row of numbers a row, as wide as the output.
    Values(Rows<'a, T>),
}

impl<'a, T> Targets<'a, T> {
    /// How many rows there are targets for.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.rows(),
        }
    }

    /// The classes, checked: one a row of an output of `classes` columns.
    ///
    /// # Errors
    /// [`Error::Targets`] where these are values; [`Error::Size`] unless there is one a row; [`Error::Class`] for one out of range.
    pub fn classes(self, of: &'static str, rows: usize, classes: usize) -> Result<&'a [usize], Error> {
        let Self::Classes(targets) = self else {
            return Err(Error::Targets { of, needs: "classes" });
        };
        Error::same_size("the rows of the targets", rows, targets.len())?;
        match targets.iter().position(|&class| class >= classes) {
            Some(row) => Err(Error::Class { row, class: targets[row], classes }),
            None => Ok(targets),
        }
    }

    /// The values, checked: as many rows and columns as the output has.
    ///
    /// # Errors
    /// [`Error::Targets`] where these are classes; [`Error::Size`] where the shape is not the output's.
    pub fn values(self, of: &'static str, rows: usize, cols: usize) -> Result<Rows<'a, T>, Error> {
        let Self::Values(targets) = self else {
            return Err(Error::Targets { of, needs: "rows of values" });
        };
        Error::same_size("the rows of the targets", rows, targets.rows())?;
        Error::same_size("the columns of the targets", cols, targets.cols())?;
        Ok(targets)
    }

    /// Those of some of the rows, which are there.
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(&classes[rows]),
            Self::Values(values) => {
                let cols = values.cols();
                Self::Values(Rows::of(&values.data()[rows.start * cols..rows.end * cols], cols))
            }
        }
    }
}

/// How far an output is from its target, as one number to make small.
///
/// Values are averaged over the rows of the batch (in f64), so that a learning rate means the same for any batch size; only
/// [`SumSquared`] adds them up.
pub trait Loss<T: Float>: Debug + Send + Sync {
    /// Its name, such as `softmax_cross_entropy`.
    fn name(&self) -> &'static str;

    /// The loss of `out` (rows x outputs) against `target`, averaged over the rows; where `grad` is given, its derivative by `out`
    /// is written there. An output that is not finite gives a loss that is not finite: it is for the caller to see.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows; [`Error::Targets`], [`Error::Size`], [`Error::Class`] where the targets do not fit the output.
    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error>;

    /// What the sum over rows with these targets is divided by, which is how much they count beside others: the loss of a batch is the sum
    /// over its parts of `divisor(part) * loss(part)`, divided by `divisor(batch)`.
    ///
    /// The number of rows, unless a loss says otherwise: one that weighs its rows says the sum of their weights, one that only adds up
    /// says 1. It is to be above zero for targets that the loss accepts.
    fn divisor(&self, target: Targets<'_, T>) -> f64 {
        target.rows() as f64
    }

    /// The loss to expect of a row whose `columns` outputs are independent and normal with these moments, as those of wide layers are before
    /// any training, and of targets that have nothing to do with them; `None` where it is not known.
    ///
    /// Targets without moments are what is usual for the loss: every class as often as the others, yes as often as no, values of mean 0 and
    /// variance 1. Where both matter they are taken for normal.
    fn at_start(&self, _outputs: Moments, _columns: usize, _targets: Option<Moments>) -> Option<LossAtStart> {
        None
    }
}

impl<T: Float> Loss<T> for Box<dyn Loss<T>> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        (**self).evaluate(out, target, grad)
    }

    fn divisor(&self, target: Targets<'_, T>) -> f64 {
        (**self).divisor(target)
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        (**self).at_start(outputs, columns, targets)
    }
}

/// The loss of one entry. `at`, and what it calls, is to be `#[inline(always)]`.
trait Term {
    /// Its value and its derivative by `out`; `weight` is that of its column, and `FMA` says whether a multiply and an
    /// add are one instruction.
    fn at<const FMA: bool>(&self, out: f64, target: f64, weight: f64) -> (f64, f64);
}

impl<F: Fn(f64, f64) -> (f64, f64)> Term for F {
    #[inline(always)]
    fn at<const FMA: bool>(&self, out: f64, target: f64, _: f64) -> (f64, f64) {
        self(out, target)
    }
}

/// Averages `term(out, target)` over all entries. `weights` has one number a column, or none where all are 1.
fn average_entries<T: Float>(
    of: &'static str,
    out: Rows<'_, T>,
    target: Targets<'_, T>,
    grad: Option<RowsMut<'_, T>>,
    weights: &[f64],
    term: impl Term,
) -> Result<f64, Error> {
    let target = target.values(of, out.rows(), out.cols())?;
    let share = 1.0 / count(out, &grad)? as f64;
    Ok(share * sum_entries(out, target, grad, weights, share, term))
}

/// Adds up `term(out, target)` over all entries, of which the shapes agree; the derivative is written times `share`.
fn sum_entries<T: Float>(
    out: Rows<'_, T>,
    target: Rows<'_, T>,
    mut grad: Option<RowsMut<'_, T>>,
    weights: &[f64],
    share: f64,
    term: impl Term,
) -> f64 {
    let grad = grad.as_mut().map(RowsMut::data_mut);
    dispatch(Sum { out: out.data(), target: target.data(), weights, grad, share, term })
}

/// The sum of a term over entries, to be computed. Its derivative, times `share`, is written where there is room for it.
struct Sum<'a, T, F> {
    out: &'a [T],
    target: &'a [T],
    weights: &'a [f64],
    grad: Option<&'a mut [T]>,
    share: f64,
    term: F,
}

/// So many entries are computed at a time: some vectors of every instruction set.
const BLOCK: usize = 64;

impl<T: Float, F: Term> Work for Sum<'_, T, F> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self) -> f64 {
        let mut sum = 0.0;
        let mut columns = self.weights.iter().copied().cycle();
        let (mut outs, mut targets, mut weights) = ([0.0; BLOCK], [0.0; BLOCK], [1.0; BLOCK]);
        let (mut values, mut slopes) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut grad = self.grad.map(|grad| grad.chunks_mut(BLOCK));
        for (out, target) in self.out.chunks(BLOCK).zip(self.target.chunks(BLOCK)) {
            // Whole vectors always, so that nothing is left to compute one by one; what lies beyond the end is not used.
            let padded = out.len().next_multiple_of(16);
            let (outs, targets, weights) = (&mut outs[..padded], &mut targets[..padded], &mut weights[..padded]);
            let (values, slopes) = (&mut values[..padded], &mut slopes[..padded]);
            outs.iter_mut().zip(out).for_each(|(to, out)| *to = out.get());
            targets.iter_mut().zip(target).for_each(|(to, target)| *to = target.get());
            if !self.weights.is_empty() {
                weights.iter_mut().zip(&mut columns).for_each(|(weight, column)| *weight = column);
            }
            let entries = outs.iter().zip(&*targets).zip(&*weights);
            for ((value, slope), ((&out, &target), &weight)) in values.iter_mut().zip(&mut *slopes).zip(entries) {
                (*value, *slope) = if I::FMA {
                    self.term.at::<true>(out, target, weight)
                } else {
                    self.term.at::<false>(out, target, weight)
                };
            }
            sum += elementwise::sum(&values[..out.len()]);
            if let Some(grad) = grad.as_mut().and_then(Iterator::next) {
                for (grad, slope) in grad.iter_mut().zip(&*slopes) {
                    *grad = T::of(slope * self.share);
                }
            }
        }
        sum
    }
}

/// What the losses on probabilities keep them away from 0 and 1 by, and with them the loss from infinity: its gradient is zero beyond.
const CLIP: f64 = 1e-7;

/// How many entries an output has, at least one; the gradient must have as many.
fn count<T: Float>(out: Rows<'_, T>, grad: &Option<RowsMut<'_, T>>) -> Result<usize, Error> {
    if out.rows() == 0 {
        return Err(Error::Empty { what: "a batch" });
    }
    if let Some(grad) = grad {
        Error::same_size("the rows of the loss gradient", out.rows(), grad.rows())?;
        Error::same_size("the columns of the loss gradient", out.cols(), grad.cols())?;
    }
    Ok(out.data().len())
}
