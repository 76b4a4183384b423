//! `CategoricalCrossEntropy`: one class of several, from probabilities.

use super::{BLOCK, CLIP, Loss, Targets, count};
use crate::linalg::{Isa, Work, dispatch, elementwise};
use crate::{Error, Float, Rows, RowsMut};

/// Cross-entropy of outputs that are probabilities: for one class of several, behind a softmax.
///
/// With s the sum of a row of outputs, and p = y / s, kept between 1e-7 and 1 - 1e-7:
///
/// ```text
/// L = -(sum of t_c log p_c over classes), averaged over rows
/// dL/dy_j = (T / s - t_j / y_j) / rows          T: the sum of t_c over the classes whose y / s is within the limits
/// ```
///
/// where t_j / y_j counts only if y_j / s is within the limits. The targets are classes, each a t of 1 for itself alone, or rows of t.
///
/// ```
/// use evenkeel::{CategoricalCrossEntropy, Loss, Rows, Targets};
/// let y = Rows::new(&[0.5_f32, 0.25, 0.25], 3)?;
/// let loss = CategoricalCrossEntropy::new().evaluate(y, Targets::Classes(&[1]), None)?;
/// assert!((loss - 4_f64.ln()).abs() < 1e-15);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// A class that is surely missed gets no gradient and stays so; and a single output, which divided by itself is always 1, gets none
/// ever. [`SoftmaxCrossEntropy`](crate::SoftmaxCrossEntropy) takes the logits instead, and has a gradient everywhere. The limits are
/// those of Keras. A row of which the sum is 0 has no shares: its loss is NaN. Targets are taken as they are, also where they are no
/// probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CategoricalCrossEntropy(());

impl CategoricalCrossEntropy {
    /// The cross-entropy of probabilities.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Float> Loss<T> for CategoricalCrossEntropy {
    fn name(&self) -> &'static str {
        "categorical_cross_entropy"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        const OF: &str = "CategoricalCrossEntropy";
        count(out, &grad)?;
        let (rows, cols) = (out.rows(), out.cols());
        let share = 1.0 / rows as f64;
        // Checked before anything is written.
        let target = match target {
            Targets::Classes(_) => Targets::Classes(target.classes(OF, rows, cols)?),
            Targets::Values(_) => Targets::Values(target.values(OF, rows, cols)?),
        };
        Ok(share * dispatch(Entropy { out, target, grad, share }))
    }
}

/// The sum of the losses of all rows, to be computed. Its derivative, times `share`, is written where there is room for it.
struct Entropy<'a, T> {
    out: Rows<'a, T>,
    /// Checked.
    target: Targets<'a, T>,
    grad: Option<RowsMut<'a, T>>,
    share: f64,
}

impl<T: Float> Work for Entropy<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(mut self) -> f64 {
        let mut sum = 0.0;
        for (at, y) in self.out.iter().enumerate() {
            let mut row = Row::of(y);
            let grad = self.grad.as_mut().map(|grad| grad.row_mut(at));
            match self.target {
                Targets::Classes(classes) => {
                    let class = classes[at];
                    row.add(y[class], 1.0);
                    if let Some(grad) = grad {
                        grad.fill(T::of(self.share * row.common()));
                        grad[class] = T::of(self.share * row.slope(y[class], 1.0));
                    }
                }
                Targets::Values(values) => {
                    // What weighs nothing, as all but one number of a one-hot row, needs no logarithm.
                    let pairs = || y.iter().zip(values.row(at)).enumerate().filter(|(_, (_, t))| **t != T::zero());
                    pairs().for_each(|(_, (&y, &t))| row.add(y, t.get()));
                    if let Some(grad) = grad {
                        grad.fill(T::of(self.share * row.common()));
                        pairs().for_each(|(at, (&y, &t))| grad[at] = T::of(self.share * row.slope(y, t.get())));
                    }
                }
            }
            sum += row.loss;
        }
        sum
    }
}

/// A row of outputs, with what its targets have added so far.
struct Row {
    /// The sum of the outputs; NaN where there are no shares of it.
    sum: f64,
    /// The sum of the targets whose share is within the limits.
    within: f64,
    loss: f64,
}

impl Row {
    #[inline(always)]
    fn of<T: Float>(y: &[T]) -> Self {
        let mut sum = 0.0;
        let mut block = [0.0; BLOCK];
        for y in y.chunks(BLOCK) {
            block.iter_mut().zip(y).for_each(|(to, y)| *to = y.get());
            sum += elementwise::sum(&block[..y.len()]);
        }
        // Divided by an infinity all others would be 0, and the infinity would not show.
        let sum = if sum == 0.0 || sum.is_infinite() { f64::NAN } else { sum };
        Self { sum, within: 0.0, loss: if sum.is_nan() { sum } else { 0.0 } }
    }

    /// The share of an output, and whether it is within the limits; a NaN is, and so it stays.
    #[inline(always)]
    fn share<T: Float>(&self, y: T) -> (f64, bool) {
        let share = y.get() / self.sum;
        (share, share.is_nan() || (CLIP..=1.0 - CLIP).contains(&share))
    }

    #[inline(always)]
    fn add<T: Float>(&mut self, y: T, t: f64) {
        let (share, within) = self.share(y);
        self.within += if within { t } else { 0.0 };
        self.loss -= t * if within { share } else { share.clamp(CLIP, 1.0 - CLIP) }.ln();
    }

    /// The derivative by an output whose own target weighs nothing.
    #[inline(always)]
    fn common(&self) -> f64 {
        self.within / self.sum
    }

    /// The derivative by an output with that target.
    #[inline(always)]
    fn slope<T: Float>(&self, y: T, t: f64) -> f64 {
        self.common() - if self.share(y).1 { t / y.get() } else { 0.0 }
    }
}
