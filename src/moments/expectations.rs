//! `Expectations`: what a function makes of a normal variable.

use super::quadrature::expectation;

/// The moments of f(x) and of its derivative f'(x), where x is normally distributed.
///
/// ```text
/// mean = E[f(x)]   second = E[f(x)^2]   slope_mean = E[f'(x)]   slope_second = E[f'(x)^2]
/// ```
///
/// ```
/// use evenkeel::{Activation, Expectations, Relu, Tanh};
/// let relu = Relu.expectations(0.0, 1.0);
/// assert!((relu.second - 0.5).abs() < 1e-13); // half of the signal
/// let tanh = Tanh.expectations(0.0, 1.0);
/// assert!((tanh.second - 0.394_294_490_397_84).abs() < 1e-13);
/// # let _: Expectations = tanh;
/// ```
///
/// # Notes
/// In a wide layer with independent weights the sums that go into an activation are close to normal, so that these four numbers say how it
/// changes the size of the signal and, by `slope_second`, of the gradient: Poole and others, "Exponential expressivity in deep neural
/// networks through transient chaos", 2016; Schoenholz and others, "Deep information propagation", 2017. They are integrated to some
/// 1e-13 of themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectations {
    /// E\[f(x)\].
    pub mean: f64,
    /// E\[f(x)^2\].
    pub second: f64,
    /// E\[f'(x)\].
    pub slope_mean: f64,
    /// E\[f'(x)^2\].
    pub slope_second: f64,
}

impl Expectations {
    /// Of a function that says f(x) and f'(x), smooth but for its `kinks`, where x has that mean and variance.
    ///
    /// A variance that is 0, or no number at all, leaves the value at the mean.
    pub fn of(mean: f64, variance: f64, kinks: &[f64], f: impl Fn(f64) -> (f64, f64)) -> Self {
        let powers = |x| {
            let (value, slope) = f(x);
            [value, value * value, slope, slope * slope]
        };
        let [mean, second, slope_mean, slope_second] =
            if variance > 0.0 { expectation(mean, variance.sqrt(), kinks, powers) } else { powers(mean) };
        Self { mean, second, slope_mean, slope_second }
    }
}
