//! Data that several tests learn from.
#![allow(dead_code, reason = "each test uses its own part")]

#[path = "../../examples/common/digits.rs"]
mod digits;

use evenkeel::*;
use rand::RngExt;

/// The handwritten digits of the examples, in two parts.
pub fn digits() -> (Dataset<f32>, Dataset<f32>) {
    digits::digits_in_two(1).unwrap()
}

/// A smooth function of three inputs, with targets of mean 0 and variance 1.
pub fn waves() -> (Dataset<f32>, Dataset<f32>) {
    regression(3, |x| (3.0 * x[0]).sin() + x[1] * x[2] + 0.5 * x[2])
}

/// A parabola, with targets of mean 0 and variance 1.
pub fn parabola() -> (Dataset<f32>, Dataset<f32>) {
    regression(1, |x| x[0] * x[0])
}

fn regression(n_in: usize, function: impl Fn(&[f32]) -> f32) -> (Dataset<f32>, Dataset<f32>) {
    let mut generator = Generator::named(1, "regression");
    let inputs: Vec<f32> = (0..600 * n_in).map(|_| generator.random_range(-1.0..1.0)).collect();
    let targets = inputs.chunks(n_in).map(function).collect();
    let (mut train, mut test) = Dataset::values(inputs, n_in, targets, 1).unwrap().split(0.2, 1).unwrap();
    let Targets::Values(values) = train.targets() else { unreachable!("it was made of values") };
    let scaler = Scaler::standardize(values).unwrap();
    train.scale_targets(&scaler).unwrap();
    test.scale_targets(&scaler).unwrap();
    (train, test)
}
