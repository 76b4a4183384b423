//! The norm computed another way, and what clipped gradients must be by it.

use evenkeel::Float;
use proptest::prelude::*;

/// The norm as `mantissa * 2^exponent`, with a mantissa in [1/2, 1) or 0: no norm is beyond it.
#[derive(Clone, Copy)]
pub(crate) struct Wide {
    pub(crate) mantissa: f64,
    pub(crate) exponent: i32,
}

impl Wide {
    pub(crate) fn get(self) -> f64 {
        libm::ldexp(self.mantissa, self.exponent)
    }
}

/// The norm by another way than the crate's: squares and sum as unevaluated pairs of f64, the root corrected by one step of Newton.
/// Its relative error is half a unit of f64's epsilon.
pub(crate) fn norm<T: Float>(values: &[T]) -> Wide {
    let largest = values.iter().fold(0.0_f64, |largest, g| largest.max(g.get().abs()));
    let exponent = libm::frexp(largest).1;
    let (mut high, mut low) = (0.0_f64, 0.0_f64);
    for g in values {
        let g = libm::ldexp(g.get(), -exponent);
        let square = g * g;
        let sum = high + square;
        let part = sum - high;
        low += g.mul_add(g, -square) + ((high - (sum - part)) + (square - part));
        high = sum;
    }
    if high == 0.0 {
        return Wide { mantissa: 0.0, exponent: 0 };
    }
    let root = high.sqrt();
    let (mantissa, more) = libm::frexp(root + ((-root).mul_add(root, high) + low) / (2.0 * root));
    Wide { mantissa, exponent: exponent + more }
}

/// Checks gradients that a norm was to limit, against the reference.
///
/// Let u = eps / 2 of f64. In the crate's norm an entry's square passes 8 roundings (its own, three in a lane, three joining the
/// lanes, one at the end), which the root halves; with the root's own that makes 5u. The factor adds one and the product one,
/// the reference norm one: 8u = 4 eps. In f32 the factor and the product are rounded once each: eps of f32 at most, with all of the
/// above far below. An entry alone is compared with a quotient and a product of the reference's own: 10u = 5 eps.
pub(crate) fn limited<T: Float>(before: &[T], after: &[T], limit: f64, touched: bool) -> Result<(), TestCaseError> {
    let norm_before = norm(before);
    if !touched {
        let same = before.iter().zip(after).all(|(b, a)| b.get().to_bits() == a.get().to_bits());
        prop_assert!(same, "changed, though not touched");
        prop_assert!(norm_before.get() <= limit * (1.0 + 3.0 * f64::EPSILON), "{} was let pass", norm_before.get());
        return Ok(());
    }
    prop_assert!(norm_before.get() >= limit * (1.0 - 3.0 * f64::EPSILON), "touched, though at {}", norm_before.get());
    let (norm_after, eps) = (norm(after).get(), T::epsilon().get());
    prop_assert!((norm_after - limit).abs() <= 4.0 * eps * limit, "a norm of {norm_after:e}, not of {limit:e}");
    let (limit_mantissa, limit_exponent) = libm::frexp(limit);
    // Below the normal numbers precision is absolute. The worst is a share of the norm that is subnormal, times a limit that in
    // this case is below 4 sqrt(n).
    let smallest = if size_of::<T>() == 4 { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
    let rounding = smallest * (1.0 + 4.0 * (before.len() as f64).sqrt());
    for (b, a) in before.iter().zip(after) {
        let (mantissa, exponent) = libm::frexp(b.get());
        let share = mantissa * (limit_mantissa / norm_before.mantissa);
        let expected = libm::ldexp(share, exponent + limit_exponent - norm_before.exponent);
        let error = (a.get() - expected).abs();
        prop_assert!(error <= 5.0 * eps * expected.abs() + rounding, "{b} became {a}, not {expected:e}");
    }
    Ok(())
}

/// Whether a norm that the crate states is the reference's: 5u (see `limited`) and the reference's u, so 3 eps; both may be infinite.
pub(crate) fn states(stated: f64, reference: f64) -> bool {
    stated == reference || (stated - reference).abs() <= 3.0 * f64::EPSILON * reference + f64::from_bits(1)
}
