//! log(1 + m) for shares m, log(x) for sums of at least 1, and log(x).
//!
//! Both through log((1 + u) / (1 - u)) = 2 atanh(u), an odd power series.

use super::{Function, mul_add, polynomial};
use crate::Float;

/// log(1 + m) for m from 0 to 1, with full relative accuracy near zero.
#[inline(always)]
pub(crate) fn log_one_plus<T: Float, const FMA: bool>(m: T) -> T {
    // v = 2u with u = m / (2 + m), at most 2/3.
    series::<T, FMA>((m + m) / (T::of(2.0) + m))
}

/// 2 atanh(v / 2) for |v| <= 2/3.
#[inline(always)]
fn series<T: Float, const FMA: bool>(v: T) -> T {
    let square = v * v;
    mul_add::<T, FMA>(v * square, polynomial::<T, FMA>(T::LOG, square), v)
}

/// log(x) for x >= 1, of infinity and of NaN too: within 2 ulp.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogOfSum;

impl Function<f64> for LogOfSum {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: f64) -> f64 {
        // x = 2^k m with m from sqrt(1/2) to sqrt(2). Not below sqrt(1/2), x has no negative k, which would need a signed shift.
        let above = x.to_bits().wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()) >> 52;
        let m = f64::from_bits(x.to_bits().wrapping_sub(above << 52));
        let rounder = <f64 as super::Elementary>::ROUNDER;
        let k = f64::from_bits(rounder.to_bits() + above) - rounder;
        let log = log_of_parts::<FMA>(k, m);
        if x < f64::INFINITY { log } else { x }
    }
}

/// log(x) for any x: within 2 ulp. Subnormal numbers count as zero, whose logarithm is minus infinity; that of what is negative is NaN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

/// What is added to k, so that it is a whole number above zero for every normal x.
const BIAS: u64 = 1024;

impl Function<f64> for Log {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: f64) -> f64 {
        // As for sums, with a k that may be below zero.
        let above = x.to_bits().wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits()).wrapping_add(BIAS << 52) >> 52;
        let m = f64::from_bits(x.to_bits().wrapping_sub(above << 52).wrapping_add(BIAS << 52));
        let rounder = <f64 as super::Elementary>::ROUNDER;
        let k = f64::from_bits(rounder.to_bits() + above) - (rounder + BIAS as f64);
        let log = log_of_parts::<FMA>(k, m);
        let log = if x >= f64::MIN_POSITIVE { log } else { f64::NEG_INFINITY };
        let log = if x < 0.0 { f64::NAN } else { log };
        if x < f64::INFINITY { log } else { x }
    }
}

/// log(2^k m).
#[inline(always)]
fn log_of_parts<const FMA: bool>(k: f64, m: f64) -> f64 {
    let [first, second] = <f64 as super::Elementary>::LN_2;
    let small = mul_add::<f64, FMA>(k, second, series::<f64, FMA>(2.0 * (m - 1.0) / (m + 1.0)));
    mul_add::<f64, FMA>(k, first, small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_its_formula() {
        let sums = (0..100_000).map(|i| 1.0 + f64::from(i) * 1e-4).chain((0..1024).map(|k| 1.9 * 2_f64.powi(k)));
        for x in sums.chain([1.0, 1.0 + f64::EPSILON, 2.0, f64::MAX]) {
            for log in [LogOfSum.at::<false>(x), LogOfSum.at::<true>(x)] {
                assert!((log - x.ln()).abs() <= 2.5 * f64::EPSILON * x.ln(), "log {x} = {log}, not {}", x.ln());
            }
        }
        assert_eq!((LogOfSum.at::<true>(1.0), LogOfSum.at::<true>(f64::INFINITY)), (0.0, f64::INFINITY));
        assert!(LogOfSum.at::<true>(f64::NAN).is_nan());
    }

    #[test]
    fn has_a_logarithm_for_every_number() {
        let sizes = (-1022..1024).flat_map(|k| [1.0, 1.2, 1.414, 1.415, 1.9].map(|m| m * 2_f64.powi(k)));
        let near_one = (1..100_000).map(|i| f64::from(i) * 2e-5).chain((1..50).map(|k| 1.0 - 2_f64.powi(-k)));
        for x in sizes.chain(near_one).chain([f64::MIN_POSITIVE, f64::MAX, 1e-7, 1.0 - 1e-7]) {
            for log in [Log.at::<false>(x), Log.at::<true>(x)] {
                let limit = 2.5 * f64::EPSILON * x.ln().abs();
                assert!((log - x.ln()).abs() <= limit, "log {x} = {log}, not {}", x.ln());
            }
        }
        assert_eq!(
            [1.0, 0.0, -0.0, 5e-324].map(|x| Log.at::<true>(x)),
            [0.0, -f64::INFINITY, -f64::INFINITY, -f64::INFINITY]
        );
        assert_eq!(Log.at::<true>(f64::INFINITY), f64::INFINITY);
        assert!([f64::NAN, -1.0, -5e-324, f64::NEG_INFINITY].iter().all(|&x| Log.at::<true>(x).is_nan()));
    }
}
