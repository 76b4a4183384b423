//! Numbers from theory: what a function makes of a normal variable, without sampling.

mod edge_of_chaos;
mod expectations;
mod quadrature;

pub use edge_of_chaos::EdgeOfChaos;
pub use expectations::Expectations;
