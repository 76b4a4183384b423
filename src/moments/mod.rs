//! Numbers from theory: what a function makes of a normal variable, without sampling.

mod cut_normal;
mod edge_of_chaos;
mod expectations;
mod first_two;
mod gamma;
mod largest;
mod log_moments;
mod mixture;
mod pair;
mod quadrature;
mod shares;

pub(crate) use cut_normal::{CutMoments, cut_normal};
pub use edge_of_chaos::EdgeOfChaos;
pub use expectations::Expectations;
pub use first_two::Moments;
pub(crate) use largest::largest;
pub(crate) use log_moments::LogMoments;
pub(crate) use mixture::Mixture;
pub(crate) use pair::{Pair, correlated};
pub(crate) use quadrature::expectation;
pub(crate) use shares::Shares;
