//! `GradientSizes`: how large single entries of a gradient are, by powers of two.

use crate::{Float, NumberFormat};

/// The powers of two that are told apart: all of `f32`, its subnormal numbers included. What lies beyond counts as the last.
const LOWEST: i32 = -160;
const HIGHEST: i32 = 127;

/// How many entries of a gradient are looked at, evenly spaced: a share of 5 % of so many is known to 0.7 % (one standard deviation).
const MOST: usize = 1024;

/// How many entries of a gradient there are of each size, by powers of two.
///
/// ```
/// use evenkeel::{GradientSizes, NumberFormat};
/// let mut sizes = GradientSizes::default();
/// sizes.add(&[1e-3_f32, -1e-3, 2e-9, 0.0]);
/// // f16 has nothing between 0 and 2^-24 = 6e-8: one of the three numbers that are not 0 would be lost.
/// assert_eq!(sizes.lost_in(NumberFormat::F16, 0), 1.0 / 3.0);
/// // Multiplied by 2^5 = 32 it is kept.
/// assert_eq!(sizes.lost_in(NumberFormat::F16, 5), 0.0);
/// assert_eq!(sizes.loss_scale(NumberFormat::F16, 0.05), Some(5));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GradientSizes {
    /// From 2^-160 on; entries of the size of 2^p are those from 2^p to below 2^(p + 1).
    counts: Vec<u64>,
}

impl Default for GradientSizes {
    fn default() -> Self {
        Self { counts: vec![0; (HIGHEST - LOWEST + 1) as usize] }
    }
}

impl GradientSizes {
    /// Counts some entries, evenly spaced; of a small gradient all. Zeros, and what is not finite, are left out.
    pub fn add<T: Float>(&mut self, gradient: &[T]) {
        let stride = gradient.len().div_ceil(MOST).max(1);
        for entry in gradient.iter().step_by(stride).filter(|entry| entry.is_finite() && !entry.is_zero()) {
            let power = power_of_two(entry.get()).clamp(LOWEST, HIGHEST);
            self.counts[(power - LOWEST) as usize] += 1;
        }
    }

    /// How many entries were counted.
    pub fn len(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The share of the entries, those that are 0 left out, that a format has no digit for once they are multiplied by 2^`scale`: they
    /// are below its smallest subnormal number. 0 where there are none.
    pub fn lost_in(&self, format: NumberFormat, scale: i32) -> f64 {
        let kept_from = smallest_power(format).saturating_sub(scale).saturating_sub(LOWEST).max(0) as usize;
        let lost: u64 = self.counts.iter().take(kept_from).sum();
        if lost == 0 { 0.0 } else { lost as f64 / self.len() as f64 }
    }

    /// The smallest power of two, not below 2^0, that leaves at most this share lost in that format; `None` where the largest entry would
    /// then be beyond a quarter of the largest number of the format, which leaves room for gradients to grow by four.
    pub fn loss_scale(&self, format: NumberFormat, share: f64) -> Option<i32> {
        let needed = self.needed_scale(format, share);
        (needed <= self.largest_scale(format).max(0)).then_some(needed)
    }

    /// The smallest power of two that leaves at most this share lost, whatever it does to the largest entry.
    pub(super) fn needed_scale(&self, format: NumberFormat, share: f64) -> i32 {
        let all = (smallest_power(format) - LOWEST).max(0);
        (0..all).find(|&scale| self.lost_in(format, scale) <= share).unwrap_or(all)
    }

    /// The largest power of two that keeps the largest entry below a quarter of the largest number of a format.
    pub(super) fn largest_scale(&self, format: NumberFormat) -> i32 {
        let largest = self.counts.iter().rposition(|&count| count > 0).map_or(LOWEST, |at| at as i32 + LOWEST);
        power_of_two(format.largest()) - 2 - largest
    }

    /// With those of another gradient.
    pub(super) fn joined(mut self, other: &Self) -> Self {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
        self
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}

/// The largest power of two that is not above the size of a number that is not 0.
fn power_of_two(number: f64) -> i32 {
    // The exponent as it is stored; that of subnormal numbers is below all that are told apart.
    ((number.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// The power of two that is the smallest subnormal number of a format.
fn smallest_power(format: NumberFormat) -> i32 {
    match format {
        NumberFormat::F32 => -149,
        NumberFormat::Bf16 => -133,
        NumberFormat::F16 => -24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The plain reference: every entry is multiplied and compared.
        #[test]
        fn shares_are_those_of_counting(
            numbers in proptest::collection::vec((-140_i32..100, 1.0_f64..2.0, any::<bool>()), 1..50),
            scale in 0_i32..40,
        ) {
            let numbers: Vec<f64> =
                numbers.into_iter().map(|(power, x, sign)| if sign { x } else { -x } * 2_f64.powi(power)).collect();
            let mut sizes = GradientSizes::default();
            sizes.add(&numbers);
            for (format, smallest) in [(NumberFormat::F16, -24), (NumberFormat::Bf16, -133), (NumberFormat::F32, -149)] {
                let lost = numbers.iter().filter(|x| x.abs() * 2_f64.powi(scale) < 2_f64.powi(smallest)).count();
                prop_assert_eq!(sizes.lost_in(format, scale), lost as f64 / numbers.len() as f64);
                if let Some(scale) = sizes.loss_scale(format, 0.0) {
                    prop_assert!(numbers.iter().all(|x| x.abs() * 2_f64.powi(scale) >= 2_f64.powi(smallest)));
                    let fits = numbers.iter().all(|x| x.abs() * 2_f64.powi(scale) < format.largest());
                    prop_assert!(fits || scale == 0);
                }
            }
        }
    }

    #[test]
    fn what_is_no_size_is_left_out() {
        let mut sizes = GradientSizes::default();
        sizes.add(&[0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        assert!(sizes.is_empty());
        assert_eq!((sizes.lost_in(NumberFormat::F16, 0), sizes.loss_scale(NumberFormat::F16, 0.0)), (0.0, Some(0)));
    }
}
