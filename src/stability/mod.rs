//! Watching a run: what is recorded, what it means, and what may help.

mod bounds;
mod finding;
mod layer_record;
mod monitor;
mod register;
mod report;
mod series;
mod symmetry;
mod symptom;
mod table;
mod thresholds;
mod through_time;
mod watched;

pub use bounds::Bounds;
pub(crate) use finding::short;
pub use finding::{Cause, Evidence, Finding, Remedy, Severity, Symptom};
pub use layer_record::{LayerRecord, WeightShape};
pub use monitor::{ActivationId, LagId, Monitor, ParameterId};
pub use report::{Clipping, NonFiniteNumber, StabilityReport};
pub use series::{Bin, Series};
pub use thresholds::Thresholds;
pub use through_time::ThroughTime;
