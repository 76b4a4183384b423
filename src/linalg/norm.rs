//! The Euclidean norm, right wherever its numbers are finite.

use super::simd::{Isa, Work, dispatch, padded};
use super::sum::{Compensated, Sum};
use super::threads::{PIECE, half, join};
use crate::Float;

/// A Euclidean norm, as `scale * sqrt(square)`: finite numbers never overflow it, and tiny ones never vanish from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Norm {
    /// A power of two that the numbers were divided by; 1 unless their squares would overflow or underflow.
    pub(crate) scale: f64,
    /// The sum of the squares of the numbers divided by `scale`.
    square: f64,
}

impl Norm {
    pub(crate) const ZERO: Self = Self { scale: 1.0, square: 0.0 };

    /// The norm that is that number, which is positive and finite.
    pub(crate) fn of(value: f64) -> Self {
        Self { scale: value, square: 1.0 }
    }

    /// The norm of numbers that, divided by `scale`, have the norm `root`; `scale` is 1 unless `root` is near 1.
    pub(super) fn of_root(scale: f64, root: f64) -> Self {
        if root == 0.0 || !root.is_finite() {
            Self { scale: 1.0, square: root }
        } else if scale == 1.0 {
            Self::of(root)
        } else {
            Self { scale, square: root * root }
        }
    }

    /// The norm of the numbers divided by `scale`.
    pub(crate) fn root(self) -> f64 {
        self.square.sqrt()
    }

    /// Whether all numbers were finite.
    pub(crate) fn is_finite(self) -> bool {
        self.square.is_finite()
    }

    /// The norm as one number: infinite where it is beyond `f64` (entries near 1e308), NaN or infinite where the entries are.
    pub(crate) fn value(self) -> f64 {
        self.scale * self.root()
    }

    /// The norm of vectors laid end to end.
    pub(crate) fn joined(parts: impl Iterator<Item = Self> + Clone) -> Self {
        let scale = parts.clone().map(|part| if part.square == 0.0 { 0.0 } else { part.scale }).fold(0.0, f64::max);
        if scale == 0.0 {
            // Zeros alone, or none; but no NaN, which is not equal to zero.
            return Self::ZERO;
        }
        // Squares that are finite each may be beyond f64 together.
        let large = |part: Self| part.scale == scale && part.square > 1e300 && part.square.is_finite();
        let scale = if parts.clone().any(large) { scale * 60_f64.exp2() } else { scale };
        let mut sum = Compensated::default();
        for Self { scale: own, square } in parts.filter(|part| part.square != 0.0) {
            let ratio = own / scale;
            sum.add(if ratio == 1.0 { square } else { square * ratio * ratio });
        }
        Self { scale, square: sum.value() }
    }
}

/// sqrt(sum of x^2), within 2.5 machine epsilons of `f64` for any number of entries.
///
/// Squares are summed in f64, in blocks of 64 by pairs and then block by block with the rounding error carried along, so that the error
/// does not grow with the length. Only where that overflows or comes near the subnormal numbers (f64 beyond 1e+-150) the entries are scaled
/// by a power of two and summed again. A NaN or an infinity among the entries gives a norm that is not finite.
pub(crate) fn norm<T: Float>(x: &[T]) -> Norm {
    squares(x).norm(x)
}

/// Piece by piece, in a tree that depends on the length alone.
fn squares<T: Float>(x: &[T]) -> Squares {
    if x.len() <= PIECE {
        return dispatch(SumOfSquares(x));
    }
    let (left, right) = x.split_at(half(x.len()));
    let (left, right) = join(|| squares(left), || squares(right));
    left.merged(right)
}

struct SumOfSquares<'a, T>(&'a [T]);

impl<T: Float> Work for SumOfSquares<'_, T> {
    type Output = Squares;

    #[inline(always)]
    fn run<I: Isa>(self) -> Squares {
        let mut squares = Squares::default();
        let (blocks, rest) = self.0.as_chunks::<BLOCK>();
        for block in blocks {
            squares.add(block);
        }
        if !rest.is_empty() {
            squares.add(&padded(rest));
        }
        squares
    }
}

