//! `MeanSquared`: the usual loss of regression.

use super::at_start::of_square;
use super::{Loss, LossAtStart, Targets, average_entries};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// Mean squared error, for regression.
///
/// L = mean of (y - t)^2 over outputs and rows; dL/dy = 2 (y - t) / (rows * outputs).
///
/// ```
/// use evenkeel::{Loss, MeanSquared, Rows, Targets};
/// let (y, t) = (Rows::new(&[1.0_f32, 5.0], 2)?, Rows::new(&[0.0, 3.0], 2)?);
/// assert_eq!(MeanSquared::new().evaluate(y, Targets::Values(t), None)?, 2.5);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquared(());

impl MeanSquared {
    /// The mean squared error.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Float> Loss<T> for MeanSquared {
    fn name(&self) -> &'static str {
        "mean_squared"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        average_entries("MeanSquared", out, target, grad, &[], |y: f64, t: f64| ((y - t) * (y - t), 2.0 * (y - t)))
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        Some(LossAtStart::average(columns, of_square(outputs, targets)))
    }
}
