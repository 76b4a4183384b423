//! `SumSquared`: squared errors, added up.

use super::at_start::of_square;
use super::{Loss, LossAtStart, Targets, count, sum_entries};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// The sum of squared errors over outputs and rows, divided by nothing.
///
/// L = sum of (y - t)^2 over outputs and rows; dL/dy = 2 (y - t).
///
/// ```
/// use evenkeel::{Loss, Rows, SumSquared, Targets};
/// let (y, t) = (Rows::new(&[1.0_f32, 5.0], 2)?, Rows::new(&[0.0, 3.0], 2)?);
/// assert_eq!(SumSquared::new().evaluate(y, Targets::Values(t), None)?, 5.0);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// It and its gradient grow with the batch, and with them the step: a learning rate that is right for one size of batch is wrong for
/// another. [`MeanSquared`](crate::MeanSquared) has the same minimum and not this trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SumSquared(());

impl SumSquared {
    /// The sum of squared errors.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Float> Loss<T> for SumSquared {
    fn name(&self) -> &'static str {
        "sum_squared"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        let target = target.values("SumSquared", out.rows(), out.cols())?;
        count(out, &grad)?;
        Ok(sum_entries(out, target, grad, &[], 1.0, |y: f64, t: f64| ((y - t) * (y - t), 2.0 * (y - t))))
    }

    fn divisor(&self, _: Targets<'_, T>) -> f64 {
        1.0
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        let [square, slope_second] = of_square(outputs, targets);
        Some(LossAtStart { value: columns as f64 * square, slope_second })
    }
}
