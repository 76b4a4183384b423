//! Losses: how far an output is from its target, and in which direction to go.

mod huber;
mod mean_absolute;
mod mean_squared;
mod sigmoid_cross_entropy;
mod softmax_cross_entropy;

pub use huber::Huber;
pub use mean_absolute::MeanAbsolute;
pub use mean_squared::MeanSquared;
pub use sigmoid_cross_entropy::SigmoidCrossEntropy;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;

use std::fmt::Debug;

use crate::{Error, Float, Rows, RowsMut};

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
}

/// How far an output is from its target, as one number to make small.
///
/// Values are averaged over the rows of the batch (in f64), so that a learning rate means the same for any batch size.
pub trait Loss<T: Float>: Debug + Send + Sync {
    /// Its name, such as `softmax_cross_entropy`.
    fn name(&self) -> &'static str;

    /// The loss of `out` (rows x outputs) against `target`, averaged over the rows; where `grad` is given, its derivative by `out`
    /// is written there. An output that is not finite gives a loss that is not finite: it is for the caller to see.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows; [`Error::Targets`], [`Error::Size`], [`Error::Class`] where the targets do not fit the output.
    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error>;
}

/// Averages `term(out, target)`, which gives a value and its derivative by `out`, over all entries.
fn average_entries<T: Float>(
    of: &'static str,
    out: Rows<'_, T>,
    target: Targets<'_, T>,
    grad: Option<RowsMut<'_, T>>,
    term: impl Fn(f64, f64) -> (f64, f64),
) -> Result<f64, Error> {
    let target = target.values(of, out.rows(), out.cols())?;
    average_terms(out, grad, |at, out| term(out, target.data()[at].get()))
}

/// Averages `term(index, out)`, which gives a value and its derivative by `out`, over all entries.
fn average_terms<T: Float>(
    out: Rows<'_, T>,
    grad: Option<RowsMut<'_, T>>,
    term: impl Fn(usize, f64) -> (f64, f64),
) -> Result<f64, Error> {
    let share = 1.0 / count(out, &grad)? as f64;
    let entries = out.data().iter().enumerate();
    let mut sum = 0.0;
    match grad {
        Some(mut grad) => {
            for ((at, out), grad) in entries.zip(grad.data_mut()) {
                let (value, slope) = term(at, out.get());
                sum += value;
                *grad = T::of(slope * share);
            }
        }
        None => sum = entries.map(|(at, out)| term(at, out.get()).0).sum(),
    }
    Ok(sum * share)
}

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
