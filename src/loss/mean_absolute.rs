//! `MeanAbsolute`: regression to the median.

use super::at_start::of_difference;
use super::{Loss, LossAtStart, Targets, average_entries};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// Mean absolute error, for regression with outliers.
///
/// L = mean of |y - t| over outputs and rows; dL/dy = sign(y - t) / (rows * outputs), 0 where y = t.
///
/// ```
/// use evenkeel::{Loss, MeanAbsolute, Rows, Targets};
/// let (y, t) = (Rows::new(&[1.0_f32, 5.0], 2)?, Rows::new(&[0.0, 3.0], 2)?);
/// assert_eq!(MeanAbsolute::new().evaluate(y, Targets::Values(t), None)?, 1.5);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsolute(());

impl MeanAbsolute {
    /// The mean absolute error.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Float> Loss<T> for MeanAbsolute {
    fn name(&self) -> &'static str {
        "mean_absolute"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        // `signum` of 0 is 1, and it would hide a NaN only if we let it.
        average_entries("MeanAbsolute", out, target, grad, &[], |y: f64, t: f64| {
            let difference = y - t;
            (difference.abs(), if difference == 0.0 { 0.0 } else { difference.signum() })
        })
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        let of = of_difference(outputs, targets, &[0.0], |difference| [difference.abs(), 1.0]);
        Some(LossAtStart::average(columns, of))
    }
}
