//! Forecast: what will become of signals and gradients in a network, before it is trained, and whether it does.

mod advice;
mod batch;
mod block;
mod builder;
mod compare;
mod concern;
mod copied;
mod fixed_point;
mod formats;
#[cfg(feature = "serde")]
mod json;
mod layer_forecast;
mod lsuv;
mod measure;
mod nested;
mod parts;
mod regime;
mod spread;
mod start;
mod table;
mod tied;
mod walk;

pub use builder::ForecastBuilder;
pub use compare::{Comparison, LayerCompared};
pub use concern::{Concern, Outlook};
pub use fixed_point::FixedPoint;
pub use formats::{FormatForecast, NumberFormat};
pub use layer_forecast::LayerForecast;
pub use lsuv::{Lsuv, LsuvLayer, LsuvReport};
pub use measure::{LayerMeasured, Measured, OutputGradient};
pub(crate) use parts::pair_of;
pub use regime::{Phase, Regime};
pub use spread::Spread;

use crate::{Error, Float, LossAtStart, Moments, Network};

/// What theory says of a network's start, without a single pass: how large signals and gradients are at every layer, and what that means.
///
/// ```text
/// forwards:    q' = n_in v E[f(z)^2] + v_b                  z ~ N(0, q)
/// backwards:   g  = n_out v E[f'(z)^2] g'
/// weights:     E[(dL/dw)^2] = g' E[x^2]
/// ```
///
/// with second moments q of sums and g of gradients, and weights and biases of variance v and v_b. Printing it gives a table, a verdict
/// and, where the verdict is bad, a cure.
///
/// ```
/// use evenkeel::*;
/// let stack = |weights: Normal| {
///     let layers = (0..50).fold(Network::<f32>::builder(128), |network, _| network.layer(Linear::new(128)).layer(Tanh));
///     layers.layer(Linear::new(10)).weights(weights).build()
/// };
/// let forecast = Forecast::of(&stack(Normal::new(0.0, 0.01)?)?, 1.0)?;
/// assert_eq!(forecast.outlook(), Outlook::Vanishing);
/// println!("{forecast}");
/// // 1 / sqrt(128): the edge of chaos.
/// assert_eq!(Forecast::of(&stack(Normal::new(0.0, 0.0884)?)?, 1.0)?.outlook(), Outlook::Sound);
/// # Ok::<(), Error>(())
/// ```
///
/// An activation of one's own needs nothing but its function and its derivative:
///
/// ```
/// use evenkeel::*;
///
/// /// sin(x)
/// #[derive(Debug)]
/// struct Sine;
///
/// impl Activation for Sine {
///     fn name(&self) -> &'static str {
///         "sine"
///     }
///     fn value<T: Float>(&self, x: T) -> T {
///         x.sin()
///     }
///     fn slope<T: Float>(&self, x: T, _: T) -> T {
///         x.cos()
///     }
/// }
///
/// let network = Network::<f32>::builder(64).layer(Linear::new(64)).layer(Sine).layer(Linear::new(64)).layer(Sine);
/// let forecast = Forecast::of(&network.weights(LeCun::normal()).build()?, 1.0)?;
/// let sine = forecast.layers[1].moments.expect("it is known");
/// assert!((sine.second - (1.0 - (-2_f64).exp()) / 2.0).abs() < 1e-12); // E[sin(z)^2]
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// In the limit of wide layers, of one input row, and of the numbers that the network was built with: what training has changed since does
/// not show. Poole and others, "Exponential expressivity in deep neural networks through transient chaos", 2016; Schoenholz and others,
/// "Deep information propagation", 2017; for what is beyond the limit see [`Spread`]. The gradient is the mean square over units and
/// draws; where theory does not know a layer, or has no initial moments of its parameters, what depends on it is `None`. Layers inside others
/// show as one.
///
/// Images it follows position by position, through convolutions, functions of every number, average pooling, dropout and layers made of these,
/// since with padding no two are alike: the border fades first, and takes the middle along. What is said of a layer is the mean over its
/// positions. Layers that do not tell positions apart, such as a max pooling or a norm, hand on their mean.
///
/// Weights that copy, as [`Eye`](crate::Eye), [`Dirac`](crate::Dirac) and [`DeltaOrthogonal`](crate::DeltaOrthogonal) draw them, make no sums
/// of many products: what they hand on is what it was, without a border, and a function behind them is a function of a function. Where
/// they are not square, or inside other layers, theory does not say.
///
/// Behind a layer that takes off what rows of a batch have in common, or what pixels do, it also follows that: see [`Signal`](crate::Signal). Rows of
/// the input have the mean in common, unless [`rows`](ForecastBuilder::rows) or [`correlation`](ForecastBuilder::correlation) say more. What
/// theory does not know is listed at [`Layer::moments`](crate::Layer::moments).
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// The moments of the input.
    pub input: Moments,
    /// The layers, from input to output.
    pub layers: Vec<LayerForecast>,
    /// The loss to expect, where one was named, it is known, and the network ends in a linear layer.
    pub loss: Option<LossAtStart>,
    /// The root mean square of the norm of the gradient of all parameters, of one row: a limit for clipping to start from. A batch has between
    /// this and its share 1 / sqrt(rows). Where no loss is known it is relative to a derivative by the output whose entries are of size 1; `None`
    /// where theory does not say it of a layer with parameters: see [`Layer::gradient_squares`](crate::Layer::gradient_squares).
    pub gradient_norm: Option<f64>,
    /// The phase of the hidden layers, of the kind of which there are most; `None` where no linear layer or convolution has an activation right
    /// behind it, and weights that are random and centred.
    pub regime: Option<Regime>,
    /// Where numbers leave the range of each format.
    pub formats: Vec<FormatForecast>,
    /// What stands against training, the worst first.
    pub concerns: Vec<Concern>,
    /// What to do about it.
    pub advice: Vec<String>,
}

impl Forecast {
    /// Of a network whose input has mean 0 and that second moment; 1 where data are standardized.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn of<T: Float>(network: &Network<T>, second_moment: f64) -> Result<Self, Error> {
        Self::builder(network).input(Moments { mean: 0.0, second: second_moment }).build()
    }

    /// For more to be said: other moments of the input, or rows of it; a loss; the correlation of two inputs.
    pub fn builder<T: Float>(network: &Network<T>) -> ForecastBuilder<'_, T> {
        ForecastBuilder::new(network.design())
    }

    /// The verdict in one word.
    pub fn outlook(&self) -> Outlook {
        self.concerns.first().map_or(Outlook::Sound, Concern::outlook)
    }

    /// The layer of that name, if there is one.
    pub fn layer(&self, name: &str) -> Option<&LayerForecast> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// The mean square of the derivative of the loss by an output: what gradients are relative to; 1 where no loss is known.
    pub fn output_gradient(&self) -> f64 {
        self.loss.map_or(1.0, |loss| loss.slope_second)
    }
}
