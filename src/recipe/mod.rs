//! A run described completely: read from TOML, written back, trained under watch, diagnosed.

mod activation;
mod build;
mod data;
mod description;
mod error;
mod fields;
mod layer;
mod shape;
mod start;
#[cfg(feature = "serde")]
mod toml;
mod training;
mod tree;
mod truncated;

pub use activation::ActivationKind;
pub use data::{Data, Scaling, Task};
pub use description::Recipe;
pub use error::RecipeError;
pub use layer::{CellKind, LayerKind};
pub use shape::{Border, Image, Pair};
pub use start::Start;
pub use training::{ClipKind, LossKind, OptimizerKind, Training};
