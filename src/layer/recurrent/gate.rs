//! What gates and candidates are in the mean over the draw, and what candidates of different steps have in common.

use crate::moments::expectation;
use crate::{Activation, Moments};

/// What a gate, or a candidate, is in the mean over the draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gate {
    /// E\[y\] to E\[y^4\].
    pub(super) powers: [f64; 4],
    /// The mean square of its slope, its mean, and that of its product with y.
    pub(super) slope: f64,
    pub(super) mean_slope: f64,
    pub(super) with_slope: f64,
}

impl Gate {
    pub(super) fn of(activation: &impl Activation, sum: Moments) -> Self {
        let found = expectation(sum.mean, sum.variance().sqrt(), &[], |x| {
            let y: f64 = activation.value(x);
            let slope: f64 = activation.slope(x, y);
            [y, y * y, y * y * y, (y * y) * (y * y), slope * slope, slope, y * slope]
        });
        let [first, second, third, fourth, slope, mean_slope, with_slope] = found;
        Self { powers: [first, second, third, fourth], slope, mean_slope, with_slope }
    }
}

/// The covariance of f(x) and f(x') of two numbers of that correlation c and variance, in the mean the slope of f, and the variance of f(x): b c +
/// (v - b) c^3 with b = variance slope^2, as it is of an odd function where c is small, and where it is 1.
pub(super) fn covariance(correlation: f64, variance: f64, mean_slope: f64, of_values: f64) -> f64 {
    let straight = variance * mean_slope * mean_slope;
    straight * correlation + (of_values - straight) * correlation.powi(3)
}

/// What candidates of that sum have in common at all steps, where the sums have a variance that lasts.
pub(super) fn lasting(sum: Moments, lasting_variance: f64, mean: f64, second: f64, mean_slope: f64) -> f64 {
    if lasting_variance == 0.0 {
        return 0.0;
    }
    let correlation = (lasting_variance / sum.variance()).min(1.0);
    covariance(correlation, sum.variance(), mean_slope, second - mean * mean)
}
