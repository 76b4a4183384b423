//! `LossAtStart`: the loss of a network that has learned nothing yet, without evaluating it.

use crate::moments::{Moments, expectation};

/// What to expect of a loss, and of its derivative, where outputs are random: see [`Loss::at_start`](crate::Loss::at_start).
///
/// ```
/// use evenkeel::{Loss, Moments, SoftmaxCrossEntropy};
/// let small = Moments { mean: 0.0, second: 1e-8 };
/// let found = Loss::<f32>::at_start(&SoftmaxCrossEntropy::new(), small, 10, None).expect("it is known");
/// assert!((found.value - 10_f64.ln()).abs() < 1e-7);
/// assert!((found.slope_second - (1.0 - 0.1) / 10.0).abs() < 1e-7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LossAtStart {
    /// The expected loss.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub value: f64,
    /// The mean square of the derivative by one output, of a batch of a single row.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub slope_second: f64,
}

impl LossAtStart {
    /// Of a loss that is the mean over so many outputs: what is expected of one, and of the square of its derivative.
    pub(super) fn average(columns: usize, [value, square]: [f64; 2]) -> Self {
        Self { value, slope_second: square / (columns as f64).powi(2) }
    }
}

/// Numbers of mean 0 and variance 1, as targets are where they are standardized.
pub(super) const STANDARDIZED: Moments = Moments { mean: 0.0, second: 1.0 };

/// Of a term of the difference of output and target, which are independent: it has the variance of both, and is normal if they are.
pub(super) fn of_difference(
    out: Moments,
    target: Option<Moments>,
    kinks: &[f64],
    term: impl Fn(f64) -> [f64; 2],
) -> [f64; 2] {
    let target = target.unwrap_or(STANDARDIZED);
    normal_mean(out.mean - target.mean, out.variance() + target.variance(), kinks, term)
}

/// Of the squared difference, and the square of twice the difference: normal or not.
pub(super) fn of_square(out: Moments, target: Option<Moments>) -> [f64; 2] {
    let target = target.unwrap_or(STANDARDIZED);
    let square = (out.second - 2.0 * out.mean * target.mean + target.second).max(0.0);
    [square, 4.0 * square]
}

/// The means of some functions of a normal number.
pub(super) fn normal_mean<const N: usize>(
    mean: f64,
    variance: f64,
    kinks: &[f64],
    f: impl Fn(f64) -> [f64; N],
) -> [f64; N] {
    if variance > 0.0 { expectation(mean, variance.sqrt(), kinks, f) } else { f(mean) }
}

/// E\[ln sum exp(o)\] of so many independent o ~ N(0, variance), and E\[p^2\] of one of their softmax.
///
/// With L(x) = E\[exp(-exp(x + o))\], the Laplace transform of exp(o) at exp(x), and S the sum of all:
///
/// ```text
/// E[ln S] = int L(x) - L(x)^n dx          E[p^2] = int E[w^2 exp(-w)] L(x)^(n - 1) dx,   w = exp(x + o)
/// ```
///
/// since ln S is the integral of exp(-t) - exp(-t S) over t / dt, less the same of a single exp(o), whose logarithm has mean 0; and 1 / S^2
/// that of t exp(-t S). Both are smooth in x and fall off on both sides, where the trapezoidal rule is exact to rounding.
pub(super) fn softmax(variance: f64, count: usize) -> [f64; 2] {
    let (deviation, n) = (variance.max(0.0).sqrt(), count as f64);
    let step = (deviation / 4.0).max(0.25);
    let (low, high) = (-12.5 * deviation - 40.0, 12.5 * deviation + 5.0);
    let steps = ((high - low) / step).ceil();
    let (mut log, mut square) = (0.0, 0.0);
    for index in 0..=steps as u64 {
        let x = low + index as f64 * step;
        // exp(-exp(x + o)) turns from 1 to 0 within a few units around o = -x.
        let turn = [-40.0, -16.0, -8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0].map(|by| by - x);
        let kinks = if deviation > 1.0 { &turn[..] } else { &[] };
        let of = |o: f64| {
            let w = (x + o).exp();
            // Where w is beyond f64 there is nothing left of either.
            if w < 1e3 { [(-w).exp(), w * w * (-w).exp(), (-w).exp_m1()] } else { [0.0, 0.0, -1.0] }
        };
        let [transform, with_square, less_one] = normal_mean(0.0, variance, kinks, of);
        let others = (less_one.max(-1.0).ln_1p() * (n - 1.0)).exp();
        let others = if n == 1.0 { 1.0 } else { others };
        log += transform * (1.0 - others);
        square += with_square * others;
    }
    [step * log, step * square]
}
