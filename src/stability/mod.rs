//! Watching a run: what is recorded, what it means, and what may help.

mod bounds;
mod close_look;
mod effective_rank;
mod finding;
mod gradient_sizes;
mod layer_record;
mod mean_cosine;
mod monitor;
mod outcomes;
mod register;
mod report;
mod series;
mod sharpness;
mod spikes;
mod symmetry;
mod symptom;
mod table;
mod thresholds;
mod through_time;
mod trials;
mod watched;

pub use bounds::Bounds;
pub use close_look::{CloseLook, Deaths};
pub use effective_rank::effective_rank;
pub(crate) use finding::short;
pub use finding::{Cause, Evidence, Finding, Remedy, Severity, Symptom};
pub use gradient_sizes::GradientSizes;
pub use layer_record::{LayerRecord, WeightShape};
pub use monitor::{ActivationId, LagId, Monitor, ParameterId};
pub use report::{Clipping, NonFiniteNumber, StabilityReport};
pub use series::{Bin, Series};
pub use sharpness::{Sharpness, sharpness};
pub use spikes::LossSpike;
pub use thresholds::Thresholds;
pub use through_time::ThroughTime;
pub use trials::{Descent, Trials};
