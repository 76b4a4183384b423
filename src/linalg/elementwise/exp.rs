//! exp(x), and exp(x) - 1 below zero.
//!
//! x = k log(2) + r with a whole number k and |r| <= log(2) / 2; then exp(x) = 2^k (1 + t) with t = exp(r) - 1, a polynomial.

use super::{Function, mul_add, polynomial};
use crate::Float;

/// exp(x): within 1.3 ulp, subnormal results included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exp;

impl<T: Float> Function<T> for Exp {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        exp::<T, FMA>(x)
    }
}

/// exp(x).
#[inline(always)]
pub(super) fn exp<T: Float, const FMA: bool>(x: T) -> T {
    // Adding -0 changes nothing at all, so that the compiler leaves it out.
    exp_of_sum::<T, FMA>(x, T::neg_zero())
}

/// exp(high + low), where `low` is small beside `high`: for exponents that are known to more digits than a number has.
#[inline(always)]
pub(super) fn exp_of_sum<T: Float, const FMA: bool>(high: T, low: T) -> T {
    let [lowest, highest] = T::EXP_RANGE;
    // Written this way round, a NaN passes.
    let high = if high < lowest { lowest } else { high };
    let high = if high > highest { highest } else { high };
    let (shifted, t) = reduced::<T, FMA>(high, low);
    // In two steps, since 2^k itself may be beyond the normal numbers; the first is exact, so a subnormal result is rounded once.
    let [first, second] = T::two_powers(shifted);
    (T::one() + t) * first * second
}

/// exp(x) - 1 for x <= 0, with full relative accuracy near zero.
#[inline(always)]
pub(super) fn exp_less_one<T: Float, const FMA: bool>(x: T) -> T {
    // Below this it is -1, rounded.
    let x = if x < T::LESS_ONE_LOWEST { T::LESS_ONE_LOWEST } else { x };
    let (shifted, t) = reduced::<T, FMA>(x, T::neg_zero());
    let power = T::one_power(shifted);
    mul_add::<T, FMA>(power, t, power - T::one())
}

/// The k of the exponent `high + low`, as the last bits of k + 1.5 * 2^(mantissa bits), and exp(r) - 1 of what is left.
#[inline(always)]
fn reduced<T: Float, const FMA: bool>(high: T, low: T) -> (T, T) {
    // Added to so large a number, a product is rounded to a whole one.
    let shifted = mul_add::<T, FMA>(high + low, T::of(std::f64::consts::LOG2_E), T::ROUNDER);
    let k = shifted - T::ROUNDER;
    // The first part of log(2) has so few bits that its products with k are exact.
    let [first, second] = T::LN_2;
    let r = mul_add::<T, FMA>(-k, first, high);
    let r = mul_add::<T, FMA>(-k, second, r) + low;
    (shifted, mul_add::<T, FMA>(r * r, polynomial::<T, FMA>(T::EXP, r), r))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has};
    use super::Exp;

    #[test]
    fn agrees_with_its_formula() {
        agrees(Exp, 1.0, 1.0, f64::exp);
        let inf = f64::INFINITY;
        has(Exp, &[(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e9, inf), (-1e9, 0.0)]);
    }
}
