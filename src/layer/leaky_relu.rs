//! `LeakyRelu`: what is negative passes a little.

use rand_distr::StandardNormal;

use super::Activation;
use crate::{Error, Expectations, FanMode, Float, He, Initializer, VarianceScaling};

/// ReLU with a slope below zero: f(x) = x where x > 0, else a x.
///
/// ```
/// use evenkeel::{Activation, LeakyRelu};
/// let leaky = LeakyRelu::new(0.25)?;
/// assert_eq!([-2.0_f32, 3.0].map(|x| leaky.value(x)), [-0.5, 3.0]);
/// assert_eq!(LeakyRelu::default(), LeakyRelu::new(0.01)?);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013. Weights that feed it start with
/// variance 2 / ((1 + a^2) n_in), which keeps the second moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    /// With that slope below zero.
    ///
    /// # Errors
    /// [`Error::Argument`] where `slope` is not finite.
    pub fn new(slope: f64) -> Result<Self, Error> {
        Ok(Self { slope: Error::finite("LeakyRelu", "slope", slope)? })
    }
}

impl Default for LeakyRelu {
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

impl Activation for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        if x > T::zero() { x } else { T::of(self.slope) * x }
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        if x > T::zero() { T::one() } else { T::of(self.slope) }
    }

    fn usual_gain(&self) -> Option<f64> {
        Some((2.0 / (1.0 + self.slope * self.slope)).sqrt())
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        let scale = 2.0 / (1.0 + self.slope * self.slope);
        match VarianceScaling::new(scale, FanMode::In, StandardNormal) {
            Ok(scaling) => Box::new(scaling),
            // Never: `scale` lies between 0 and 2 for any finite slope.
            Err(_) => Box::new(He::normal()),
        }
    }

    fn kinks(&self) -> &[f64] {
        &[0.0]
    }

    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_two_slopes(mean, variance, [1.0, self.slope])
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&LeakyRelu::default(), |x| if x > 0.0 { x } else { 0.01 * x });
    super::activation::tests::agrees(&LeakyRelu::new(-0.5).unwrap(), |x| if x > 0.0 { x } else { -0.5 * x });
    assert!(LeakyRelu::new(f64::NAN).is_err());
}
