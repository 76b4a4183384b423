//! `Remedy`: what may help.

use std::fmt;

/// What may help, as a value that a program can act upon: on a [recipe](crate::recipe), [`apply`](Self::apply) does.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case", tag = "kind"))]
pub enum Remedy {
    /// Draw the weights anew, with a variance that fits the fans: He for ReLU and its relatives, Xavier for tanh and its relatives.
    FittingInitializer,
    /// Draw the weights at random instead of setting them alike.
    RandomInitializer,
    /// Put fewer layers in a row.
    FewerLayers,
    /// Replace the activation.
    ReplaceActivation {
        /// By this one.
        with: &'static str,
    },
    /// Replace the recurrent layer.
    ReplaceRecurrent {
        /// By this one.
        with: &'static str,
    },
    /// Limit the gradient by its global norm.
    ClipGlobalNorm {
        /// To this limit.
        limit: f64,
    },
    /// Multiply the learning rate.
    ScaleLearningRate {
        /// By this factor.
        factor: f64,
    },
    /// Leave the learning rate as it is, step after step.
    NoDecay,
    /// Bring inputs and targets to mean 0 and variance 1.
    ScaleData,
    /// Bring the inputs to mean 0 and variance 1.
    ScaleInputs,
    /// Bring the targets to mean 0 and variance 1, or into the range of the output.
    ScaleTargets,
    /// Replace the activation of the output, or leave it out.
    ReplaceOutput {
        /// By this one; `identity` is none.
        with: &'static str,
    },
    /// Replace the loss.
    ReplaceLoss {
        /// By this one.
        with: &'static str,
    },
    /// Tell the classes as one-hot rows, with one output for each.
    OneHotTargets,
    /// Train for longer.
    MoreEpochs {
        /// So many times as long.
        factor: f64,
    },
    /// Give the layers more units.
    MoreUnits {
        /// To so many at least.
        units: usize,
    },
    /// Put a hidden layer with ReLU in front of a layer that stands alone.
    AddHiddenLayer {
        /// Of so many units.
        units: usize,
    },
    /// Put activations between the linear layers.
    AddActivation {
        /// This one.
        with: &'static str,
    },
    /// Drop less.
    LessDropout {
        /// At most this share.
        rate: f64,
    },
    /// Weaken the penalty on the weights.
    ScalePenalty {
        /// By this factor.
        factor: f64,
    },
    /// Stop early, train on more data, or use a smaller network.
    StopEarly,
    /// Look whether inputs and targets belong together.
    CheckData,
    /// Start the biases at zero.
    ZeroBiases,
    /// Multiply the loss, and divide the gradients by as much once they are in a wider format.
    ScaleLoss {
        /// By this power of two.
        factor: f64,
    },
    /// Multiply the epsilon of the optimizer.
    ScaleEpsilon {
        /// By this factor.
        factor: f64,
    },
    /// Put normalization between the layers.
    Normalize,
    /// Compare the gradients with differences of the loss: [`check::gradients`](crate::check::gradients).
    CheckGradients,
    /// Look whether the optimizer is given all parameters.
    CheckUpdates,
    /// Train on larger batches, whose statistics are closer to those that a normalization uses later.
    LargerBatches,
    /// Leave the gradient as it is.
    NoClipping,
    /// Shuffle the rows before some of them are set aside: those that validate are to be like those that train.
    ShuffleRows,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FittingInitializer => {
                f.write_str("draw the weights with He (ReLU and relatives) or Xavier (tanh and relatives)")
            }
            Self::RandomInitializer => f.write_str("draw the weights at random"),
            Self::FewerLayers => f.write_str("put fewer layers in a row"),
            Self::ReplaceActivation { with } => write!(f, "replace the activation by {with}"),
            Self::ReplaceRecurrent { with } => write!(f, "replace the recurrent layer by {with}"),
            Self::ClipGlobalNorm { limit } => write!(f, "clip the gradient to a global norm of {limit}"),
            Self::ScaleLearningRate { factor } if *factor < 1.0 => {
                write!(f, "divide the learning rate by {}", 1.0 / factor)
            }
            Self::ScaleLearningRate { factor } => write!(f, "multiply the learning rate by {factor}"),
            Self::NoDecay => f.write_str("leave the learning rate as it is through the run, without decay"),
            Self::ScaleData => f.write_str("bring inputs and targets to mean 0 and variance 1"),
            Self::ScaleInputs => f.write_str("bring the inputs to mean 0 and variance 1"),
            Self::ScaleTargets => f.write_str("bring the targets to mean 0 and variance 1"),
            Self::ReplaceOutput { with: "identity" } => f.write_str("leave out the activation of the output"),
            Self::ReplaceOutput { with } => write!(f, "let the output go through {with}"),
            Self::ReplaceLoss { with } => write!(f, "replace the loss by {with}"),
            Self::OneHotTargets => f.write_str("tell the classes as one-hot rows, with one output for each"),
            Self::MoreEpochs { factor } => write!(f, "train {factor} times as long"),
            Self::MoreUnits { units } => write!(f, "give each layer at least {units} units"),
            Self::AddHiddenLayer { units } => write!(f, "put a hidden layer of {units} units with relu in front"),
            Self::AddActivation { with } => write!(f, "put {with} between the linear layers"),
            Self::LessDropout { rate: 0.0 } => f.write_str("drop nothing"),
            Self::LessDropout { rate } => write!(f, "drop at most {rate} of the numbers"),
            Self::ScalePenalty { factor } => write!(f, "multiply the penalty on the weights by {factor}"),
            Self::StopEarly => f.write_str("stop early, train on more data, or use a smaller network"),
            Self::CheckData => f.write_str("look whether inputs and targets belong together"),
            Self::ZeroBiases => f.write_str("start the biases at zero"),
            Self::ScaleLoss { factor } => write!(f, "multiply the loss by {factor}, and divide the gradients by it"),
            Self::ScaleEpsilon { factor } => write!(f, "multiply the epsilon of the optimizer by {factor}"),
            Self::Normalize => f.write_str("put normalization between the layers"),
            Self::CheckGradients => f.write_str("compare the gradients with differences of the loss"),
            Self::CheckUpdates => f.write_str("look whether the optimizer is given all parameters"),
            Self::LargerBatches => f.write_str("normalize over larger batches"),
            Self::NoClipping => f.write_str("leave the gradient as it is, without clipping"),
            Self::ShuffleRows => f.write_str("shuffle the rows before some are set aside (`shuffle = true`)"),
        }
    }
}
