//! `Warmup`: a gentle start in front of any schedule.

use super::Schedule;
use crate::Error;

/// Raises the rate linearly over `steps` steps, then follows another schedule from its beginning.
///
/// (step + 1) / (steps + 1) while step < steps, then that of the other at step - steps.
///
/// ```
/// use evenkeel::schedule::{Constant, Schedule, Warmup};
/// let warm = Warmup::new(3, Constant)?;
/// assert_eq!([0, 1, 2, 3, 4].map(|step| warm.factor(step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Goyal and others, "Accurate, large minibatch SGD", 2017. The first step is already above zero: one at rate zero would be lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warmup<S> {
    steps: u64,
    then: S,
}

impl<S: Schedule> Warmup<S> {
    /// Over that many steps, and then as `then` says.
    ///
    /// # Errors
    /// [`Error::Argument`] where `steps` is 0.
    pub fn new(steps: u64, then: S) -> Result<Self, Error> {
        Error::require(steps > 0, "Warmup", "steps", steps as f64, "at least 1")?;
        Ok(Self { steps, then })
    }
}

impl<S: Schedule> Schedule for Warmup<S> {
    fn factor(&self, step: u64) -> f64 {
        match step.checked_sub(self.steps) {
            Some(later) => self.then.factor(later),
            None => (step as f64 + 1.0) / (self.steps as f64 + 1.0),
        }
    }
}
