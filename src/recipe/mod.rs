//! A run described completely: read from TOML, written back, trained under watch, diagnosed and repaired.
//!
//! A [`Recipe`] says what a run trains on, with which layers, towards which loss and by which optimizer. It is built in code or read from
//! TOML, where every mistake is told by key and line; [`Recipe::run`] trains it under watch, [`Diagnosis`] says what the run shows and
//! why, and [`Repair`] is the recipe mended and run again. By hand, [`Remedy::apply`](crate::Remedy::apply) changes a recipe as one remedy
//! says, and [`Recipe::differences`] tells in words what changed.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use std::path::Path;
//! use evenkeel::Cause;
//! use evenkeel::recipe::{Diagnosis, Recipe};
//!
//! // Both hidden layers start with every weight 0.
//! let path = Path::new("tests/cases/bad-zero-init-tanh.toml");
//! let recipe = Recipe::read(path)?;
//! let data = recipe.prepare(path.parent().unwrap_or(path))?;
//! let run = recipe.run_on(&data)?;
//! let diagnosis = Diagnosis::of(&recipe, &data, &run);
//! assert_eq!(diagnosis.cause, Cause::ConstantInitialization);
//!
//! let repair = diagnosis.repair(&recipe, &data, &run).expect("there is something to be mended");
//! assert!(repair.diagnosis.is_healthy());
//! assert!(repair.run.end.validation.score.value() > 0.95);
//! # }
//! # Ok::<(), evenkeel::recipe::RecipeError>(())
//! ```

mod activation;
mod build;
mod check;
mod clip;
mod columns;
mod culprit;
mod data;
mod description;
mod diagnosis;
mod differences;
mod differing_layers;
mod edit;
mod error;
mod fields;
mod in_training;
mod layer;
mod layer_text;
mod leaves;
mod loss;
mod moved;
mod nearest;
mod optimizer;
mod penalty;
#[cfg(feature = "serde")]
mod places;
mod prepared;
mod rates;
mod recurrent;
mod remedy;
mod run;
mod schedule;
mod score;
mod shape;
mod start;
mod table;
#[cfg(feature = "serde")]
mod toml;
mod training;
mod tree;
mod trivial;

pub use activation::ActivationKind;
pub use clip::ClipKind;
pub use columns::Column;
pub use data::{Data, Scaling, Task};
pub use description::Recipe;
pub use diagnosis::{Confidence, Diagnosis, Repair};
pub use error::RecipeError;
pub use layer::LayerKind;
pub use loss::LossKind;
pub use optimizer::OptimizerKind;
pub use prepared::{Answers, Prepared};
pub use recurrent::CellKind;
pub use run::{Evaluated, Parts, Run, Trivial};
pub use schedule::{PlateauKind, ScheduleKind};
pub use score::Score;
pub use shape::{Border, Image, Pair};
pub use start::Start;
pub use training::Training;
