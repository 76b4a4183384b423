//! `Zeros` and `Constant`: every weight the same.

use super::{InitMoments, Initializer, check_size};
use crate::{Error, Float, Generator, Param};

/// Every entry 0: the usual start of a bias, and of a layer that should add nothing at first.
///
/// ```
/// use evenkeel::{Generator, Initializer, Param, Zeros};
/// let mut bias = [1.0_f32; 3];
/// Zeros.fill(&Param::bias(3), &mut bias, &mut Generator::named(1, "bias"))?;
/// assert_eq!(bias, [0.0; 3]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// As the start of the *weights* of a hidden layer it makes all units equal, and they stay equal: see
/// [symmetric weights](crate#symmetric-weights).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Zeros;

impl<T: Float> Initializer<T> for Zeros {
    fn fill(&self, param: &Param, out: &mut [T], _: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        out.fill(T::zero());
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.0, variance: 0.0, kurtosis: None })
    }
}

/// Every entry the same number.
///
/// ```
/// use evenkeel::{Constant, Generator, Initializer, Param};
/// let mut gain = [0.0_f32; 3];
/// Constant::new(1.0)?.fill(&Param::gain(3), &mut gain, &mut Generator::named(1, "gain"))?;
/// assert_eq!(gain, [1.0; 3]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// As the start of the *weights* of a hidden layer it makes all units equal, and they stay equal: see
/// [symmetric weights](crate#symmetric-weights).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// Every entry `value`.
    ///
    /// # Errors
    /// [`Error::Argument`] where `value` is NaN or infinite.
    pub fn new(value: f64) -> Result<Self, Error> {
        Ok(Self { value: Error::finite("Constant", "value", value)? })
    }
}

impl<T: Float> Initializer<T> for Constant {
    fn fill(&self, param: &Param, out: &mut [T], _: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        out.fill(T::of(self.value));
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: self.value, variance: 0.0, kurtosis: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_finite() {
        for value in [f64::NAN, f64::INFINITY] {
            assert!(matches!(Constant::new(value), Err(Error::Argument { of: "Constant", argument: "value", .. })));
        }
    }

    #[test]
    fn same_everywhere() {
        let constant = Constant::new(0.25).unwrap();
        let mut out = [0.0_f64; 5];
        constant.fill(&Param::bias(5), &mut out, &mut Generator::named(1, "x")).unwrap();
        assert_eq!(out, [0.25; 5]);
        let moments = Initializer::<f64>::moments(&constant, &Param::bias(5)).unwrap();
        assert_eq!((moments.mean, moments.variance), (0.25, 0.0));
    }
}
