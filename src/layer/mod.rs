//! Layers: maps from rows to rows, with their derivative beside them.

mod activation;
mod attention;
mod batch_norm;
mod by_position;
mod dropout;
mod elu;
mod embedding;
mod exponential;
mod flatten;
mod gelu;
mod groups;
mod hard_sigmoid;
mod identity;
mod image;
mod inside;
mod layer_norm;
mod leaky_relu;
mod linear;
mod mish;
mod moments;
mod per_step;
mod plan;
mod pointwise;
mod recurrent;
mod relu;
mod residual;
mod rms_norm;
mod row_norm;
mod selu;
mod sequential;
mod sigmoid;
mod signal;
mod silu;
mod softmax;
mod softplus;
mod softsign;
mod statistics;
mod structure;
mod tanh;
mod ways;

pub use activation::Activation;
pub use attention::MultiHeadAttention;
pub use batch_norm::BatchNorm;
pub use by_position::GradientByPosition;
pub(crate) use by_position::{mean_of, mean_square_of, outputs};
pub use dropout::Dropout;
pub use elu::Elu;
pub use embedding::Embedding;
pub use exponential::Exponential;
pub use flatten::Flatten;
pub use gelu::Gelu;
pub use hard_sigmoid::HardSigmoid;
pub use identity::Identity;
pub use image::{AveragePool2d, ChannelsLast, Conv2d, Extent, MaxPool2d, Padding};
pub use layer_norm::LayerNorm;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use mish::Mish;
pub use moments::Propagated;
pub use per_step::PerStep;
pub use plan::{Mode, Pass, Passed, PassedInside, Plan};
pub use pointwise::Pointwise;
pub(crate) use recurrent::RecurrentCell;
pub use recurrent::{Gru, Lstm, Recurrent, Rnn};
pub use relu::Relu;
pub use residual::Residual;
pub use rms_norm::RmsNorm;
pub use selu::Selu;
pub use sequential::Sequential;
pub use sigmoid::Sigmoid;
pub use signal::{Behind, Signal, Through};
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use softsign::Softsign;
pub use structure::Structure;
pub use tanh::Tanh;

use std::fmt::Debug;

use crate::{Bounds, Error, Float, InitMoments, Initializer, Moments, Param, Role, Rows, RowsMut, Xavier};

