//! How long a forecast takes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use evenkeel::*;

use crate::Proof;
use crate::common::{Failure, activation};

/// What 1,000 layers may take.
const LIMIT: Duration = Duration::from_millis(10);
/// The best of so many runs: other work on the machine only ever adds.
const RUNS: usize = 30;

const ACTIVATIONS: [&str; 13] = [
    "identity",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "softplus",
    "softsign",
];

/// 500 linear layers of every activation: with and without a bias that lets their second moment come to rest, and, where the function is not
/// bounded, with one that grows by 60 decades and more, for which quadrature needs the most points.
pub fn run(say: &mut impl FnMut(Proof)) -> Result<(), Failure> {
    for name in ACTIVATIONS {
        for (what, weights, biases) in [("narrow", 1.0, 0.0), ("wide", 1.9, 0.2), ("growing", 2.2, 0.0)] {
            let start = LeCun::normal().gain(f64::sqrt(weights))?;
            let mut network = Network::<f32>::builder(4).weights(start).biases(Normal::new(0.0, f64::sqrt(biases))?);
            for _ in 0..500 {
                network = network.layer(Linear::new(4)).boxed(activation(name)?);
            }
            let network = network.build()?;
            let mut best = Duration::MAX;
            for _ in 0..RUNS {
                let begin = Instant::now();
                black_box(Forecast::of(black_box(&network), 1.0)?);
                best = best.min(begin.elapsed());
            }
            say(Proof {
                of: format!("1,000 layers, {name}, {what}"),
                found: format!("{:.2} ms", best.as_secs_f64() * 1e3),
                holds: best < LIMIT,
            });
        }
    }
    Ok(())
}
