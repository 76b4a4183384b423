//! Schedules: how the learning rate changes while training.

mod constant;
mod cosine;
mod exponential;
mod reduce_on_plateau;
mod step_decay;
mod warmup;

pub use constant::Constant;
pub use cosine::Cosine;
pub use exponential::Exponential;
pub use reduce_on_plateau::{Plateau, ReduceOnPlateau};
pub use step_decay::StepDecay;
pub use warmup::Warmup;

use std::fmt::Debug;

/// How the learning rate changes while training, as a factor of the optimizer's rate.
pub trait Schedule: Debug + Send + Sync {
    /// The factor for that training step, counted from 0.
    fn factor(&self, step: u64) -> f64;
}

/// One whose type is only known when the program runs.
impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn factor(&self, step: u64) -> f64 {
        (**self).factor(step)
    }
}
