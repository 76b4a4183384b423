//! `Eye`: the identity, as weights.

use super::{Draws, InitMoments, Initializer};
use crate::{Error, Float, Generator, Param};

/// The identity matrix times a gain: unit i repeats input i. Of another shape than a square it has zeros beside or below.
///
/// ```text
/// w_ij = gain where i = j, else 0
/// ```
///
/// ```
/// use evenkeel::{Eye, Generator, Initializer, Param};
/// let mut weight = [0.5_f32; 6];
/// Eye::default().fill(&Param::weight(2, 3), &mut weight, &mut Generator::named(1, "weight"))?;
/// assert_eq!(weight, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// For the recurrent weights of a network with ReLU: Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified
/// linear units", 2015. For a convolution see [`Dirac`](crate::Dirac).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eye {
    gain: f64,
}

impl Eye {
    /// With that number on the diagonal.
    ///
    /// # Errors
    /// [`Error::Argument`] where `gain`, or its square, is not finite.
    pub fn new(gain: f64) -> Result<Self, Error> {
        let fine = (gain * gain).is_finite();
        Error::require(fine, "Eye", "gain", gain, "finite, and so its square").map(|gain| Self { gain })
    }
}

impl Default for Eye {
    /// With a gain of 1.
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl<T: Float> Initializer<T> for Eye {
    fn fill(&self, param: &Param, out: &mut [T], _: &mut Generator) -> Result<(), Error> {
        out.fill(T::zero());
        let diagonal = out.iter_mut().step_by(param.cols + 1).take(param.rows.min(param.cols));
        diagonal.for_each(|w| *w = T::of(self.gain));
        Ok(())
    }

    /// Of an entry at a random place.
    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let longer = param.rows.max(param.cols);
        (longer > 0).then(|| InitMoments::of_share(self.gain, 1.0 / longer as f64))
    }

    fn draws(&self, _: &Param) -> Draws {
        Draws::Identity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_finite() {
        for gain in [f64::NAN, f64::INFINITY, 1e200] {
            assert!(matches!(Eye::new(gain), Err(Error::Argument { argument: "gain", .. })));
        }
    }

    #[test]
    fn the_moments_are_those_of_its_entries() {
        for (rows, cols) in [(1, 1), (3, 5), (5, 3), (4, 4), (1, 7)] {
            let (eye, param) = (Eye::new(-1.5).unwrap(), Param::weight(rows, cols));
            let mut out = vec![f64::NAN; rows * cols];
            eye.fill(&param, &mut out, &mut Generator::named(1, "w")).unwrap();
            let of = |f: &dyn Fn(f64) -> f64| out.iter().map(|w| f(*w)).sum::<f64>() / out.len() as f64;
            let moments = Initializer::<f64>::moments(&eye, &param).unwrap();
            let mean = of(&|w| w);
            let variance = of(&|w| (w - mean).powi(2));
            assert!((moments.mean - mean).abs() < 1e-15 && (moments.variance - variance).abs() < 1e-15);
            let kurtosis = of(&|w| (w - mean).powi(4)) / (variance * variance);
            assert!(moments.kurtosis.map_or(variance < 1e-30, |found| (found / kurtosis - 1.0).abs() < 1e-13));
        }
    }
}
