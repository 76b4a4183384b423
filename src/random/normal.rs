//! Two normal numbers of two times 64 bits, without a branch or a table, so that a loop of it becomes vectors.

use super::uniform::{EXPONENT_AT, EXPONENT_BITS, between_0_and_1};

/// Two independent draws of N(0, 1) of independent random bits.
///
/// r = sqrt(-2 ln u) and (r cos t, r sin t), with u uniform in (0, 1) and t in (0, 2 pi).
///
/// Only `+`, `-`, `*`, `/` and `sqrt`, each of which IEEE 754 defines to the last bit, and no `mul_add`, which some processors have
/// and others do not: so the draws are the same everywhere. They are within 1e-13 of what the exact functions give. u is never below
/// 2^-53, so a draw is at most 8.57, which one of 10^17 would exceed; it is never 0.
///
/// # Notes
/// Box and Muller, "A note on the generation of random normal deviates", 1958. The quadrant of t comes from bits of its own, so that
/// sine and cosine are only needed between -pi/4 and pi/4.
#[inline(always)]
pub(super) fn two(radius_bits: u64, angle_bits: u64) -> [f64; 2] {
    let radius = minus_2_ln(between_0_and_1(radius_bits)).sqrt();

    // v: the angle in units of pi / 4, an odd multiple of 2^-51 between -1 and 1; so as many draws lie on either side of 0.
    let v = f64::from_bits(BETWEEN_2_AND_4 | angle_bits >> EXPONENT_BITS | 1) - 3.0;
    let square = v * v;
    let sine = v * polynomial(SINE, square);
    let cosine = polynomial(COSINE, square);

    // A right angle more or less exchanges the two, and the opposite direction changes the sign; bits that `v` has not seen decide.
    let sine = sine.to_bits();
    let cosine = cosine.to_bits() ^ angle_bits << 63;
    let exchanged = (sine ^ cosine) & (angle_bits >> 1 & 1).wrapping_neg();
    [radius * f64::from_bits(cosine ^ exchanged), radius * f64::from_bits(sine ^ exchanged)]
}

/// -2 ln x of a normal number x > 0.
///
/// x = 2^e m with m between sqrt(1/2) and sqrt(2), so that e = 0 around 1, where nothing may cancel; and with
/// s = (m - 1) / (m + 1), ln m = 2 artanh s, which is nearly linear.
#[inline(always)]
fn minus_2_ln(x: f64) -> f64 {
    // From here up, the exponent of the shifted bits counts from sqrt(1/2) to sqrt(2), not from 1 to 2.
    let shifted = x.to_bits().wrapping_add(ONE - ROOT_HALF);
    // The exponent as the low digits of 2^52: a conversion that every instruction set has.
    let exponent = f64::from_bits(TWO_TO_52.to_bits() | shifted >> EXPONENT_AT) - (TWO_TO_52 + 1023.0);
    let m = f64::from_bits((shifted & ((1 << EXPONENT_AT) - 1)).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    exponent * (-2.0 * std::f64::consts::LN_2) + s * polynomial(LOGARITHM, s * s)
}

/// By Horner's scheme, lowest coefficient first.
#[inline(always)]
fn polynomial(coefficients: [f64; 6], x: f64) -> f64 {
    let [a, b, c, d, e, f] = coefficients;
    a + x * (b + x * (c + x * (d + x * (e + x * f))))
}

const BETWEEN_2_AND_4: u64 = 2.0_f64.to_bits();
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
const ONE: u64 = 1.0_f64.to_bits();
const ROOT_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();

// The polynomials with the least largest relative error, by `tests/normal_coefficients.py`, which states those errors.

/// -2 ln((1 + s) / (1 - s)) / s, of s^2; relative error 2.7e-14.
const LOGARITHM: [f64; 6] = [
    -3.9999999999998934,
    -1.3333333335930293,
    -0.7999998974435755,
    -0.5714433603453741,
    -0.4434835439807388,
    -0.39218168501811074,
];

/// sin(v pi / 4) / v, of v^2; relative error 4.5e-15.
const SINE: [f64; 6] = [
    0.7853981633974447,
    -0.08074551218802996,
    0.0024903945672979507,
    -3.6576191927935e-05,
    3.133381884960998e-07,
    -1.7364289925267303e-09,
];

/// cos(v pi / 4), of v^2; relative error 6.6e-14.
const COSINE: [f64; 6] = [
    0.9999999999999344,
    -0.30842513752954714,
    0.01585434419321758,
    -0.0003259916767495606,
    3.5904632968345528e-06,
    -2.4263650947115173e-08,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The same of the exact functions, as near as `libm` has them.
    fn exact(radius_bits: u64, angle_bits: u64) -> [f64; 2] {
        let radius = (-2.0 * libm::log(between_0_and_1(radius_bits))).sqrt();
        let v = ((angle_bits >> 12 | 1) as f64 - 2_f64.powi(51)) / 2_f64.powi(51);
        let (sine, cosine) = libm::sincos(v * std::f64::consts::FRAC_PI_4);
        let cosine = if angle_bits & 1 == 0 { cosine } else { -cosine };
        if angle_bits & 2 == 0 { [radius * cosine, radius * sine] } else { [radius * sine, radius * cosine] }
    }

    #[test]
    fn as_the_exact_functions() {
        // The ends of both ranges, both sides of where the exponent changes, and whatever comes.
        let ends = (0..64).flat_map(|power| [1_u64 << power, (1 << power) - 1, u64::MAX - (1 << power)]);
        let root_half = (std::f64::consts::FRAC_1_SQRT_2 * 2_f64.powi(64)) as u64;
        let mut bits: Vec<u64> = ends.chain((0..40).map(|near| root_half - 20 * 4096 + near * 4096)).collect();
        let mut generator = crate::Generator::named(1, "bits");
        bits.extend((0..1000).map(|_| rand::Rng::next_u64(&mut generator)));
        for &radius_bits in &bits {
            for &angle_bits in &bits {
                for (found, exact) in two(radius_bits, angle_bits).into_iter().zip(exact(radius_bits, angle_bits)) {
                    let error = (found / exact - 1.0).abs();
                    assert!(error < 1e-13, "{radius_bits:x} {angle_bits:x}: {found:e} for {exact:e}");
                }
            }
        }
    }

    #[test]
    fn the_largest_and_the_smallest() {
        // Of a uniform number that may be 0, as in many a Box and Muller of one's own, one weight in so many is infinite.
        assert_eq!((-2.0 * 0.0_f32.ln()).sqrt(), f32::INFINITY);
        assert!((two(0, 1 << 63)[0] - 8.57).abs() < 0.01);
        let smallest = two(u64::MAX, 1 << 63)[1];
        assert!(smallest != 0.0 && smallest.abs() < 1e-23, "{smallest:e}");
    }
}
