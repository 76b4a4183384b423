//! Whole networks: right ones pass, at every depth, and what is wrong is found where it is.

mod factors;
mod own_layers;
mod right;

use evenkeel::check::{Failure, propagation};
use evenkeel::*;

/// The layer that a check names, and how unlikely it finds that.
fn named(draw: impl Fn(u64) -> Result<Network<f64>, Error>) -> String {
    let failure = propagation(draw).run().unwrap_err();
    let Failure::Unlikely { what, probability, expected, found, .. } = &failure else { panic!("{failure}") };
    assert!(*probability < 1e-9 && expected != found, "{failure}");
    what.clone()
}
