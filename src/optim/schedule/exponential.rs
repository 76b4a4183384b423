//! `Exponential`: the same shrinkage every step.

use super::Schedule;
use crate::Error;

/// Multiplies the rate by `factor` every step.
///
/// factor^step
///
/// ```
/// use evenkeel::schedule::{Exponential, Schedule};
/// assert!((Exponential::new(0.999)?.factor(1000) - 0.3677).abs() < 1e-4);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    factor: f64,
}

impl Exponential {
    /// With that factor a step.
    ///
    /// # Errors
    /// [`Error::Argument`] where `factor` is zero, negative or not finite.
    pub fn new(factor: f64) -> Result<Self, Error> {
        Ok(Self { factor: Error::positive("Exponential", "factor", factor)? })
    }
}

impl Schedule for Exponential {
    fn factor(&self, step: u64) -> f64 {
        self.factor.powf(step as f64)
    }
}
