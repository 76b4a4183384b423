//! Checks for those who write layers, initializers or clippers of their own.
//!
//! Each is three lines of a test, and draws all it needs from a fixed seed. A check that judges by chance fails on what is right with a
//! probability of at most 1e-6 over the choice of its seed, unless told otherwise; the error says what was expected, what was found,
//! and how unlikely that is.
//!
//! ```
//! use evenkeel::{GlobalNorm, He, Linear, check};
//! let global = GlobalNorm::new(1.0)?;
//! check::initializer(&He::normal()).variance(|param| 2.0 / param.fans.fan_in as f64).run::<f32>()?;
//! check::layer(Linear::new).widths(&[1, 7, 16]).run()?;
//! check::clipper(|| global).limit(1.0).keeps_direction().identity_below(1.0).run::<f32>()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `proptest`, `check::strategies` draws shapes, rows, activations, initializers and whole networks for a property test.

mod clipper;
mod failure;
mod gradient;
mod initializer;
mod layer;
mod propagation;
mod sample;
#[cfg(feature = "proptest")]
pub mod strategies;

pub use clipper::{ClipperCheck, clipper};
pub use failure::Failure;
pub use gradient::{Checked, gradients, gradients_of_sequences};
pub use initializer::{InitializerCheck, initializer};
pub use layer::{LayerCheck, layer};
pub use propagation::{PropagationCheck, PropagationReport, propagation};
