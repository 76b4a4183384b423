//! `StepDecay`: a cut every so many steps.

use super::Schedule;
use crate::Error;

/// Multiplies the rate by `factor` every `every` steps.
///
/// factor^floor(step / every)
///
/// ```
/// use evenkeel::schedule::{Schedule, StepDecay};
/// let halved = StepDecay::new(100, 0.5)?;
/// assert_eq!((halved.factor(99), halved.factor(100), halved.factor(250)), (1.0, 0.5, 0.25));
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepDecay {
    every: u64,
    factor: f64,
}

impl StepDecay {
    /// With that factor every `every` steps.
    ///
    /// # Errors
    /// [`Error::Argument`] where `every` is 0, or `factor` is zero, negative or not finite.
    pub fn new(every: u64, factor: f64) -> Result<Self, Error> {
        Error::require(every > 0, "StepDecay", "every", every as f64, "at least 1")?;
        Ok(Self { every, factor: Error::positive("StepDecay", "factor", factor)? })
    }
}

impl Schedule for StepDecay {
    fn factor(&self, step: u64) -> f64 {
        self.factor.powf((step / self.every) as f64)
    }
}
