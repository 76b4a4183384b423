//! Units whose numbers are drawn one by one, to see what theory says of them.

use super::moments::Unrolled;
use crate::{Generator, InitMoments, Moments};

pub(super) const UNITS: usize = 100_000;
pub(super) const STEPS: usize = 6;

/// A layer of weights of variance 1 / n, with inputs of that second moment.
pub(super) fn layer(second: f64, bias: InitMoments) -> Unrolled {
    let weight = InitMoments { mean: 0.0, variance: 0.01, kurtosis: Some(3.0) };
    Unrolled {
        steps: STEPS,
        width: 100,
        hidden: 100,
        last: true,
        whole: true,
        x: Moments { mean: 0.0, second },
        weight,
        recurrent: weight,
        bias,
        recurrent_bias: Some(bias),
    }
}

pub(super) fn normal(generator: &mut Generator, variance: f64) -> Vec<f64> {
    let mut out = vec![0.0; UNITS];
    generator.fill_normal(0.0, variance.sqrt(), &mut out);
    out
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / UNITS as f64
}
