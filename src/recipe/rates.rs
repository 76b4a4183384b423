//! How the learning rate of a recipe changes from step to step, all in all.

use super::{ScheduleKind, Training};
use crate::Error;
use crate::schedule::{Constant, Schedule};

impl Training {
    /// The decay of the optimizer times the schedule.
    pub(super) fn rates(&self) -> Result<Rates, Error> {
        let schedule = self.schedule.as_ref().map_or_else(|| Ok(Box::new(Constant) as Box<_>), ScheduleKind::build)?;
        Ok(Rates { decay: self.optimizer.decay(), schedule })
    }
}

/// A rate that is divided by 1 + decay * step, and multiplied as the schedule says.
#[derive(Debug)]
pub(super) struct Rates {
    decay: f64,
    schedule: Box<dyn Schedule>,
}

impl Schedule for Rates {
    fn factor(&self, step: u64) -> f64 {
        self.schedule.factor(step) / (1.0 + self.decay * step as f64)
    }
}
