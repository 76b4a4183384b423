//! How much the units of a layer are alike, as one number.

use super::symmetry::Strides;
use crate::Float;

/// How many units are compared, and how many weights of each, evenly spaced: 60,000 products a look at most.
const UNITS: usize = 16;
const WEIGHTS: usize = 512;

/// In fewer dimensions than this directions are alike by chance: the mean is above 0.4 for random ones in three.
const FEWEST_WEIGHTS: usize = 4;

/// The mean, over pairs of units, of the absolute cosine of the angle between their weights. Units whose weights are all zero are left
/// out; `None` where fewer than two are left, where they have too few weights to tell, or where one is not finite.
pub(super) fn mean_cosine<T: Float>(weights: &[T], units: usize, strides: Strides) -> Option<f64> {
    if strides.entries < FEWEST_WEIGHTS {
        return None;
    }
    let count = units.min(UNITS);
    let step = strides.entries.div_ceil(WEIGHTS);
    let product = |a: usize, b: usize| {
        let at = |unit: usize, entry: usize| weights[unit * strides.unit + entry * strides.entry].get();
        (0..strides.entries).step_by(step).map(|entry| at(a, entry) * at(b, entry)).sum::<f64>()
    };
    let (mut sum, mut pairs) = (0.0, 0.0);
    let mut squares = [0.0; UNITS];
    for one in 0..count {
        let unit = one * units / count;
        squares[one] = product(unit, unit);
        for other in (0..one).filter(|&other| squares[other] != 0.0 && squares[one] != 0.0) {
            sum += product(unit, other * units / count).abs() / (squares[one].sqrt() * squares[other].sqrt());
            pairs += 1.0;
        }
    }
    let mean = sum / pairs;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use rand::RngExt;

    #[test]
    fn agrees_with_the_mean_for_random_directions() {
        // Pairs of 16 directions in 64 dimensions: the mean of 120 values of mean 0.0997 and deviation 0.075, known to 0.0069. Five of
        // these deviations have a probability of 6e-7.
        let mut generator = Generator::named(1, "directions");
        let weights: Vec<f64> =
            (0..64 * 16).map(|_| (0..12).map(|_| generator.random_range(-0.5..0.5)).sum::<f64>()).collect();
        let found = mean_cosine(&weights, 16, Strides { unit: 1, entry: 16, entries: 64 }).unwrap();
        let expected = (2.0 / (std::f64::consts::PI * 64.0)).sqrt();
        assert!((found - expected).abs() < 5.0 * 0.0069, "{found} {expected}");
    }

    #[test]
    fn of_one_line_it_is_one_whatever_the_strides() {
        let by_unit: Vec<f32> = (0..20).flat_map(|unit| (1..=5).map(move |at| (at * (unit - 10)) as f32)).collect();
        let found = mean_cosine(&by_unit, 20, Strides { unit: 5, entry: 1, entries: 5 }).unwrap();
        assert!((found - 1.0).abs() < 1e-12);
        let by_entry: Vec<f32> = (1..=5).flat_map(|at| (0..20).map(move |unit| (at * (unit - 10)) as f32)).collect();
        assert_eq!(mean_cosine(&by_entry, 20, Strides { unit: 1, entry: 20, entries: 5 }), Some(found));
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        let strides = Strides { unit: 1, entry: 2, entries: 4 };
        assert_eq!(mean_cosine(&[0.0_f32; 8], 2, strides), None);
        assert_eq!(mean_cosine(&[f32::NAN; 8], 2, strides), None);
        assert_eq!(mean_cosine(&[1.0_f32; 4], 1, Strides { entry: 1, ..strides }), None);
        assert_eq!(mean_cosine(&[1.0_f32; 6], 2, Strides { entries: 3, ..strides }), None);
    }
}
