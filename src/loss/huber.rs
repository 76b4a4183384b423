//! `Huber`: squared near the target, absolute far from it.

use super::at_start::of_difference;
use super::{Loss, LossAtStart, Targets, average_entries};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// Huber loss: squared up to a distance of `delta` from the target, linear beyond.
///
/// With r = y - t: r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2); averaged over outputs and rows. Its derivative is r,
/// limited to the range from -delta to delta.
///
/// ```
/// use evenkeel::{Huber, Loss, Rows, Targets};
/// let (y, t) = (Rows::new(&[1.0_f32, 5.0], 2)?, Rows::new(&[0.0, 3.0], 2)?);
/// assert_eq!(Huber::new(1.0)?.evaluate(y, Targets::Values(t), None)?, (0.5 + 1.5) / 2.0);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Huber, "Robust estimation of a location parameter", 1964; the same scale as PyTorch's `HuberLoss`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    delta: f64,
}

impl Huber {
    /// Squared up to a distance of `delta`.
    ///
    /// # Errors
    /// [`Error::Argument`] where `delta` is zero, negative or not finite.
    pub fn new(delta: f64) -> Result<Self, Error> {
        Ok(Self { delta: Error::positive("Huber", "delta", delta)? })
    }
}

impl<T: Float> Loss<T> for Huber {
    fn name(&self) -> &'static str {
        "huber"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        average_entries("Huber", out, target, grad, &[], |y: f64, t: f64| {
            let (r, delta) = (y - t, self.delta);
            // Written so that a NaN takes the first branch, and stays a NaN.
            if r.abs() > delta { (delta * (r.abs() - delta / 2.0), delta.copysign(r)) } else { (r * r / 2.0, r) }
        })
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        let delta = self.delta;
        let of = of_difference(outputs, targets, &[-delta, delta], |r| {
            if r.abs() > delta { [delta * (r.abs() - delta / 2.0), delta * delta] } else { [r * r / 2.0, r * r] }
        });
        Some(LossAtStart::average(columns, of))
    }
}
