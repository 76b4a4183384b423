//! `Normal`: the bell curve.

use super::{InitMoments, Initializer, check_size, squarable};
use crate::{Error, Float, Generator, Param};

/// Every entry drawn from the normal distribution N(mean, std^2), whatever the fans.
///
/// ```
/// use evenkeel::{Generator, Initializer, Normal, Param};
/// let mut weight = [0.0_f32; 6];
/// Normal::new(0.0, 0.01)?.fill(&Param::weight(3, 2), &mut weight, &mut Generator::named(1, "weight"))?;
/// assert!(weight.iter().all(|w| w.abs() < 0.1 && *w != 0.0));
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Drawn in `f64` and rounded, so that `f32` and `f64` networks of one seed start alike. Its variance does not shrink with the
/// fan-in, so a network of it vanishes or explodes with depth: prefer [`Xavier`](crate::Xavier) or [`He`](crate::He).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    mean: f64,
    std: f64,
}

impl Normal {
    /// With that mean and standard deviation; a deviation of 0 gives the constant `mean`.
    ///
    /// # Errors
    /// [`Error::Argument`] where `mean` is not finite, or `std` is neither 0 nor between 1e-140 and 1e140.
    pub fn new(mean: f64, std: f64) -> Result<Self, Error> {
        let mean = Error::finite("Normal", "mean", mean)?;
        Error::not_negative("Normal", "std", std)?;
        Ok(Self { mean, std: squarable("Normal", "std", std)? })
    }
}

impl<T: Float> Initializer<T> for Normal {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        rng.fill_normal(self.mean, self.std, out);
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        let kurtosis = (self.std > 0.0).then_some(3.0);
        Some(InitMoments { mean: self.mean, variance: self.std * self.std, kurtosis })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_sampler_would_accept() {
        for (mean, std, culprit) in [
            (f64::NAN, 1.0, "mean"),
            (f64::INFINITY, 1.0, "mean"),
            (0.0, -1.0, "std"),
            (0.0, f64::NAN, "std"),
            (0.0, f64::INFINITY, "std"),
            (0.0, 1e200, "std"),
            (0.0, 1e-200, "std"),
        ] {
            let refused = Normal::new(mean, std);
            assert!(matches!(refused, Err(Error::Argument { argument, .. }) if argument == culprit), "{refused:?}");
        }
    }

    #[test]
    fn f32_is_f64_rounded() {
        let normal = Normal::new(0.5, 2.0).unwrap();
        let (mut single, mut double) = ([0.0_f32; 64], [0.0_f64; 64]);
        normal.fill(&Param::bias(64), &mut single, &mut Generator::named(4, "x")).unwrap();
        normal.fill(&Param::bias(64), &mut double, &mut Generator::named(4, "x")).unwrap();
        assert!(single.iter().zip(double).all(|(&s, d)| s == d as f32));
    }
}
