//! A run described completely: read from TOML, written back, trained under watch, diagnosed.

mod activation;
mod build;
mod columns;
mod data;
mod description;
mod diagnosis;
mod error;
mod fields;
mod layer;
mod loss;
mod penalty;
mod prepared;
mod run;
mod score;
mod shape;
mod start;
mod table;
#[cfg(feature = "serde")]
mod toml;
mod training;
mod tree;
mod trivial;
mod truncated;

pub use activation::ActivationKind;
pub use columns::Column;
pub use data::{Data, Scaling, Task};
pub use description::Recipe;
pub use diagnosis::Diagnosis;
pub use error::RecipeError;
pub use layer::{CellKind, LayerKind};
pub use prepared::{Answers, Prepared};
pub use run::{Evaluated, Parts, Run, Trivial};
pub use score::Score;
pub use shape::{Border, Image, Pair};
pub use start::Start;
pub use training::{ClipKind, LossKind, OptimizerKind, Training};
