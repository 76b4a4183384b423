//! Mean, variance and size of many numbers.

use super::norm::BLOCK;
use super::simd::{Isa, Work, dispatch, padded};
use super::sum::Sum;
use crate::Float;

/// What is told of many numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// Not finite where a number is not, and only there.
    pub(crate) mean: f64,
    /// The mean square of the distances from the mean; infinite where a square is beyond `f64`.
    pub(crate) variance: f64,
    /// The largest absolute value, NaN left out.
    pub(crate) largest: f64,
}

/// Mean, variance and largest absolute value of some numbers, at least one.
///
/// In f64, summed as for a [norm](super::norm()), so that no error grows with their number: the mean is within 4 machine epsilons of `f64`
/// of the mean of the absolute values; the variance, taken around that mean, within 6 of itself, beside the square of the mean's error.
pub(crate) fn moments<T: Float>(x: &[T]) -> Moments {
    let (sum, largest) = dispatch(SumAndLargest(x));
    if !sum.is_finite() {
        return with_care(x);
    }
    let mean = sum / x.len() as f64;
    Moments { mean, variance: dispatch(SquaredDistances { x, mean }) / x.len() as f64, largest }
}

/// Where a number is not finite, or their sum is beyond `f64`: divided before they are added up. It is as slow as it is rare.
fn with_care<T: Float>(x: &[T]) -> Moments {
    let count = x.len() as f64;
    let mean = x.iter().map(|x| x.get() / count).sum::<f64>();
    let squares = x.iter().map(|x| (x.get() - mean).powi(2)).sum::<f64>();
    Moments { mean, variance: squares / count, largest: x.iter().fold(0.0, |largest, x| x.get().abs().max(largest)) }
}

struct SumAndLargest<'a, T>(&'a [T]);

impl<T: Float> Work for SumAndLargest<'_, T> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<I: Isa>(self) -> (f64, f64) {
        let (mut sum, mut largest) = (Sum::default(), [T::zero(); BLOCK]);
        let (blocks, rest) = self.0.as_chunks();
        for block in blocks {
            add_sizes(block, &mut sum, &mut largest);
        }
        if !rest.is_empty() {
            add_sizes(&padded(rest), &mut sum, &mut largest);
        }
        (sum.value(), largest.iter().fold(0.0, |largest, x| x.get().max(largest)))
    }
}

#[inline(always)]
fn add_sizes<T: Float>(block: &[T; BLOCK], sum: &mut Sum, largest: &mut [T; BLOCK]) {
    let mut terms = [0.0; BLOCK];
    for ((term, largest), &x) in terms.iter_mut().zip(largest).zip(block) {
        *term = x.get();
        // A NaN is larger than nothing.
        *largest = if *largest < x.abs() { x.abs() } else { *largest };
    }
    sum.add(in_eights(terms));
}

struct SquaredDistances<'a, T> {
    x: &'a [T],
    mean: f64,
}

impl<T: Float> Work for SquaredDistances<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self) -> f64 {
        let mut sum = Sum::default();
        let (blocks, rest) = self.x.as_chunks();
        for block in blocks {
            sum.add(in_eights(distances(block, self.mean)));
        }
        if !rest.is_empty() {
            let mut terms = distances(&padded(rest), self.mean);
            // What was padded is far from the mean.
            terms[rest.len()..].fill(0.0);
            sum.add(in_eights(terms));
        }
        sum.value()
    }
}

/// The squared distances of a block's numbers from the mean.
#[inline(always)]
fn distances<T: Float>(block: &[T; BLOCK], mean: f64) -> [f64; BLOCK] {
    let mut squares = [0.0; BLOCK];
    for (square, &x) in squares.iter_mut().zip(block) {
        *square = (x.get() - mean) * (x.get() - mean);
    }
    squares
}

#[inline(always)]
fn in_eights(terms: [f64; BLOCK]) -> [[f64; 8]; BLOCK / 8] {
    std::array::from_fn(|eight| std::array::from_fn(|lane| terms[8 * eight + lane]))
}

#[cfg(test)]
mod tests {
    use super::super::simd::Level;
    use super::*;
    use proptest::prelude::*;

    /// The plain reference: three loops over the numbers.
    fn naive<T: Float>(x: &[T]) -> Moments {
        let count = x.len() as f64;
        let mean = x.iter().map(|x| x.get() / count).sum::<f64>();
        let variance = x.iter().map(|x| (x.get() - mean).powi(2)).sum::<f64>() / count;
        Moments { mean, variance, largest: x.iter().fold(0.0_f64, |largest, x| largest.max(x.get().abs())) }
    }

