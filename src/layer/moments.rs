//! `Propagated`: what theory says of the numbers that pass through a layer.

use crate::{InitMoments, Moments};

/// The second moment of numbers with these moments of their draw.
pub(super) fn second(drawn: InitMoments) -> f64 {
    drawn.variance + drawn.mean * drawn.mean
}

/// How many products a sum has, and the square of that, in the mean over all sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) mean: f64,
    pub(super) square: f64,
}

impl Terms {
    /// So many in every sum.
    pub(super) fn each(count: usize) -> Self {
        let mean = count as f64;
        Self { mean, square: mean * mean }
    }
}

/// The moments of sums of products of inputs and weights, and a bias. Weights of mean 0 need the second moment of the inputs alone,
/// all others also their mean.
pub(super) fn of_sums(terms: Terms, x: Moments, weight: InitMoments, bias: Option<InitMoments>) -> Moments {
    let bias = bias.unwrap_or(InitMoments { mean: 0.0, variance: 0.0, kurtosis: None });
    let product = x.mean * weight.mean;
    // The variance of a product w x is that of w times E[x^2], and that of x times E[w]^2.
    let variance = weight.variance * x.second + weight.mean * weight.mean * x.variance();
    let of_means = terms.square * product * product + 2.0 * terms.mean * product * bias.mean;
    Moments { mean: terms.mean * product + bias.mean, second: of_means + terms.mean * variance + second(bias) }
}

/// The moments of numbers of variance 1 after a gain and a bias, and the mean square of the gain: the parameters of a normalization, if any.
pub(super) fn of_affine(normalized: Moments, gain: Option<InitMoments>, bias: Option<InitMoments>) -> (Moments, f64) {
    let one = InitMoments { mean: 1.0, variance: 0.0, kurtosis: None };
    let gain = gain.unwrap_or(one);
    let y = of_sums(Terms::each(1), normalized, gain, bias);
    (y, second(gain))
}

/// What a layer makes of the moments of its inputs, and of the gradient.
///
/// ```
/// use evenkeel::{Layer, Linear, He, Initializer, Moments, Relu};
/// let (linear, relu) = (Linear::<f64>::without_bias(128), Relu);
/// let plan = linear.plan(128)?;
/// let weights = [Initializer::<f64>::moments(&He::normal(), &plan.params[0]).expect("it knows them")];
/// let sums = linear.moments(&plan, Moments { mean: 0.0, second: 1.0 }, &weights).expect("it is known");
/// assert_eq!((sums.y.second, sums.back), (2.0, Some(2.0)));
/// let kept = Layer::<f64>::moments(&relu, &Layer::<f64>::plan(&relu, 128)?, sums.y, &[]).expect("it is known");
/// assert!((kept.y.second - 1.0).abs() < 1e-12); // He's variance makes up for the half that ReLU drops
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Propagated {
    /// The moments of its outputs.
    pub y: Moments,
    /// The mean square of the gradient by its inputs, where that by its outputs is 1; `None` where theory does not say.
    pub back: Option<f64>,
}
