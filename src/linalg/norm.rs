//! The Euclidean norm, right wherever its numbers are finite.

use crate::Float;

/// A Euclidean norm, as `scale * root`: finite numbers never overflow it, and tiny ones never vanish from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Norm {
    /// A power of two that the numbers were divided by; 1 unless their squares would overflow or underflow.
    pub(crate) scale: f64,
    /// The norm of the numbers divided by `scale`.
    pub(crate) root: f64,
}

impl Norm {
    pub(crate) const ZERO: Self = Self { scale: 1.0, root: 0.0 };

    /// The norm as one number: infinite where it is beyond `f64` (entries near 1e308), NaN or infinite where the entries are.
    pub(crate) fn value(self) -> f64 {
        self.scale * self.root
    }

    /// The norm of two vectors laid end to end.
    pub(crate) fn join(self, other: Self) -> Self {
        let (small, large) = if self.scale <= other.scale { (self, other) } else { (other, self) };
        Self { scale: large.scale, root: (large.root).hypot(small.root * (small.scale / large.scale)) }
    }
}

/// sqrt(sum of x^2), within 2.5 machine epsilons of `f64` for any number of entries.
///
/// Squares are summed in f64: first in eight lanes over blocks of 32, then block by block with the rounding error carried along
/// (Neumaier), so that the error does not grow with the length. Only where that overflows or comes near the subnormal
/// numbers (f64 beyond 1e+-150) the entries are scaled by a power of two and summed again. A NaN or an infinity among the entries
/// gives a `root` that is not finite.
pub(crate) fn norm<T: Float>(x: &[T]) -> Norm {
    let plain = sum_of_squares(x, 1.0);
    if plain.is_nan() || (plain.is_finite() && plain > f64::MIN_POSITIVE / f64::EPSILON) {
        return Norm { scale: 1.0, root: plain.sqrt() };
    }
    let largest = x.iter().fold(0.0_f64, |largest, &x| largest.max(x.get().abs()));
    if largest == 0.0 || largest.is_infinite() {
        return Norm { scale: 1.0, root: largest };
    }
    // The power of two below the largest entry, so that dividing is exact; two thirds keep 1 / scale finite.
    let scale = largest.log2().floor().clamp(-1000.0, 1000.0).exp2();
    Norm { scale, root: sum_of_squares(x, 1.0 / scale).sqrt() }
}

fn sum_of_squares<T: Float>(x: &[T], factor: f64) -> f64 {
    let (blocks, rest) = x.as_chunks::<32>();
    let (mut sum, mut error) = (0.0_f64, 0.0_f64);
    let mut carry = |block: f64| {
        let next = sum + block;
        error += if sum >= block { (sum - next) + block } else { (block - next) + sum };
        sum = next;
    };
    for block in blocks {
        carry(eight_lanes(block, factor));
    }
    carry(eight_lanes(rest, factor));
    // An infinite sum leaves infinity - infinity in `error`.
    if sum.is_finite() { sum + error } else { sum }
}

#[inline(always)]
fn eight_lanes<T: Float>(x: &[T], factor: f64) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (chunks, rest) = x.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            let x = x.get() * factor;
            *lane += x * x;
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        let x = x.get() * factor;
        *lane += x * x;
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// The index of the first entry that is NaN or infinite.
pub(crate) fn first_non_finite<T: Float>(x: &[T]) -> Option<usize> {
    x.iter().position(|x| !x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reference: one loop over the entries divided by the largest.
    fn naive(x: &[f64]) -> f64 {
        let largest = x.iter().fold(0.0_f64, |l, x| l.max(x.abs()));
        if largest == 0.0 { 0.0 } else { largest * x.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt() }
    }

    proptest! {
        #[test]
        fn agrees_with_one_loop(x in proptest::collection::vec(-1.0_f64..1.0, 0..200), exponent in -300_i32..300) {
            let x: Vec<f64> = x.iter().map(|x| x * 10_f64.powi(exponent)).collect();
            let (fast, plain) = (norm(&x).value(), naive(&x));
            prop_assert!((fast - plain).abs() <= 200.0 * f64::EPSILON * plain, "{fast} is not {plain}");
        }
    }

    proptest! {
        #[test]
        fn is_within_its_bound_of_the_exact_norm(x in proptest::collection::vec(-(1_i64 << 40)..1 << 40, 1..2000)) {
            // Whole numbers, whose squares add up exactly in 128 bits; the root of that sum is exact to two roundings, one epsilon.
            let exact = (x.iter().map(|&x| (i128::from(x) * i128::from(x)) as u128).sum::<u128>() as f64).sqrt();
            let norm = norm(&x.iter().map(|&x| x as f64).collect::<Vec<_>>()).value();
            prop_assert!((norm - exact).abs() <= 3.5 * f64::EPSILON * exact, "{norm} is not {exact}");
        }
    }

    #[test]
    fn long_sums_do_not_drift() {
        // 2^25 ones: a running f32 sum sticks at 2^24, and the norm would be 29 % off.
        assert_eq!(norm(&vec![1.0_f32; 1 << 25]).value(), f64::from(1 << 25).sqrt());
        let x = vec![0.1_f64; 1_000_003];
        let exact = 0.1 * 1_000_003_f64.sqrt();
        assert!((norm(&x).value() - exact).abs() <= 2.0 * f64::EPSILON * exact);
    }

    #[test]
    fn extremes_are_kept() {
        assert_eq!(norm(&[3e38_f32; 4]).value(), 2.0 * f64::from(3e38_f32));
        assert_eq!(norm(&[1e-45_f32; 4]).value(), 2.0 * f64::from(1e-45_f32));
        let close = |x: f64, y: f64| (x - y).abs() <= 4.0 * f64::EPSILON * y;
        assert!(close(norm(&[1e300_f64; 4]).value(), 2e300));
        assert!(close(norm(&[1e-300_f64; 4]).value(), 2e-300));
        assert_eq!(norm(&[f64::from_bits(1); 4]).value(), 2.0 * f64::from_bits(1));
        let beyond = norm(&[1.5e308_f64; 4]);
        assert!(beyond.root.is_finite() && beyond.scale.is_finite() && beyond.value().is_infinite());
        assert_eq!((norm::<f64>(&[]), norm(&[0.0_f64; 9])), (Norm::ZERO, Norm::ZERO));
    }

    #[test]
    fn what_is_not_finite_shows() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for at in [0, 7, 40] {
                let mut x = vec![1e200_f64; 41];
                x[at] = bad;
                assert!(!norm(&x).root.is_finite());
                assert_eq!(first_non_finite(&x), Some(at));
            }
        }
        assert_eq!(first_non_finite(&[1.0_f32, f32::MAX]), None);
    }

    #[test]
    fn joined_as_laid_end_to_end() {
        let (a, b) = ([1e300_f64, 2e300], [3e-300_f64, 4.0]);
        assert_eq!(norm(&a).join(norm(&b)).value(), norm(&a).value());
        assert_eq!(norm(&[3.0_f64]).join(norm(&[4.0_f64])).value(), 5.0);
    }
}
