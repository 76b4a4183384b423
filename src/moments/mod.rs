//! Numbers from theory: what a function makes of a normal variable, without sampling.

mod cut_normal;
mod edge_of_chaos;
mod expectations;
mod quadrature;

pub(crate) use cut_normal::{CutMoments, cut_normal};
pub use edge_of_chaos::EdgeOfChaos;
pub use expectations::Expectations;
