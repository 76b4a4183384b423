//! Numbers from theory: what a function makes of a normal variable, without sampling.

mod expectations;
mod quadrature;

pub use expectations::Expectations;
