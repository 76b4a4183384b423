//! `Eye`: the identity, as weights.

use super::{Draws, InitMoments, Initializer, check_size, squarable};
use crate::{Error, Float, Generator, Param, Role};

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
/// linear units", 2015. Weights whose columns are not one unit each that sees all inputs once have no such diagonal, and are refused: those of
/// a convolution, for which see [`Dirac`](crate::Dirac), of several gates, and of attention. They are told by their fan-out, so a convolution
/// with as many groups as taps passes for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eye {
    gain: f64,
}

impl Eye {
    /// With that number on the diagonal.
    ///
    /// # Errors
    /// [`Error::Argument`] where `gain` is neither 0 nor of a size between 1e-140 and 1e140.
    pub fn new(gain: f64) -> Result<Self, Error> {
        squarable("Eye", "gain", gain).map(|gain| Self { gain })
    }

    /// Whether the parameter has a diagonal that repeats inputs.
    fn fits(param: &Param) -> bool {
        param.role != Role::Weight || param.fans.fan_out == param.cols
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
        check_size(param, out)?;
        let must =
            "the number of the weight's columns, which it is not in a convolution (see `Dirac`) or with several gates";
        Error::require(Self::fits(param), "Eye", "fan_out", param.fans.fan_out as f64, must)?;
        out.fill(T::zero());
        let diagonal = out.iter_mut().step_by(param.cols + 1).take(param.rows.min(param.cols));
        diagonal.for_each(|w| *w = T::of(self.gain));
        Ok(())
    }

    /// Of an entry at a random place.
    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let longer = param.rows.max(param.cols);
        (longer > 0 && Self::fits(param)).then(|| InitMoments::of_share(self.gain, 1.0 / longer as f64))
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
        for gain in [f64::NAN, f64::INFINITY, 1e200, -1e-200] {
            assert!(matches!(Eye::new(gain), Err(Error::Argument { argument: "gain", .. })));
        }
        assert!(Eye::new(0.0).is_ok());
    }

    #[test]
    fn refuses_weights_without_a_diagonal() {
        let built = |layer: Box<dyn crate::Layer<f64>>| {
            crate::Network::builder(48).boxed(layer).weights(Eye::default()).build().map(drop)
        };
        let named = |outcome: Result<(), Error>, layer: &str| {
            let Err(error) = outcome else { panic!("{layer} was built") };
            assert!(error.to_string().starts_with(&format!("layer {layer}: Eye: fan_out is ")), "{error}");
        };
        named(built(Box::new(crate::Conv2d::new((4, 4, 3), 3, 3))), "0.conv2d");
        named(built(Box::new(crate::Conv2d::new((4, 4, 3), 6, 1).groups(3))), "0.conv2d");
        named(built(Box::new(crate::Gru::new(4, 12, 12).unwrap())), "0.gru");
        named(built(Box::new(crate::MultiHeadAttention::new(12, 2))), "0.multi_head_attention");
        built(Box::new(crate::Linear::new(48))).unwrap();
        // Where a pixel, or a step, is a row, it has one.
        built(Box::new(crate::Conv2d::new((4, 4, 3), 5, 1))).unwrap();
        built(Box::new(crate::Rnn::new(4, 12, 12).unwrap())).unwrap();
        let convolution = Param { fans: crate::Fans { fan_in: 27, fan_out: 27 }, ..Param::weight(27, 3) };
        assert_eq!(Initializer::<f64>::moments(&Eye::default(), &convolution), None);
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
