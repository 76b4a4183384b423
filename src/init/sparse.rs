//! `Sparse`: few inputs a unit.

use super::{Draws, InitMoments, Initializer, check_size, squarable};
use crate::{Error, Float, Generator, Param};

/// Weights of which each unit has only so many that are not zero, drawn from N(0, std^2), at places of its own.
///
/// ```text
/// mean = 0          variance = std^2 k / n          kurtosis = 3 n / k          (k of n weights a unit)
/// ```
///
/// ```
/// use evenkeel::{Generator, Initializer, Param, Sparse};
/// let mut weight = [0.0_f32; 100 * 10];
/// Sparse::new(15, 1.0)?.fill(&Param::weight(100, 10), &mut weight, &mut Generator::named(1, "weight"))?;
/// for unit in 0..10 {
///     assert_eq!((0..100).filter(|input| weight[10 * input + unit] != 0.0).count(), 15);
/// }
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Martens, "Deep learning via Hessian-free optimization", 2010, with 15 connections: so units differ more than if each saw a little of
/// everything, and their sums do not grow with the fan-in. A unit that has no more weights than that gets all of them. Sums of few products are
/// not normal, however wide the layer is: a forecast says their moments, and of a function behind fewer than 50 connections nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sparse {
    connections: usize,
    std: f64,
}

impl Sparse {
    /// So many connections a unit, of that standard deviation; a deviation of 0 gives zeros.
    ///
    /// # Errors
    /// [`Error::Argument`] for no connections, or where `std` is neither 0 nor between 1e-140 and 1e140.
    pub fn new(connections: usize, std: f64) -> Result<Self, Error> {
        let connections = Error::at_least_one("Sparse", "connections", connections)?;
        Error::not_negative("Sparse", "std", std)?;
        Ok(Self { connections, std: squarable("Sparse", "std", std)? })
    }
}

impl<T: Float> Initializer<T> for Sparse {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let Param { rows, cols, .. } = *param;
        // From one unit to the next, and from one weight of a unit to the next.
        let (units, weights, to_unit, to_weight) =
            if param.unit_axis == 0 { (rows, cols, cols, 1) } else { (cols, rows, 1, cols) };
        let count = self.connections.min(weights);
        let mut drawn = vec![T::zero(); count];
        out.fill(T::zero());
        let mut places: Vec<usize> = (0..weights).collect();
        for unit in 0..units {
            rng.fill_normal(0.0, self.std, &mut drawn);
            for (at, &number) in drawn.iter().enumerate() {
                // The first places of a shuffle, whatever order the last one left.
                places.swap(at, at + rng.below((weights - at) as u64) as usize);
                out[unit * to_unit + places[at] * to_weight] = number;
            }
        }
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let weights = if param.unit_axis == 0 { param.cols } else { param.rows };
        let share = self.connections.min(weights) as f64 / weights as f64;
        let variance = self.std * self.std * share;
        let kurtosis = (variance > 0.0).then_some(3.0 / share);
        (weights > 0).then_some(InitMoments { mean: 0.0, variance, kurtosis })
    }

    fn draws(&self, param: &Param) -> Draws {
        let weights = if param.unit_axis == 0 { param.cols } else { param.rows };
        let connections = self.connections;
        if connections < weights { Draws::Sparse { connections } } else { Draws::Independent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_makes_no_sense() {
        assert!(matches!(Sparse::new(0, 1.0), Err(Error::Argument { argument: "connections", .. })));
        for std in [-1.0, f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            assert!(matches!(Sparse::new(1, std), Err(Error::Argument { argument: "std", .. })));
        }
    }

    #[test]
    fn says_how_few_there_are() {
        let draws = |sparse: Sparse, inputs| Initializer::<f64>::draws(&sparse, &Param::weight(inputs, 10));
        let few = Sparse::new(15, 1.0).unwrap();
        assert_eq!(draws(few, 100), Draws::Sparse { connections: 15 });
        assert!(draws(few, 100).sums_few() && !draws(few, 100).fixes_norm());
        // All of them: as any others.
        assert_eq!(draws(few, 15), Draws::Independent);
        assert!(!draws(Sparse::new(50, 1.0).unwrap(), 100).sums_few());
    }

    #[test]
    fn every_unit_has_its_own_places_on_either_axis() {
        let (inputs, units) = (40, 30);
        let by_column = Param::weight(inputs, units);
        let by_row = Param { rows: units, cols: inputs, unit_axis: 0, ..by_column.clone() };
        for (connections, expected) in [(1, 1), (7, 7), (40, 40), (100, 40)] {
            for param in [&by_column, &by_row] {
                let mut out = vec![f64::NAN; inputs * units];
                let sparse = Sparse::new(connections, 1.0).unwrap();
                sparse.fill(param, &mut out, &mut Generator::named(1, "w")).unwrap();
                let at = |unit: usize, input: usize| {
                    if param.unit_axis == 0 { out[unit * inputs + input] } else { out[input * units + unit] }
                };
                let places = |unit: usize| (0..inputs).filter(|&input| at(unit, input) != 0.0).collect::<Vec<_>>();
                assert!((0..units).all(|unit| places(unit).len() == expected));
                // Seven of forty are the same twice with a probability of 5e-8.
                assert!(expected != 7 || places(0) != places(1));
            }
        }
    }

    #[test]
    fn every_place_is_as_likely() {
        // 20,000 units with 3 of 8 places: the chi-square of the counts, with 7 degrees of freedom and a variance that drawing without
        // replacement makes smaller, exceeds 41 with a probability below 1e-6.
        let (inputs, units) = (8, 20_000);
        let mut out = vec![0.0_f64; inputs * units];
        let sparse = Sparse::new(3, 1.0).unwrap();
        sparse.fill(&Param::weight(inputs, units), &mut out, &mut Generator::named(1, "w")).unwrap();
        let expected = 3.0 * units as f64 / inputs as f64;
        let counts = out.chunks_exact(units).map(|row| row.iter().filter(|w| **w != 0.0).count() as f64);
        let chi_square: f64 = counts.map(|count| (count - expected).powi(2) / expected).sum();
        assert!(chi_square < 41.0, "{chi_square}");
    }
}
