//! Three lines for each part; a fourth for what they are worth together.

use dependent::{ByLargest, Scale, Signs};
use evenkeel::check::{self, Failure, strategies};
use evenkeel::{Linear, Network, Rows, Tanh};
use proptest::prelude::*;

#[test]
fn scale_is_a_layer() -> Result<(), Failure> {
    check::layer(|_| Scale).run()
}

#[test]
fn signs_keep_the_second_moment() -> Result<(), Failure> {
    check::initializer(&Signs).variance(|param| 1.0 / param.fans.fan_in as f64).run::<f32>()
}

#[test]
fn by_largest_clips() -> Result<(), Failure> {
    check::clipper(|| ByLargest { limit: 0.5 }).value_limit(0.5).keeps_direction().identity_below(0.5).run::<f32>()
}

#[test]
fn signals_are_as_large_as_signs_says() -> Result<(), Failure> {
    let network = |seed| {
        Network::builder(16)
            .layer(Linear::new(32))
            .layer(Tanh)
            .layer(Scale)
            .layer(Linear::new(8))
            .weights(Signs)
            .seed(seed)
            .build()
    };
    check::propagation(network).weights(&Signs).run()
}

proptest! {
    #[test]
    fn any_rows_pass((x, width) in strategies::rows(1..=9, 1..=9)) {
        let network = Network::builder(width).layer(Scale).build()?;
        prop_assert_eq!(network.predict(Rows::new(&x, width)?)?, x);
    }
}
