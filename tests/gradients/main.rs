//! Every derivative written by hand, against central differences in f64.

use super::drawn;
mod homogeneity;
mod images;
mod layers;
mod losses;
mod nested;
mod normalization;
mod planted;
mod recurrent;

use evenkeel::*;
use proptest::prelude::*;

type Boxed = Box<dyn Layer<f64>>;

/// A network of these layers. Its weights are bounded, so that no unit lies where its slope is lost in rounding; its biases are drawn,
/// so that no input of a unit is exactly zero, where many activations have their kink.
fn network(n_in: usize, layers: Vec<Boxed>, seed: u64) -> Result<Network<f64>, Error> {
    let builder = Network::builder(n_in).weights(Xavier::uniform()).biases(Uniform::new(-0.5, 0.5)?).seed(seed);
    layers.into_iter().fold(builder, NetworkBuilder::boxed).build()
}

fn linear(n_out: usize) -> Boxed {
    Box::new(Linear::new(n_out))
}

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}