    /// Checks some numbers in one type against the plain reference.
    fn agrees<T: Float>(x: &[f64]) -> Result<(), TestCaseError> {
        let x: Vec<T> = x.iter().map(|&x| T::of(x)).collect();
        let (fast, plain) = (moments(&x), naive(&x));
        prop_assert_eq!(fast.largest, plain.largest);
        let count = x.len() as f64;
        let size = x.iter().map(|x| x.get().abs() / count).sum::<f64>();
        // The reference divides each number, and adds them up one by one.
        let error = (count + 6.0) * f64::EPSILON * size;
        prop_assert!((fast.mean - plain.mean).abs() <= error, "{:?} is not {:?}", fast, plain);
        let limit = (count + 10.0) * f64::EPSILON * plain.variance + 2.0 * error * error;
        prop_assert!((fast.variance - plain.variance).abs() <= limit, "{:?} is not {:?}", fast, plain);
        Ok(())
    }

    proptest! {
        #[test]
        fn agrees_with_three_loops(
            x in proptest::collection::vec(-1.0_f64..1.0, 1..300),
            shift in -100.0_f64..100.0,
            exponent in -30_i32..30,
        ) {
            let x: Vec<f64> = x.iter().map(|x| (x + shift) * 10_f64.powi(exponent)).collect();
            agrees::<f64>(&x)?;
            agrees::<f32>(&x)?;
        }

        #[test]
        fn is_within_its_bounds_of_the_exact_moments(x in proptest::collection::vec(-(1_i64 << 30)..1 << 30, 1..2000)) {
            // Whole numbers, of which sums and squares are exact in 128 bits.
            let count = x.len() as i128;
            let sum: i128 = x.iter().map(|&x| i128::from(x)).sum();
            let squares: i128 = x.iter().map(|&x| i128::from(x) * i128::from(x)).sum();
            let size = x.iter().map(|&x| i128::from(x).abs()).sum::<i128>() as f64 / count as f64;
            let (mean, variance) = (sum as f64 / count as f64, (count * squares - sum * sum) as f64 / (count * count) as f64);
            let numbers: Vec<f64> = x.iter().map(|&x| x as f64).collect();
            let found = moments(&numbers);
            // Half an epsilon each for the three roundings of the exact value.
            let error = (4.0 + 1.5) * f64::EPSILON * size;
            prop_assert!((found.mean - mean).abs() <= error, "{} is not {}", found.mean, mean);
            let limit = (6.0 + 1.5) * f64::EPSILON * variance + error * error;
            prop_assert!((found.variance - variance).abs() <= limit, "{} is not {}", found.variance, variance);
        }

        #[test]
        fn every_instruction_set_gives_the_same_bits(x in proptest::collection::vec(-1.0_f32..1.0, 1..300)) {
            for level in Level::all() {
                prop_assert_eq!(level.run(SumAndLargest(&x)), Level::best().run(SumAndLargest(&x)));
                let distances = |level: Level| level.run(SquaredDistances { x: &x, mean: 0.25 });
                prop_assert_eq!(distances(level), distances(Level::best()));
            }
        }

        #[test]
        fn what_is_not_finite_shows_as_it_did(
            len in 1_usize..200,
            at in any::<prop::sample::Index>(),
            bad in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        ) {
            let mut x: Vec<f64> = (0..len).map(|at| at as f64 - 7.5).collect();
            x[at.index(len)] = bad;
            let (fast, plain) = (moments(&x), naive(&x));
            prop_assert!(!fast.mean.is_finite());
            let bits = |moments: Moments| [moments.mean, moments.variance, moments.largest].map(f64::to_bits);
            prop_assert!(bits(fast) == bits(plain) || (fast.mean.is_nan() && plain.mean.is_nan()));
            prop_assert_eq!(fast.largest, plain.largest);
            prop_assert_eq!(fast.variance.is_nan(), plain.variance.is_nan());
        }
    }

    #[test]
    fn sums_beyond_the_largest_number_have_a_mean() {
        for count in [2, 64, 1000] {
            let x = vec![1.5e308; count];
            let found = moments(&x);
            assert!((found.mean - 1.5e308).abs() <= count as f64 * f64::EPSILON * 1.5e308, "{found:?}");
            assert_eq!(found.largest, 1.5e308);
        }
        // A square beyond f64 is an infinite variance of a finite mean.
        let far = moments(&[1e200, -1e200]);
        assert_eq!(far, Moments { mean: 0.0, variance: f64::INFINITY, largest: 1e200 });
    }

    #[test]
    fn long_sums_do_not_drift() {
        // 2^25 ones: a running f32 sum sticks at 2^24.
        assert_eq!(moments(&vec![1.0_f32; 1 << 25]), Moments { mean: 1.0, variance: 0.0, largest: 1.0 });
    }
}
