//! Norms of any order, right wherever their numbers are finite.

use super::norm::{BLOCK, Norm};
use super::simd::{Isa, Work, dispatch, padded};
use super::sum::Sum;
use super::threads::{PIECE, half, join};
use crate::Float;

/// (sum of |x|^p)^(1/p) for a `p` of at least 1; the largest |x| where p is infinite. Like [`norm`](super::norm) it is summed in f64, and
/// once more, scaled, where that overflows or comes near the subnormal numbers; and it is not finite where an entry is not.
pub(crate) fn norm_of_order<T: Float>(x: &[T], p: f64) -> Norm {
    if p.is_infinite() {
        return Norm::of_root(1.0, largest(x));
    }
    let plain = powers(x, p, 1.0).value();
    if plain.is_nan() || (plain.is_finite() && plain > f64::MIN_POSITIVE / f64::EPSILON) {
        return Norm::of_root(1.0, plain.powf(1.0 / p));
    }
    let largest = largest(x);
    if largest == 0.0 || !largest.is_finite() {
        return Norm::of_root(1.0, largest);
    }
    // Over the largest no power is above 1, whatever p is.
    Norm::of_root(largest, powers(x, p, largest).value().powf(1.0 / p))
}

/// The largest |x|; NaN where an entry is.
fn largest<T: Float>(x: &[T]) -> f64 {
    if x.len() <= PIECE {
        return dispatch(Largest(x));
    }
    let (left, right) = x.split_at(half(x.len()));
    let (left, right) = join(|| largest(left), || largest(right));
    larger(left, right)
}

/// The larger of two numbers, or the one that is NaN.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

struct Largest<'a, T>(&'a [T]);

impl<T: Float> Work for Largest<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self) -> f64 {
        let mut lanes = [0.0_f64; 16];
        for block in self.0.chunks(16) {
            for (lane, x) in lanes.iter_mut().zip(block) {
                *lane = larger(*lane, x.get().abs());
            }
        }
        lanes.into_iter().fold(0.0, larger)
    }
}

/// The sum of (|x| / scale)^p, piece by piece, in a tree that depends on the length alone.
fn powers<T: Float>(x: &[T], p: f64, scale: f64) -> Sum {
    if x.len() <= PIECE {
        return dispatch(Powers { x, p, scale });
    }
    let (left, right) = x.split_at(half(x.len()));
    let (left, right) = join(|| powers(left, p, scale), || powers(right, p, scale));
    left.merged(right)
}

struct Powers<'a, T> {
    x: &'a [T],
    p: f64,
    scale: f64,
}

impl<T: Float> Work for Powers<'_, T> {
    type Output = Sum;

    #[inline(always)]
    fn run<I: Isa>(self) -> Sum {
        let Self { x, p, scale } = self;
        // The orders that are asked for need no logarithm.
        if p == 1.0 {
            summed(x, |x| x / scale)
        } else if p == 2.0 {
            summed(x, |x| (x / scale) * (x / scale))
        } else {
            summed(x, |x| (x / scale).powf(p))
        }
    }
}

#[inline(always)]
fn summed<T: Float>(x: &[T], term: impl Fn(f64) -> f64) -> Sum {
    let mut sum = Sum::default();
    let mut add = |block: &[T; BLOCK]| {
        let mut terms = [[0.0; 8]; BLOCK / 8];
        for (terms, block) in terms.iter_mut().zip(block.as_chunks::<8>().0) {
            for (to, x) in terms.iter_mut().zip(block) {
                *to = term(x.get().abs());
            }
        }
        sum.add(terms);
    };
    let (blocks, rest) = x.as_chunks::<BLOCK>();
    blocks.iter().for_each(&mut add);
    if !rest.is_empty() {
        add(&padded(rest));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain reference: one loop over the entries divided by the largest.
    fn naive(x: &[f64], p: f64) -> f64 {
        let largest = x.iter().fold(0.0_f64, |l, x| l.max(x.abs()));
        if largest == 0.0 || p.is_infinite() {
            return largest;
        }
        largest * x.iter().map(|x| (x.abs() / largest).powf(p)).sum::<f64>().powf(1.0 / p)
    }

    proptest! {
        #[test]
        fn agrees_with_one_loop(
            x in proptest::collection::vec(-1.0_f64..1.0, 0..200), exponent in -300_i32..300, p in 1.0_f64..12.0,
        ) {
            let x: Vec<f64> = x.iter().map(|x| x * 10_f64.powi(exponent)).collect();
            for p in [p, 1.0, 2.0, f64::INFINITY] {
                let (fast, plain) = (norm_of_order(&x, p).value(), naive(&x, p));
                // Each of at most 200 terms is rounded a few times, a power to p units of its last place.
                prop_assert!((fast - plain).abs() <= 300.0 * f64::EPSILON * plain, "{fast} is not {plain} for {p}");
            }
        }
    }

    #[test]
    fn extremes_are_kept() {
        let close = |x: f64, y: f64| (x - y).abs() <= 8.0 * f64::EPSILON * y;
        assert!(close(norm_of_order(&[1e300_f64; 4], 3.0).value(), 1e300 * 4_f64.cbrt()));
        assert!(close(norm_of_order(&[1e-300_f64; 4], 3.0).value(), 1e-300 * 4_f64.cbrt()));
        assert_eq!(norm_of_order(&[f64::from_bits(1); 4], 1.0).value(), 4.0 * f64::from_bits(1));
        let beyond = norm_of_order(&[1.5e308_f64; 4], 1.0);
        assert!(beyond.is_finite() && beyond.value().is_infinite());
        assert_eq!(norm_of_order::<f32>(&[], 1.0).value(), 0.0);
        for largest in [1e-300, 0.7, 1.0, 3.0, 1e300] {
            assert!(close(norm_of_order(&[largest, -largest / 2.0], 2000.0).value(), largest), "{largest}");
        }
        assert_eq!(norm_of_order(&[-7.0_f32, 3.0], f64::INFINITY).value(), 7.0);
    }

    #[test]
    fn what_is_not_finite_shows() {
        for p in [1.0, 1.5, 3.0, f64::INFINITY] {
            for at in [0, 7, 99] {
                for bad in [f64::NAN, f64::INFINITY] {
                    let mut x = vec![1e200_f64; 100];
                    x[at] = bad;
                    assert!(!norm_of_order(&x, p).is_finite(), "{bad} at {at}, order {p}");
                }
            }
        }
    }
}
