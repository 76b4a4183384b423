//! The largest of some normal numbers.

use std::f64::consts::FRAC_1_SQRT_2;

use super::{Moments, expectation};
use crate::Pointwise;

/// How many places a function is asked for its slope at, and how many standard deviations from the mean they reach.
const PLACES: usize = 257;
const REACH: f64 = 8.0;

/// The moments of a largest value, and the mean square of the slope that the function has there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Largest {
    pub(crate) moments: Moments,
    pub(crate) slope: f64,
}

/// The moments of the largest of `count` normal numbers of these moments, each two of which have that correlation (at least 0); or of the largest
/// value of a function of them, which nowhere falls: that is its value at the largest. `None` for a function that falls somewhere.
///
/// The density of the largest of n independent ones is n phi(z) Phi(z)^(n - 1); correlated ones have a normal number in common.
pub(crate) fn largest(count: usize, x: Moments, correlation: f64, function: Option<&dyn Pointwise>) -> Option<Largest> {
    let (count, variance) = (count as f64, x.variance());
    let common = variance * correlation;
    let (deviation, rest) = (variance.sqrt(), (variance - common).max(0.0).sqrt());
    let weight = |z: f64| {
        let tail = libm::erfc(z.abs() * FRAC_1_SQRT_2) / 2.0;
        let log = if z > 0.0 { (-tail).ln_1p() } else { tail.ln() };
        (count.ln() + (count - 1.0) * log).exp()
    };
    let Some(function) = function else {
        let [first, second] = expectation(0.0, 1.0, &[], |z| [weight(z) * z, weight(z) * z * z]);
        let mean = x.mean + rest * first;
        let second = x.mean * (x.mean + 2.0 * rest * first) + common + rest * rest * second;
        return Some(Largest { moments: Moments { mean, second }, slope: 1.0 });
    };
    let rises = |place: usize| {
        let z = REACH * (2.0 * place as f64 / (PLACES - 1) as f64 - 1.0);
        function.value_and_slope(x.mean + deviation * z).1 >= 0.0
    };
    if !(0..PLACES).all(rises) {
        return None;
    }
    let [mean, second, slope] = if common == 0.0 {
        expectation(x.mean, deviation, function.breaks(), |at| {
            let (value, slope) = function.value_and_slope(at);
            let weight = if deviation > 0.0 { weight((at - x.mean) / deviation) } else { 1.0 };
            [weight * value, weight * value * value, weight * slope * slope]
        })
    } else {
        expectation(0.0, 1.0, &[], |z| {
            let of = function.expected(x.mean + rest * z, common);
            [weight(z) * of.mean, weight(z) * of.second, weight(z) * of.slope_second]
        })
    };
    Some(Largest { moments: Moments { mean, second }, slope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gelu, Relu, Tanh};

    const NORMAL: Moments = Moments { mean: 0.0, second: 1.0 };

    fn of_all(count: usize, x: Moments, correlation: f64, function: Option<&dyn Pointwise>) -> Moments {
        largest(count, x, correlation, function).unwrap().moments
    }

    /// By mpmath, to 30 digits; of two it is 1 / sqrt(pi), and the mean square of the largest of three is 1 + sqrt(3) / (2 pi).
    #[test]
    fn known_values() {
        let close = |found: f64, expected: f64| approx::assert_relative_eq!(found, expected, max_relative = 1e-12);
        let of = |count| of_all(count, NORMAL, 0.0, None);
        assert!(of(1).mean.abs() < 1e-14);
        close(of(1).second, 1.0);
        close(of(2).mean, std::f64::consts::PI.sqrt().recip());
        close(of(2).second, 1.0);
        close(of(3).mean, 1.5 / std::f64::consts::PI.sqrt());
        close(of(3).second, 1.0 + 3.0_f64.sqrt() / (2.0 * std::f64::consts::PI));
        close(of(4).mean, 1.029_375_373_003_964);
        close(of(4).second, 1.551_328_895_421_792);
        let relu = of_all(4, NORMAL, 0.0, Some(&Relu));
        close(relu.mean, 1.045_755_515_522);
        close(relu.second, 1.543_785_011_586);
        // That of ReLU is 1 unless all are below 0.
        close(largest(4, NORMAL, 0.0, Some(&Relu)).unwrap().slope, 1.0 - 1.0 / 16.0);
    }

    /// A number in common by hand, and in the limits of none and of all.
    #[test]
    fn correlated_numbers() {
        let x = Moments { mean: 0.3, second: 0.3 * 0.3 + 4.0 };
        let (none, half) = (of_all(9, x, 0.0, Some(&Tanh)), of_all(9, x, 0.5, Some(&Tanh)));
        let (barely, all) = (of_all(9, x, 1e-9, Some(&Tanh)), of_all(9, x, 1.0, Some(&Tanh)));
        let alone = Tanh.expected(0.3, 4.0);
        assert!((barely.mean - none.mean).abs() < 1e-8 && (all.mean - alone.mean).abs() < 1e-12);
        assert!(alone.mean < half.mean && half.mean < none.mean);
        let plain = of_all(9, x, 0.5, None);
        let nine = of_all(9, NORMAL, 0.0, None);
        let [mean, second] = [0.3 + 2.0_f64.sqrt() * nine.mean, 2.0 + 2.0 * (nine.second - nine.mean * nine.mean)];
        assert!((plain.mean - mean).abs() < 1e-12 && (plain.variance() - second).abs() < 1e-12);
        let same = of_all(9, x, 0.5, Some(&crate::Identity));
        assert!((same.mean - mean).abs() < 1e-12 && (same.variance() - second).abs() < 1e-11, "{same:?}");
    }

    #[test]
    fn a_function_that_falls_is_not_told() {
        assert_eq!(largest(4, NORMAL, 0.0, Some(&Gelu)), None);
        let still = Moments { mean: 2.0, second: 4.0 };
        approx::assert_relative_eq!(of_all(4, still, 0.0, Some(&Relu)).mean, 2.0, max_relative = 1e-13);
    }

    #[test]
    fn of_very_many() {
        // E max of n = 2^24 normal numbers, by asymptotics to some percent: sqrt(2 ln n) - (ln ln n + ln 4 pi) / (2 sqrt(2 ln n)) + gamma / sqrt(2 ln n).
        let found = of_all(1 << 24, NORMAL, 0.0, None);
        let root = (2.0 * f64::from(1 << 24).ln()).sqrt();
        let expected = root
            - (f64::from(1 << 24).ln().ln() + (4.0 * std::f64::consts::PI).ln() - 2.0 * 0.577_215_66) / (2.0 * root);
        assert!((found.mean / expected - 1.0).abs() < 0.01, "{} {expected}", found.mean);
        let [all] = expectation(0.0, 1.0, &[], |_| [1.0]);
        assert!((all - 1.0).abs() < 1e-13);
    }
}
