//! `Siren`: weights in front of a sine.

use super::{InitMoments, Initializer, check_size};
use crate::{Error, Float, Generator, Param};

/// Weights of layers with the activation sin(omega x), uniform between -a and a, as SIREN asks for.
///
/// ```text
/// a = 1 / n_in  (first layer)          a = sqrt(6 / n_in) / omega  (every other)
/// ```
///
/// ```
/// use evenkeel::{Initializer, Param, Siren};
/// let hidden = Initializer::<f32>::moments(&Siren::hidden(30.0)?, &Param::weight(256, 256)).unwrap();
/// assert!((hidden.variance * 256.0 * 30.0 * 30.0 - 2.0).abs() < 1e-12);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// So that what goes into a sine has mean 0 and variance 1 in every layer but the first, which spans many periods: Sitzmann and others,
/// "Implicit neural representations with periodic activation functions", 2020. They take omega = 30. The omega of a layer is that of the
/// sine behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Siren {
    /// `None` in the first layer, where it does not matter.
    omega: Option<f64>,
}

impl Siren {
    /// Of the first layer.
    pub fn first() -> Self {
        Self { omega: None }
    }

    /// Of any layer behind the first.
    ///
    /// # Errors
    /// [`Error::Argument`] where `omega` is not between 1e-130 and 1e130, within which f64 holds the square of the bound for any fan-in.
    pub fn hidden(omega: f64) -> Result<Self, Error> {
        let fine = (1e-130..=1e130).contains(&omega);
        Error::require(fine, "Siren", "omega", omega, "between 1e-130 and 1e130")
            .map(|omega| Self { omega: Some(omega) })
    }

    fn bound(&self, param: &Param) -> Result<f64, Error> {
        let fan_in = param.fans.fan_in as f64;
        Error::require(fan_in > 0.0, "Siren", "fan_in", fan_in, "above 0")?;
        Ok(self.omega.map_or(1.0 / fan_in, |omega| (6.0 / fan_in).sqrt() / omega))
    }
}

impl<T: Float> Initializer<T> for Siren {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let bound = self.bound(param)?;
        rng.fill_uniform(-bound, 2.0 * bound, out);
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let bound = self.bound(param).ok()?;
        Some(InitMoments { mean: 0.0, variance: bound * bound / 3.0, kurtosis: Some(1.8) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fans;

    #[test]
    fn refuses_what_makes_no_sense() {
        for omega in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-320, 1e200] {
            assert!(matches!(Siren::hidden(omega), Err(Error::Argument { argument: "omega", .. })));
        }
        for omega in [1e-130, 1e130] {
            for fan_in in [1, usize::MAX] {
                let param = Param { fans: Fans { fan_in, fan_out: 3 }, ..Param::bias(3) };
                let (siren, mut out) = (Siren::hidden(omega).unwrap(), [0.0_f64; 3]);
                siren.fill(&param, &mut out, &mut Generator::named(1, "x")).unwrap();
                let moments = Initializer::<f64>::moments(&siren, &param).unwrap();
                assert!(moments.variance.is_normal() && out.iter().all(|w| w.is_normal()), "{omega:e}, {fan_in}");
            }
        }
        let no_fan = Param { fans: Fans { fan_in: 0, fan_out: 3 }, ..Param::bias(3) };
        assert!(Siren::first().fill(&no_fan, &mut [0.0_f32; 3], &mut Generator::named(1, "x")).is_err());
        assert_eq!(Initializer::<f32>::moments(&Siren::first(), &no_fan), None);
    }
}
