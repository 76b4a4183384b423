//! A normal distribution cut at two standard deviations.

use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{Error, Float, Generator, InitMoments, Initializer, Param};

/// N(mean, std^2), drawn again where it falls more than two standard deviations from its mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Truncated {
    mean: f64,
    std: f64,
}

impl Truncated {
    pub(super) fn new(mean: f64, std: f64) -> Result<Self, Error> {
        let mean = Error::finite("truncated_normal", "mean", mean)?;
        Ok(Self { mean, std: Error::not_negative("truncated_normal", "std", std)? })
    }
}

impl<T: Float> Initializer<T> for Truncated {
    fn fill(&self, _: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        for weight in out {
            let mut draw: f64 = rng.sample(StandardNormal);
            while draw.abs() > 2.0 {
                draw = rng.sample(StandardNormal);
            }
            *weight = T::of(self.mean + self.std * draw);
        }
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        // Of the standard normal density, cut at 2: 1 - 2 * 2 phi(2) / (2 Phi(2) - 1).
        let share = 1.0 - 4.0 * (-2.0_f64).exp() / (std::f64::consts::TAU.sqrt() * libm::erf(std::f64::consts::SQRT_2));
        Some(InitMoments { mean: self.mean, variance: share * self.std * self.std, kurtosis: None })
    }
}
