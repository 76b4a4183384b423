//! `Cosine`: from the full rate down to a floor along half a cosine.

use super::Schedule;
use crate::Error;

/// Lowers the rate along half a cosine over `steps` steps, to `floor` of it, where it stays.
///
/// floor + (1 - floor) (1 + cos(pi min(step / steps, 1))) / 2
///
/// ```
/// use evenkeel::schedule::{Cosine, Schedule};
/// let cosine = Cosine::new(100)?.floor(0.1)?;
/// assert_eq!(cosine.factor(0), 1.0);
/// assert!((cosine.factor(50) - 0.55).abs() < 1e-12);
/// assert!((cosine.factor(1000) - 0.1).abs() < 1e-12);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    steps: u64,
    floor: f64,
}

impl Cosine {
    /// Down to nothing over that many steps.
    ///
    /// # Errors
    /// [`Error::Argument`] where `steps` is 0.
    pub fn new(steps: u64) -> Result<Self, Error> {
        Error::require(steps > 0, "Cosine", "steps", steps as f64, "at least 1")?;
        Ok(Self { steps, floor: 0.0 })
    }

    /// Down to that share of the rate.
    ///
    /// # Errors
    /// [`Error::Argument`] where `floor` is not in `[0, 1)`.
    pub fn floor(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: Error::fraction("Cosine", "floor", floor)?, ..self })
    }
}

impl Schedule for Cosine {
    fn factor(&self, step: u64) -> f64 {
        let part = step.min(self.steps) as f64 / self.steps as f64;
        self.floor + (1.0 - self.floor) * (1.0 + (std::f64::consts::PI * part).cos()) / 2.0
    }
}
