//! `Uniform`: equally likely anywhere between two bounds.

use super::{InitMoments, Initializer, check_size, squarable};
use crate::{Error, Float, Generator, Param};

/// Every entry drawn uniformly between `low` and `high`, whatever the fans.
///
/// mean = (low + high) / 2, variance = (high - low)^2 / 12, kurtosis = 9/5.
///
/// ```
/// use evenkeel::{Generator, Initializer, Param, Uniform};
/// let mut weight = [0.0_f32; 6];
/// Uniform::new(-0.05, 0.05)?.fill(&Param::weight(3, 2), &mut weight, &mut Generator::named(1, "weight"))?;
/// assert!(weight.iter().all(|w| w.abs() <= 0.05));
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Drawn in `f64` and rounded, so that `f32` and `f64` networks of one seed start alike. Its variance does not shrink with the
/// fan-in, so a network of it vanishes or explodes with depth: prefer [`Xavier`](crate::Xavier) or [`He`](crate::He).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// Between `low` and `high`; equal bounds give that constant.
    ///
    /// # Errors
    /// [`Error::Argument`] where a bound is not finite, `high` is below `low`, or their difference is neither 0 nor between 1e-140
    /// and 1e140.
    pub fn new(low: f64, high: f64) -> Result<Self, Error> {
        Error::finite("Uniform", "low", low)?;
        let fine = high.is_finite() && high >= low && squarable("Uniform", "high", high - low).is_ok();
        let must = "finite, not below `low`, and equal to it or at a distance between 1e-140 and 1e140, whose square f64 holds";
        Error::require(fine, "Uniform", "high", high, must)?;
        Ok(Self { low, high })
    }
}

impl<T: Float> Initializer<T> for Uniform {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        rng.fill_uniform(self.low, self.high - self.low, out);
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        let width = self.high - self.low;
        let kurtosis = (width > 0.0).then_some(1.8);
        Some(InitMoments { mean: self.low + width / 2.0, variance: width * width / 12.0, kurtosis })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_bounds_that_make_no_sense() {
        for (low, high, culprit) in [
            (f64::NAN, 1.0, "low"),
            (0.0, f64::INFINITY, "high"),
            (0.0, f64::NAN, "high"),
            (1.0, 0.5, "high"),
            (f64::MIN, f64::MAX, "high"),
            (-1e200, 1e200, "high"),
            (0.0, 1e-200, "high"),
        ] {
            let refused = Uniform::new(low, high);
            assert!(matches!(refused, Err(Error::Argument { argument, .. }) if argument == culprit), "{refused:?}");
        }
    }

    #[test]
    fn equal_bounds_are_a_constant() {
        let mut out = [0.0_f32; 4];
        Uniform::new(0.5, 0.5).unwrap().fill(&Param::bias(4), &mut out, &mut Generator::named(1, "x")).unwrap();
        assert_eq!(out, [0.5; 4]);
    }
}
