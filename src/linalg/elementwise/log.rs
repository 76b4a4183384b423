//! log(1 + m) for shares m, and log(x) for sums of at least 1.
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
        let [first, second] = <f64 as super::Elementary>::LN_2;
        let small = mul_add::<f64, FMA>(k, second, series::<f64, FMA>(2.0 * (m - 1.0) / (m + 1.0)));
        let log = mul_add::<f64, FMA>(k, first, small);
        if x < f64::INFINITY { log } else { x }
    }
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
}
