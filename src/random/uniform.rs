//! A uniform number of 64 bits, without a conversion, so that a loop of it becomes vectors.

/// Where the exponent of an `f64` begins: it has so many bits below it.
pub(super) const EXPONENT_AT: u32 = f64::MANTISSA_DIGITS - 1;

/// How many bits of an `f64` are sign and exponent.
pub(super) const EXPONENT_BITS: u32 = u64::BITS - EXPONENT_AT;

/// A draw between 0 and 1, neither of which it ever is: an odd multiple of 2^-53, of 52 random bits.
///
/// As many lie above 1/2 as below, at the same distances. The bits become the fraction of a number between 1 and 2, since to convert
/// a `u64` is one instruction on some processors only; the difference is exact.
#[inline(always)]
pub(super) fn between_0_and_1(bits: u64) -> f64 {
    f64::from_bits(1.0_f64.to_bits() | bits >> EXPONENT_BITS) - (1.0 - f64::EPSILON / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_at_the_ends_and_between() {
        let unit = 2_f64.powi(-53);
        assert_eq!(between_0_and_1(0), unit);
        assert_eq!(between_0_and_1(u64::MAX), 1.0 - unit);
        assert_eq!(between_0_and_1(1 << 63), 0.5 + unit);
        assert_eq!(between_0_and_1(u64::MAX >> 1), 0.5 - unit);
    }
}
