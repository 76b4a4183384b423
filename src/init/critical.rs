//! `Critical`: weights and biases on the edge of chaos.

use super::{InitMoments, Initializer, check_size};
use crate::{Activation, EdgeOfChaos, Error, Float, Generator, Param, Role};

/// Weights, and biases, whose variances let neither signals nor gradients vanish or explode in a deep network of one activation.
///
/// ```text
/// w ~ N(0, weight_variance / n_in)          b ~ N(0, bias_variance)
/// ```
///
/// ```
/// use evenkeel::{Critical, Initializer, Linear, Network, Param, Tanh};
/// let critical = Critical::of(&Tanh, 0.05)?;
/// let moments = Initializer::<f32>::moments(&critical, &Param::weight(100, 50)).unwrap();
/// assert!((moments.variance - 0.017_609_5).abs() < 1e-6);
/// let layer = Linear::<f32>::new(50).weights(critical).biases(critical);
/// # let _ = Network::builder(100).layer(layer).build()?;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// See [`EdgeOfChaos`]. Without biases the variance of tanh's weights is 1 / n_in and the signal shrinks, ever slower, as 1 / depth; a
/// little variance of the biases keeps it at a size that matters. Whatever is not a weight is drawn as a bias.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Critical {
    edge: EdgeOfChaos,
}

impl Critical {
    /// For layers of that activation whose biases have that variance.
    ///
    /// # Errors
    /// [`Error::Argument`] where `bias_variance` is negative or not finite, or the activation has no edge of chaos there.
    pub fn of(activation: &impl Activation, bias_variance: f64) -> Result<Self, Error> {
        let of = "Critical";
        let bias_variance = Error::not_negative(of, "bias_variance", bias_variance)?;
        let must = "one at which the activation has an edge of chaos";
        match EdgeOfChaos::of(activation, bias_variance) {
            Some(edge) => Ok(Self { edge }),
            None => Err(Error::Argument { of, argument: "bias_variance", value: bias_variance, must }),
        }
    }

    /// For layers of that activation at the point where small deviations of the signal keep their size, too: of GELU, SiLU and Mish.
    ///
    /// ```
    /// use evenkeel::{Critical, EdgeOfChaos, Gelu, Initializer, Param};
    /// let marginal = Critical::marginal(&Gelu).expect("there is one");
    /// let biases = Initializer::<f64>::moments(&marginal, &Param::bias(50)).unwrap();
    /// assert_eq!(Some(biases.variance), EdgeOfChaos::marginal(&Gelu).map(|edge| edge.bias_variance));
    /// ```
    ///
    /// # Notes
    /// `None` where the activation has no such point: see [`EdgeOfChaos::marginal`].
    pub fn marginal(activation: &impl Activation) -> Option<Self> {
        EdgeOfChaos::marginal(activation).map(|edge| Self { edge })
    }

    fn variance(&self, param: &Param) -> Result<f64, Error> {
        match param.role {
            Role::Weight => {
                let fan_in = param.fans.fan_in as f64;
                Error::require(fan_in > 0.0, "Critical", "fan_in", fan_in, "above 0")?;
                Ok(self.edge.weight_variance / fan_in)
            }
            _ => Ok(self.edge.bias_variance),
        }
    }
}

impl<T: Float> Initializer<T> for Critical {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        rng.fill_normal(0.0, self.variance(param)?.sqrt(), out);
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let variance = self.variance(param).ok()?;
        Some(InitMoments { mean: 0.0, variance, kurtosis: (variance > 0.0).then_some(3.0) })
    }
}