/// A map from rows of `n_in` numbers to rows of `n_out` numbers, with its derivative written by hand.
///
/// A layer holds geometry and settings, no weights and no caches: those live in the arenas of the [`Network`](crate::Network) and
/// reach it through a [`Pass`]. A user's own layer writes the first four methods; an elementwise one is easier as an [`Activation`].
///
/// ```
/// use evenkeel::*;
///
/// /// y = g x, with one learned gain a column.
/// #[derive(Debug)]
/// struct Scale;
///
/// impl<T: Float> Layer<T> for Scale {
///     fn kind(&self) -> &'static str {
///         "scale"
///     }
///     fn plan(&self, n_in: usize) -> Result<Plan, Error> {
///         Ok(Plan::new(n_in).param(Param::gain(n_in)))
///     }
///     fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
///         for (x, y) in x.iter().zip(y.iter_mut()) {
///             for ((y, &x), &gain) in y.iter_mut().zip(x).zip(pass.params) {
///                 *y = gain * x;
///             }
///         }
///         Ok(())
///     }
///     fn backward(
///         &self, x: Rows<'_, T>, _y: Rows<'_, T>, dy: Rows<'_, T>, dx: Option<RowsMut<'_, T>>,
///         gradients: &mut [T], pass: &mut Pass<'_, T>,
///     ) {
///         for (x, dy) in x.iter().zip(dy.iter()) {
///             for ((gradient, &x), &dy) in gradients.iter_mut().zip(x).zip(dy) {
///                 *gradient += x * dy;
///             }
///         }
///         if let Some(mut dx) = dx {
///             for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
///                 for ((dx, &dy), &gain) in dx.iter_mut().zip(dy).zip(pass.params) {
///                     *dx = gain * dy;
///                 }
///             }
///         }
///     }
/// }
///
/// let network = Network::<f64>::builder(3).layer(Scale).layer(Linear::new(2)).build()?;
/// check::gradients(&network, Rows::new(&[0.5, -1.0, 2.0], 3)?, 1)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Layer<T: Float>: Debug + Send + Sync {
    /// What kind of layer it is, in snake case; with its index this makes its name in a network, such as `0.linear`.
    fn kind(&self) -> &'static str;

    /// What it needs and gives for rows of `n_in` numbers: its width, parameters and memory. Called once, when a network is built.
    ///
    /// # Errors
    /// Whatever makes the layer impossible for that many inputs.
    fn plan(&self, n_in: usize) -> Result<Plan, Error>;

    /// Computes `y` (rows x n_out) of `x` (rows x n_in). Every entry of `y` is to be written. It reads parameters and state; what
    /// backward will need and cannot have from `x` and `y` goes to `pass.saved`.
    ///
    /// # Errors
    /// Whatever makes these rows impossible for the layer.
    fn forward(&self, x: Rows<'_, T>, y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error>;

    /// The derivative: from `dy`, that of the loss by `y`, to that by `x` (written to `dx` where it is wanted) and to that by the
    /// parameters (*added* to `gradients`, which stand in the order of the plan). `x`, `y` and `pass.saved` are those of the
    /// forward pass before.
    fn backward(
        &self,
        x: Rows<'_, T>,
        y: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    );

    /// Folds what a training pass left behind into the layer's state. Called behind every backward pass, in order, with a copy of the state;
    /// only the update puts it in the place of the state itself, so that a skipped step or a look at probe rows changes nothing. So where a
    /// batch goes through the network in parts it is called once for each part, and all of them show in the state.
    fn commit(&self, _passed: &Passed<'_, T>, _state: &mut [T]) {}

    /// The initializer that the layer itself was given for one of its parameters, which is told as in its plan.
    fn initializer(&self, _param: &Param) -> Option<&dyn Initializer<T>> {
        None
    }

    /// The initializer that fits weights whose outputs go straight into this layer: what a network takes where nobody says otherwise.
    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        None
    }

    /// Whether weights in front of it are to start as the layer behind it asks: it lets numbers through at about their size, and asks for
    /// nothing itself.
    fn hands_on_initializer(&self) -> bool {
        false
    }

    /// The initializer that fits one of its parameters where nobody asks for another; `behind` is that which the layer behind asks for. `None`
    /// leaves weights to [`Xavier`](crate::Xavier), gains to 1 and all else to 0.
    fn fitting_initializer(
        &self,
        param: &Param,
        behind: Option<Box<dyn Initializer<T>>>,
    ) -> Option<Box<dyn Initializer<T>>> {
        behind.filter(|_| param.role == Role::Weight)
    }

    /// What it makes, in training, of the moments of its inputs and of the gradient, in the mean over the draw of its parameters, whose own
    /// moments stand in the order of its plan. In the limit of wide layers: inputs and gradients of different units are taken for
    /// independent. `None` where theory does not say: of all layers here it says nothing of an [`Lstm`] with [`chrono`](Recurrent::chrono), of a
    /// state that a recurrent layer, other than one with ReLU, only copies, of attention with weights of a mean that is not 0, and of
    /// a [`MaxPool2d`] behind an activation that falls somewhere, or right behind a [`Dropout`].
    fn moments(&self, _plan: &Plan, _x: Moments, _weights: &[InitMoments]) -> Option<Propagated> {
        None
    }

    /// The sum of the squares of the gradient by each of its parameters, in the order of its plan, where the mean square of that by an output
    /// is 1: of one row, in the mean over the draw, with the gradients by different outputs taken for independent: what those by pixels of
    /// an image have in common, in front of a pool or a batch norm, the forecast adds. `None` where theory does not say: besides what it says
    /// no [`moments`](Self::moments) of, of a recurrent layer that [truncates](Recurrent::truncate) derivatives, or has recurrent weights whose mean
    /// is not 0 and that do not copy.
    ///
    /// ```
    /// use evenkeel::{Layer, Linear, Moments};
    /// let linear = Linear::<f64>::new(3);
    /// let (plan, x) = (linear.plan(5)?, Moments { mean: 0.0, second: 2.0 });
    /// assert_eq!(linear.gradient_squares(&plan, x, &[]), Some(vec![5.0 * 3.0 * 2.0, 3.0])); // x dy for every weight, dy for every bias
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    fn gradient_squares(&self, plan: &Plan, _x: Moments, _weights: &[InitMoments]) -> Option<Vec<f64>> {
        plan.params.is_empty().then(Vec::new)
    }

    /// As [`moments`](Self::moments), of an image or a sequence whose positions are not alike: what it makes of each, from the first to the
    /// last. Of `x` there is one entry a position, or a single one where all are alike; and so of what is handed back. `None` where it does not
    /// tell positions apart: then it is asked for what it makes of their mean.
    fn moments_by_position(&self, _plan: &Plan, _x: &[Moments], _weights: &[InitMoments]) -> Option<Vec<Moments>> {
        None
    }

    /// What it makes of the mean squares of the gradient by its outputs, position by position, where its inputs have those moments. `None`
    /// as in [`moments_by_position`](Self::moments_by_position).
    fn gradient_by_position(
        &self,
        _plan: &Plan,
        _x: &[Moments],
        _weights: &[InitMoments],
        _dy: &[f64],
    ) -> Option<GradientByPosition> {
        None
    }

    /// As [`moments`](Self::moments) and [`gradient_squares`](Self::gradient_squares), of a signal of which more is known: what a network and
    /// layers of layers ask. Unless a layer says otherwise, no more is known behind it than the moments.
    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let Propagated { y, back } = self.moments(plan, x.moments, weights)?;
        let squares = self.gradient_squares(plan, x.moments, weights);
        Some(Through { chooses: 1.0, y: Signal::unknown(y), back, squares })
    }

    /// Whether what it says in [`propagate`](Self::propagate) depends on [`Signal::shared`], what rows or pixels have in common: that costs
    /// milliseconds a layer, and is followed only where a layer behind asks. Unless a layer says otherwise, where one inside asks.
    fn asks_what_is_shared(&self) -> bool {
        self.children().into_iter().any(Layer::asks_what_is_shared)
    }

    /// What theory may take it for, beyond the moments that it says: the forecast goes by this, not by the [`kind`](Self::kind).
    fn structure(&self) -> Structure {
        Structure::Other
    }

    /// Whether an output belongs to the input at its own position, of which the middle tap of its first weight makes it: so do all of a
    /// linear layer, which has one position, and of a convolution that has a position for every pixel, the middle of its window on it. Only of such
    /// layers it is known what they make of weights that are [`Identity`](crate::Draws::Identity) or [`MiddleTap`](crate::Draws::MiddleTap).
    fn keeps_positions(&self) -> bool {
        false
    }

    /// The function that it applies to every number on its own; `None` for a layer that does anything else.
    fn pointwise(&self) -> Option<&dyn Pointwise> {
        None
    }

    /// The layers inside, where it is made of others, in the order of its plan.
    fn children(&self) -> Vec<&dyn Layer<T>> {
        Vec::new()
    }

    /// The layers inside, where it is made of others, in the order of its plan, and what a forward pass left of each: so that a check can look
    /// at every one of them by itself.
    fn inside<'a>(&'a self, _passed: &Passed<'a, T>) -> Vec<PassedInside<'a, T>> {
        Vec::new()
    }

    /// Where an output stops reacting to its input: what the monitor takes for dead and saturated.
    fn bounds(&self) -> Bounds {
        Bounds::NONE
    }

    /// Inputs at which an output has no smooth derivative by the input of the same column: a gradient check leaves them out.
    fn kinks(&self) -> &[f64] {
        &[]
    }

    /// Whether some output has no smooth derivative between two passes: then a difference of the two is not a derivative. Unless a layer
    /// says otherwise, where an input lies on different sides of one of its [`kinks`](Self::kinks).
    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        let sides = |x: T, kink: f64| x.get() > kink;
        let mut pairs = one.x.data().iter().zip(other.x.data());
        let kinks = self.kinks();
        !kinks.is_empty()
            && pairs.any(|(&one, &other)| kinks.iter().any(|&kink| sides(one, kink) != sides(other, kink)))
    }
}

/// The initializer that the first of these layers asks for weights in front of it, or that behind which it stands and so on; where all of
/// them hand on, that which is asked for `behind` them.
pub(crate) fn feeding<'a, T: Float>(
    layers: impl IntoIterator<Item = &'a dyn Layer<T>>,
    behind: Option<Box<dyn Initializer<T>>>,
) -> Option<Box<dyn Initializer<T>>> {
    let asks = layers.into_iter().find(|layer| !layer.hands_on_initializer());
    asks.map_or(behind, |layer| layer.feeding_initializer())
}

/// The initializer of a parameter for which nobody has said one: that which fits the layer and those `behind` it, and for other weights
/// [`Xavier`]'s. `None` for gains, which start at 1, and for biases, which start at 0.
pub(crate) fn fitting<'a, T: Float>(
    layer: &dyn Layer<T>,
    param: &Param,
    behind: impl IntoIterator<Item = &'a dyn Layer<T>>,
) -> Option<Box<dyn Initializer<T>>> {
    let xavier = || (param.role == Role::Weight).then(|| Box::new(Xavier::normal()) as Box<dyn Initializer<T>>);
    layer.fitting_initializer(param, feeding(behind, None)).or_else(xavier)
}
