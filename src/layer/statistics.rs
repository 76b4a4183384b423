//! Mean and variance, from sums that do not lose them.

use crate::Float;

/// Mean and variance of some numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statistics<T> {
    /// The mean is `high + low`: subtracted one after the other they leave the digits of a number that is near a large mean.
    pub(super) high: T,
    pub(super) low: T,
    /// The mean squared distance from the mean.
    pub(super) variance: f64,
}

impl<T: Float> Statistics<T> {
    /// Those of `count` numbers, of which `shift` is one, from the sum of the differences from it and that of their squares.
    ///
    /// Since the shift is one of the numbers, its squared distance from the mean is at most `count` times the variance: so what cancels below
    /// costs the variance at most some `count` roundings of f64, however large the mean is.
    #[inline(always)]
    pub(super) fn shifted(shift: T, [sum, squares]: [f64; 2], count: f64) -> Self {
        let difference = sum / count;
        let variance = squares / count - difference * difference;
        let high = T::of(shift.get() + difference);
        Self {
            high,
            low: T::of((shift.get() - high.get()) + difference),
            // Rounding may leave a variance of zero below it; a NaN stays one.
            variance: if variance < 0.0 { 0.0 } else { variance },
        }
    }
}

/// 1 / sqrt(variance + epsilon); NaN where the squares were beyond f64, so that an overflow shows and does not look like zeros.
#[inline(always)]
pub(super) fn inverse_deviation(variance: f64, epsilon: f64) -> f64 {
    if variance < f64::INFINITY { 1.0 / (variance + epsilon).sqrt() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_large_mean_takes_nothing(whole in prop::collection::vec(-1000_i64..1000, 1..60), exponent in 0_i32..50) {
            // Whole numbers about a mean that f64 holds exactly: sums are exact in i128.
            let mean = 2_f64.powi(exponent).round();
            let x: Vec<f64> = whole.iter().map(|&x| mean + x as f64).collect();
            let (sum, squares) = x.iter().map(|y| y - x[0]).fold((0.0, 0.0), |(s, q), d| (s + d, q + d * d));
            let count = x.len() as f64;
            let found = Statistics::shifted(x[0], [sum, squares], count);
            let (first, second): (i128, i128) =
                whole.iter().fold((0, 0), |(s, q), &x| (s + i128::from(x), q + i128::from(x * x)));
            let n = x.len() as i128;
            let exact = (n * second - first * first) as f64 / (count * count);
            // Two divisions, a square, a difference and the count's own, each rounded once, of what is at most `count` times the variance.
            prop_assert!((found.variance - exact).abs() <= 4.0 * (count + 1.0) * f64::EPSILON * exact, "{found:?}, not {exact}");
            let distance = first as f64 / count;
            let mean = (found.high - mean) + found.low;
            prop_assert!((mean - distance).abs() <= 4.0 * f64::EPSILON * 1000.0, "{mean}, not {distance}");
        }
    }
}
