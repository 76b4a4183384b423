//! `LayerKind`: a layer, described.

use super::shape::{Border, Image, Pair};
use super::{ActivationKind, CellKind, Start};

/// A layer, described.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum LayerKind {
    /// [`Linear`](crate::Linear).
    Linear {
        /// How many units it has.
        units: usize,
        /// Where its weights begin; as the layer behind asks for where it is not said.
        weights: Option<Start>,
        /// Where its biases begin.
        bias: Start,
    },
    /// A function of each number, or of each row.
    Activation(ActivationKind),
    /// [`Dropout`](crate::Dropout).
    Dropout {
        /// The share that is dropped.
        rate: f64,
    },
    /// [`BatchNorm`](crate::BatchNorm).
    BatchNorm {
        /// How many channels the rows have, channels last; a column each where it is not said.
        channels: Option<usize>,
    },
    /// [`LayerNorm`](crate::LayerNorm).
    LayerNorm {
        /// How many neighbours are normalized together; a whole row where it is not said.
        width: Option<usize>,
    },
    /// [`RmsNorm`](crate::RmsNorm).
    RmsNorm {
        /// How many neighbours are normalized together; a whole row where it is not said.
        width: Option<usize>,
    },
    /// [`Flatten`](crate::Flatten).
    Flatten,
    /// [`ChannelsLast`](crate::ChannelsLast).
    ChannelsLast {
        /// Channels, height and width of the images.
        image: Image,
    },
    /// [`Conv2d`](crate::Conv2d).
    Conv2d {
        /// Height, width and channels of the images.
        image: Image,
        /// How many channels it gives.
        units: usize,
        /// Rows and columns of the kernel.
        kernel: Pair,
        /// Rows and columns from one position to the next.
        stride: Pair,
        /// Rows and columns from one tap of the kernel to the next.
        dilation: Pair,
        /// What stands around the images.
        padding: Border,
        /// How many groups of channels there are.
        groups: usize,
        /// Where its weights begin; as the layer behind asks for where it is not said.
        weights: Option<Start>,
        /// Where its biases begin.
        bias: Start,
    },
    /// [`MaxPool2d`](crate::MaxPool2d).
    MaxPool2d {
        /// Height, width and channels of the images.
        image: Image,
        /// Rows and columns of the window.
        kernel: Pair,
        /// Rows and columns from one position to the next; those of the window where it is not said.
        stride: Option<Pair>,
        /// What stands around the images.
        padding: Border,
    },
    /// [`AveragePool2d`](crate::AveragePool2d).
    AveragePool2d {
        /// Height, width and channels of the images.
        image: Image,
        /// Rows and columns of the window.
        kernel: Pair,
        /// Rows and columns from one position to the next; those of the window where it is not said.
        stride: Option<Pair>,
        /// What stands around the images.
        padding: Border,
    },
    /// [`Rnn`](crate::Rnn), [`Lstm`](crate::Lstm) or [`Gru`](crate::Gru).
    Recurrent {
        /// Which of them.
        cell: CellKind,
        /// How many steps a row has.
        steps: usize,
        /// How many numbers a step has.
        width: usize,
        /// How many numbers the state has.
        hidden: usize,
        /// Whether only the state after the last step is given.
        last: bool,
        /// Where the weights of its inputs begin; as the cell asks for where it is not said.
        weights: Option<Start>,
        /// Where the weights of its state begin; as the cell asks for where it is not said.
        recurrent_weights: Option<Start>,
        /// Where its biases begin; of an LSTM those of all gates but the forget gate.
        bias: Start,
    },
    /// [`Embedding`](crate::Embedding).
    Embedding {
        /// How many things there are.
        count: usize,
        /// How many numbers each has.
        dim: usize,
        /// Where the numbers begin; standard normal where it is not said.
        weights: Option<Start>,
    },
    /// [`MultiHeadAttention`](crate::MultiHeadAttention).
    Attention {
        /// How many numbers a step has.
        width: usize,
        /// How many heads there are.
        heads: usize,
        /// Whether no step looks at later ones.
        causal: bool,
    },
    /// [`Residual`](crate::Residual).
    Residual {
        /// The layers of the branch.
        layers: Vec<LayerKind>,
        /// What the branch is multiplied by.
        scale: f64,
        /// Whether that number is learned.
        learned: bool,
        /// What stands on the other way; nothing where it is not said.
        projection: Option<Box<LayerKind>>,
    },
    /// [`Sequential`](crate::Sequential).
    Sequential {
        /// The layers inside.
        layers: Vec<LayerKind>,
    },
    /// [`PerStep`](crate::PerStep).
    PerStep {
        /// How many numbers a step has.
        width: usize,
        /// The layer that every step goes through.
        layer: Box<LayerKind>,
    },
}

impl LayerKind {
    /// A linear layer.
    pub fn linear(units: usize, weights: Start) -> Self {
        Self::Linear { units, weights: Some(weights), bias: Start::Zeros }
    }

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Linear { .. } => "linear",
            Self::Activation(activation) => activation.name(),
            Self::Dropout { .. } => "dropout",
            Self::BatchNorm { .. } => "batch_norm",
            Self::LayerNorm { .. } => "layer_norm",
            Self::RmsNorm { .. } => "rms_norm",
            Self::Flatten => "flatten",
            Self::ChannelsLast { .. } => "channels_last",
            Self::Conv2d { .. } => "conv2d",
            Self::MaxPool2d { .. } => "max_pool2d",
            Self::AveragePool2d { .. } => "average_pool2d",
            Self::Recurrent { cell, .. } => cell.name(),
            Self::Embedding { .. } => "embedding",
            Self::Attention { .. } => "multi_head_attention",
            Self::Residual { .. } => "residual",
            Self::Sequential { .. } => "sequential",
            Self::PerStep { .. } => "per_step",
        }
    }

    /// Every name there is.
    pub(super) const NAMES: [&'static str; 19] = [
        "linear",
        "dropout",
        "batch_norm",
        "layer_norm",
        "rms_norm",
        "flatten",
        "channels_last",
        "conv2d",
        "max_pool2d",
        "average_pool2d",
        "rnn",
        "rnn_relu",
        "lstm",
        "gru",
        "embedding",
        "multi_head_attention",
        "residual",
        "sequential",
        "per_step",
    ];
}
