//! `EdgeOfChaos`: weights and biases whose gradients neither vanish nor explode.

use super::Expectations;
use crate::Activation;

/// The variances of weights and biases at which, in a deep network of one activation, gradients keep their size from layer to layer.
///
/// ```text
/// q* = weight_variance E[f(sqrt(q*) z)^2] + bias_variance          chi_1 = weight_variance E[f'(sqrt(q*) z)^2] = 1
/// ```
///
/// with the second moment q* of the sums that comes back layer after layer, and weights of variance weight_variance / n_in.
///
/// ```
/// use evenkeel::{EdgeOfChaos, Softplus, Tanh};
/// let tanh = EdgeOfChaos::of(&Tanh, 0.05).expect("there is one");
/// assert!((tanh.weight_variance - 1.760_95).abs() < 1e-4);
/// assert!(tanh.is_stable());
/// assert!(EdgeOfChaos::of(&Softplus, 0.05).is_none()); // softplus has none
/// ```
///
/// # Notes
/// Poole and others, "Exponential expressivity in deep neural networks through transient chaos", 2016; Schoenholz, Gilmer, Ganguli and
/// Sohl-Dickstein, "Deep information propagation", 2017. In the limit of wide layers. Below the edge signals of different inputs become
/// alike and gradients vanish, above it they become independent and gradients explode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeOfChaos {
    /// n_in times the variance of a weight.
    pub weight_variance: f64,
    /// The variance of a bias.
    pub bias_variance: f64,
    /// The second moment of the sums that is kept; 0 for what it falls to, ever slower, without biases.
    pub fixed_point: f64,
    /// By what a small deviation from the fixed point is multiplied from layer to layer.
    pub chi_parallel: f64,
}

/// The smallest second moment that is looked at: below, the limit of none is as good.
const SMALLEST: f64 = 1e-10;
/// The largest: beyond it f64's quadrature has no more to say.
const LARGEST: f64 = 1e8;
/// How far rounding may bring a 1 above 1; at the smallest second moment SiLU, which does grow away from 0, is 5e-11 above.
const ROUNDING: f64 = 1e-11;
/// How many second moments are looked at in each power of ten before a root is sought between two of them.
const A_DECADE: i32 = 16;

impl EdgeOfChaos {
    /// For that variance of the biases; `None` where there is none, or the variance is negative or no number.
    ///
    /// Of several it is the one of the smallest second moment. Without biases it is the limit of small signals, if f(0) = 0.
    pub fn of(activation: &impl Activation, bias_variance: f64) -> Option<Self> {
        Self::of_function(&|q| activation.expectations(0.0, q), activation.value(0.0_f64), bias_variance)
    }

    /// Of a function of these expectations at mean 0, by variance, and of that value at 0.
    pub(crate) fn of_function(
        expected: &dyn Fn(f64) -> Expectations,
        at_zero: f64,
        bias_variance: f64,
    ) -> Option<Self> {
        if !(0.0..f64::INFINITY).contains(&bias_variance) {
            return None;
        }
        if bias_variance == 0.0 && at_zero == 0.0 {
            let limit = Self::at(SMALLEST, expected(SMALLEST))?;
            return Some(Self { bias_variance, fixed_point: 0.0, ..limit });
        }
        let found = root(|q| Self::at(q, expected(q)).map(|edge| edge.bias_variance - bias_variance))?;
        Self::at(found, expected(found)).map(|edge| Self { bias_variance, ..edge })
    }

    /// Where small deviations, too, keep their size: chi_parallel = chi_1 = 1; `None` where there is no such point.
    ///
    /// ```
    /// use evenkeel::{EdgeOfChaos, Gelu, Tanh};
    /// let gelu = EdgeOfChaos::marginal(&Gelu).expect("there is one");
    /// assert!((gelu.weight_variance - 1.983_058_257).abs() < 1e-9);
    /// assert!((gelu.bias_variance - 0.172_922_391).abs() < 1e-9);
    /// assert!(EdgeOfChaos::marginal(&Tanh).is_none());
    /// ```
    ///
    /// # Notes
    /// Roberts, Yaida and Hanin, "The Principles of Deep Learning Theory", 2022, section 5.3: for GELU and SiLU. Without biases every second
    /// moment of these grows away from 0.
    pub fn marginal(activation: &impl Activation) -> Option<Self> {
        Self::marginal_of(&|q| activation.expectations(0.0, q))
    }

    /// Of a function of these expectations at mean 0, by variance.
    pub(crate) fn marginal_of(expected: &dyn Fn(f64) -> Expectations) -> Option<Self> {
        let ratio = |q: f64| {
            let of = expected(q);
            Some(of.growth / of.slope_second - 1.0)
        };
        // Where f is homogeneous it is 1 everywhere, up to rounding: no point is marked out.
        if [0.01, 1.0, 100.0].iter().all(|&q| ratio(q).is_some_and(|ratio| ratio.abs() < 1e-9)) {
            return None;
        }
        let found = root(ratio)?;
        Self::at(found, expected(found)).filter(|edge| edge.bias_variance >= 0.0)
    }

    /// Whether the second moment comes back to the fixed point where it is a little off: |chi_parallel| below 1, or at the limit of small
    /// signals not above it.
    pub fn is_stable(&self) -> bool {
        let chi = self.chi_parallel.abs();
        chi < 1.0 || self.fixed_point == 0.0 && chi <= 1.0 + ROUNDING
    }

    /// The variances that keep both, chi_1 = 1 at the fixed point `q`; that of the biases may be negative.
    fn at(q: f64, of: Expectations) -> Option<Self> {
        let weight_variance = of.slope_second.recip();
        let edge = Self {
            weight_variance,
            bias_variance: q - weight_variance * of.second,
            fixed_point: q,
            chi_parallel: weight_variance * of.growth,
        };
        [edge.weight_variance, edge.bias_variance, edge.chi_parallel].iter().all(|x| x.is_finite()).then_some(edge)
    }
}

/// The smallest argument at which a function crosses 0, if it does between the smallest and the largest second moment.
fn root(f: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    let decades = (LARGEST / SMALLEST).log10() as i32;
    let grid = (0..=decades * A_DECADE).map(|step| SMALLEST * 10_f64.powf(f64::from(step) / f64::from(A_DECADE)));
    let mut before: Option<(f64, f64)> = None;
    for q in grid {
        let Some(value) = f(q) else { continue };
        if let Some((low, of_low)) = before
            && (of_low < 0.0) != (value < 0.0)
        {
            return Some(bisected(&f, (low, of_low), q));
        }
        before = Some((q, value));
    }
    None
}

/// Halves the interval, in which f has other signs at both ends, until there is no number between them.
fn bisected(f: impl Fn(f64) -> Option<f64>, (mut low, of_low): (f64, f64), mut high: f64) -> f64 {
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        match f(middle) {
            Some(value) if (value < 0.0) == (of_low < 0.0) => low = middle,
            _ => high = middle,
        }
    }
    low
}