/// How many squares are summed at once.
pub(crate) const BLOCK: usize = 64;

/// The sum of the squares of numbers that come block by block: what a pass over memory that has them anyway can carry along.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Squares(Sum);

impl Squares {
    /// Adds the squares of a block.
    #[inline(always)]
    pub(crate) fn add<T: Float>(&mut self, block: &[T; BLOCK]) {
        let mut squares = [[0.0; 8]; BLOCK / 8];
        for (squares, block) in squares.iter_mut().zip(block.as_chunks::<8>().0) {
            for (square, x) in squares.iter_mut().zip(block) {
                *square = x.get() * x.get();
            }
        }
        self.0.add(squares);
    }

    /// The sum over what both have seen.
    pub(crate) fn merged(self, other: Self) -> Self {
        Self(self.0.merged(other.0))
    }

    /// The sum; not finite where a number was not, or where it is beyond `f64`.
    pub(crate) fn sum(&self) -> f64 {
        self.0.value()
    }

    /// The norm, given the numbers once more should their squares be beyond `f64`.
    fn norm<T: Float>(&self, x: &[T]) -> Norm {
        let plain = self.sum();
        if plain.is_nan() || (plain.is_finite() && plain > f64::MIN_POSITIVE / f64::EPSILON) {
            return Norm { scale: 1.0, square: plain };
        }
        let largest = x.iter().fold(0.0_f64, |largest, &x| largest.max(x.get().abs()));
        if largest == 0.0 || largest.is_infinite() {
            return Norm { scale: 1.0, square: largest };
        }
        // The power of two below the largest entry, so that dividing is exact; kept away from both ends of the range.
        let scale = largest.log2().floor().clamp(-1000.0, 1000.0).exp2();
        let mut sum = Compensated::default();
        x.iter().for_each(|x| sum.add((x.get() / scale).powi(2)));
        Norm { scale, square: sum.value() }
    }
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
        assert!(beyond.is_finite() && beyond.scale.is_finite() && beyond.value().is_infinite());
        assert_eq!((norm::<f64>(&[]), norm(&[0.0_f64; 9])), (Norm::ZERO, Norm::ZERO));
    }

    #[test]
    fn what_is_not_finite_shows() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for at in [0, 7, 40] {
                let mut x = vec![1e200_f64; 41];
                x[at] = bad;
                assert!(!norm(&x).is_finite());
                assert_eq!(first_non_finite(&x), Some(at));
            }
        }
        assert_eq!(first_non_finite(&[1.0_f32, f32::MAX]), None);
    }

    #[test]
    fn joined_as_laid_end_to_end() {
        let (a, b) = ([1e300_f64, 2e300], [3e-300_f64, 4.0]);
        let joined = |parts: &[Norm]| Norm::joined(parts.iter().copied()).value();
        assert_eq!(joined(&[norm(&a), norm(&b)]), norm(&a).value());
        assert_eq!(joined(&[norm(&[3.0_f64]), Norm::ZERO, norm(&[4.0_f64])]), 5.0);
        // The tiny numbers are rounded themselves, and so are the two roundings of each norm.
        let tiny = joined(&[norm(&[3e-300_f64]), norm(&[0.0_f64]), norm(&[4e-300_f64])]);
        assert!((tiny - 5e-300).abs() <= 4.0 * f64::EPSILON * 5e-300);
        assert_eq!((joined(&[]), joined(&[Norm::ZERO])), (0.0, 0.0));
        // Each square is below 1.8e308, their sum is not.
        let large = joined(&[norm(&[1.25e154_f64]), norm(&[1.25e154_f64])]);
        assert!((large - norm(&[1.25e154_f64; 2]).value()).abs() <= 4.0 * f64::EPSILON * large);
        assert!(joined(&[norm(&[f64::NAN]), Norm::of(1.0)]).is_nan());
        assert_eq!(joined(&[Norm::of(1e300), norm(&[f64::INFINITY])]), f64::INFINITY);
    }
}
