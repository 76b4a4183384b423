//! Training: data, batches, epochs, and everything around them.

mod builder;
mod close;
mod dataset;
mod early_stopping;
mod evaluate;
mod history;
mod scaler;
mod snapshot;
mod trainer;

pub use builder::TrainerBuilder;
pub use dataset::Dataset;
pub use early_stopping::EarlyStopping;
pub use evaluate::{Evaluation, evaluate};
pub use history::{Epoch, StepOutcome};
pub use scaler::Scaler;
pub use snapshot::Snapshot;
pub use trainer::Trainer;
