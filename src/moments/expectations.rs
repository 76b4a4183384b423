//! `Expectations`: what a function makes of a normal variable.

use std::f64::consts::PI;

use super::quadrature::Nodes;

/// The moments of f(x) and of its derivative f'(x), where x is normally distributed.
///
/// ```text
/// mean = E[f(x)]   second = E[f(x)^2]   fourth = E[f(x)^4]   slope_mean = E[f'(x)]   slope_second = E[f'(x)^2]
/// growth = derivative of E[f(x)^2] by the variance of x   curvature = derivative of growth
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
/// In a wide layer with independent weights the sums that go into an activation are close to normal, so that these numbers say how it
/// changes the size of the signal and, by `slope_second`, of the gradient: Poole and others, "Exponential expressivity in deep neural
/// networks through transient chaos", 2016; Schoenholz and others, "Deep information propagation", 2017. They are integrated to some
/// 1e-13 of themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectations {
    /// E\[f(x)\].
    pub mean: f64,
    /// E\[f(x)^2\].
    pub second: f64,
    /// E\[f(x)^4\].
    pub fourth: f64,
    /// E\[f'(x)\].
    pub slope_mean: f64,
    /// E\[f'(x)^2\].
    pub slope_second: f64,
    /// The derivative of [`second`](Self::second) by the variance of x, which is E\[f f' z\] / s for x = mean + s z: how far a second moment
    /// that is off stays off. Where f is not 0 at the mean it loses digits as the variance vanishes: 1e-16 / s of itself.
    pub growth: f64,
    /// The derivative of [`growth`](Self::growth) by the variance of x: how the scatter of a second moment shifts its mean. It loses digits
    /// as the variance vanishes: 1e-16 / variance, times that of [`second`](Self::second) and its square root.
    pub curvature: f64,
}

impl Expectations {
    /// Of a function that says f(x) and f'(x), smooth but for its `kinks`, where x has that mean and variance.
    ///
    /// A variance that is 0, or no number at all, leaves the value at the mean.
    pub fn of(mean: f64, variance: f64, kinks: &[f64], f: impl Fn(f64) -> (f64, f64)) -> Self {
        Self::of_slices(mean, variance, kinks, |x, y, slopes| {
            for ((&x, y), slope) in x.iter().zip(y).zip(slopes) {
                (*y, *slope) = f(x);
            }
        })
    }

    /// As [`of`](Self::of), of a function that is faster on many numbers at once: it writes f of every number of its first argument to the
    /// second, and f' to the third, which are as long.
    pub(crate) fn of_slices(
        mean: f64,
        variance: f64,
        kinks: &[f64],
        f: impl Fn(&[f64], &mut [f64], &mut [f64]),
    ) -> Self {
        if variance.is_nan() || variance <= 0.0 {
            let (mut value, mut slope) = ([0.0], [0.0]);
            f(&[mean], &mut value, &mut slope);
            let ([value], [slope]) = (value, slope);
            let (second, slope_second) = (value * value, slope * slope);
            // In the limit of no variance at all, of a function that is smooth there and 0.
            let (growth, curvature, fourth) = (slope_second, 0.0, second * second);
            return Self { mean: value, second, fourth, slope_mean: slope, slope_second, growth, curvature };
        }
        let deviation = variance.sqrt();
        let nodes = Nodes::of(mean, deviation, kinks);
        let x: Vec<f64> = nodes.points.iter().map(|z| mean + deviation * z).collect();
        let (mut values, mut slopes) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        f(&x, &mut values, &mut slopes);
        let powers = |z: f64, value: f64, slope: f64| {
            let (square, product) = (value * value, value * slope * z);
            [value, square, square * square, slope, slope * slope, product, product * (z * z - 3.0)]
        };
        let [mean, second, fourth, slope_mean, slope_second, product, third] = nodes.sums([&values, &slopes], powers);
        let (growth, curvature) = (product / deviation, third / (2.0 * deviation.powi(3)));
        Self { mean, second, fourth, slope_mean, slope_second, growth, curvature }
    }

    /// Of f(x) = above x where x > 0, else below x: in closed form where the mean is 0.
    pub(crate) fn of_two_slopes(mean: f64, variance: f64, [above, below]: [f64; 2]) -> Self {
        if mean != 0.0 || !(variance > 0.0 && variance.is_finite()) {
            let of = |x: f64| if x > 0.0 { (above * x, above) } else { (below * x, below) };
            return Self::of(mean, variance, if above == below { &[] } else { &[0.0] }, of);
        }
        let half = (above * above + below * below) / 2.0;
        Self {
            mean: (above - below) * (variance / (2.0 * PI)).sqrt(),
            second: half * variance,
            fourth: 1.5 * (above.powi(4) + below.powi(4)) * variance * variance,
            slope_mean: (above + below) / 2.0,
            slope_second: half,
            growth: half,
            curvature: 0.0,
        }
    }

    /// Of f(x) and f'(x) where only a share of the numbers are what this was said of, as numbers scaled up by the inverse of that share, and the
    /// others 0, where f and f' are `at_zero`.
    pub(crate) fn where_kept(self, kept: f64, at_zero: (f64, f64)) -> Self {
        if kept == 1.0 {
            return self;
        }
        let (value, slope) = at_zero;
        let mixed = |of_kept: f64, at_zero: f64| kept * of_kept + (1.0 - kept) * at_zero;
        Self {
            mean: mixed(self.mean, value),
            second: mixed(self.second, value * value),
            fourth: mixed(self.fourth, value.powi(4)),
            slope_mean: mixed(self.slope_mean, slope),
            slope_second: mixed(self.slope_second, slope * slope),
            // By the variance of all numbers, of which that of those kept is 1 / kept times as much, and more that does not depend on it.
            growth: self.growth,
            curvature: self.curvature / kept,
        }
    }

    /// The factor of the weights that keeps a second moment of 1 as it is on its way forward: weights of variance gain^2 / n_in.
    ///
    /// ```text
    /// gain = 1 / sqrt(E[f(z)^2])          z of mean 0 and variance 1
    /// ```
    ///
    /// ```
    /// use evenkeel::{Activation, Expectations, Gelu};
    /// assert!((Gelu.expectations(0.0, 1.0).gain() - 1.533_530_4).abs() < 1e-7);
    /// // Of any function at all, here the sine:
    /// let sine = Expectations::of(0.0, 1.0, &[], |x| (x.sin(), x.cos()));
    /// assert!((sine.gain() - 1.520_866_6).abs() < 1e-7);
    /// ```
    ///
    /// # Notes
    /// To be asked of expectations at mean 0 and variance 1. It keeps the signal, not the gradient: for that see
    /// [`gain_back`](Self::gain_back); both are one only where f is homogeneous, as ReLU is. Whether small deviations from 1 fade or grow is
    /// another matter: [`growth`](Self::growth) times the squared gain says; for GELU, SiLU and Mish they grow.
    pub fn gain(&self) -> f64 {
        self.second.sqrt().recip()
    }

    /// The factor of the weights that keeps the second moment of the gradient on its way back: 1 / sqrt(E\[f'(z)^2\]).
    pub fn gain_back(&self) -> f64 {
        self.slope_second.sqrt().recip()
    }
}
