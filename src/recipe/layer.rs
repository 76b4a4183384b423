//! `LayerKind`: a layer, described.

use super::fields::{Fields, Read};
use super::shape::{Border, Image, Pair};
use super::tree::{Node, Table, Value};
use super::{ActivationKind, RecipeError, Start};

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

/// The cell of a recurrent layer.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellKind {
    /// That of an [`Rnn`](crate::Rnn), with tanh.
    Rnn,
    /// That of an [`Rnn`](crate::Rnn), with ReLU.
    RnnRelu,
    /// That of an [`Lstm`](crate::Lstm).
    Lstm {
        /// Where the biases of its forget gate begin.
        forget_bias: f64,
    },
    /// That of a [`Gru`](crate::Gru).
    Gru,
}

impl CellKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::RnnRelu => "rnn_relu",
            Self::Lstm { .. } => "lstm",
            Self::Gru => "gru",
        }
    }
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
    const NAMES: [&'static str; 19] = [
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

impl Read for LayerKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let mut fields = Fields::of(node, key)?;
        let named = ActivationKind::KINDS.map(|(name, _)| (name, name));
        let names: Vec<_> = Self::NAMES.iter().map(|&name| (name, name)).chain(named).collect();
        let name = fields.kind(&names)?;
        let layer = read_fields(name, &mut fields)?;
        layer.build().map_err(|error| fields.refused(error))?;
        fields.finish()?;
        Ok(layer)
    }
}

/// The layer of that name, from the rest of its table.
fn read_fields(name: &str, fields: &mut Fields<'_>) -> Result<LayerKind, RecipeError> {
    Ok(match name {
        "linear" => LayerKind::Linear {
            units: fields.required("units")?,
            weights: fields.optional("weights")?,
            bias: fields.or("bias", Start::Zeros)?,
        },
        "dropout" => LayerKind::Dropout { rate: fields.required("rate")? },
        "batch_norm" => LayerKind::BatchNorm { channels: fields.optional("channels")? },
        "layer_norm" => LayerKind::LayerNorm { width: fields.optional("width")? },
        "rms_norm" => LayerKind::RmsNorm { width: fields.optional("width")? },
        "flatten" => LayerKind::Flatten,
        "channels_last" => LayerKind::ChannelsLast { image: fields.required("image")? },
        "conv2d" => LayerKind::Conv2d {
            image: fields.required("image")?,
            units: fields.required("units")?,
            kernel: fields.required("kernel")?,
            stride: fields.or("stride", Pair(1, 1))?,
            dilation: fields.or("dilation", Pair(1, 1))?,
            padding: fields.or("padding", Border::Valid)?,
            groups: fields.or("groups", 1)?,
            weights: fields.optional("weights")?,
            bias: fields.or("bias", Start::Zeros)?,
        },
        "max_pool2d" => LayerKind::MaxPool2d {
            image: fields.required("image")?,
            kernel: fields.required("kernel")?,
            stride: fields.optional("stride")?,
            padding: fields.or("padding", Border::Valid)?,
        },
        "average_pool2d" => LayerKind::AveragePool2d {
            image: fields.required("image")?,
            kernel: fields.required("kernel")?,
            stride: fields.optional("stride")?,
            padding: fields.or("padding", Border::Valid)?,
        },
        "rnn" | "rnn_relu" | "lstm" | "gru" => LayerKind::Recurrent {
            cell: match name {
                "rnn" => CellKind::Rnn,
                "rnn_relu" => CellKind::RnnRelu,
                "lstm" => CellKind::Lstm { forget_bias: fields.or("forget_bias", 1.0)? },
                _ => CellKind::Gru,
            },
            steps: fields.required("steps")?,
            width: fields.required("width")?,
            hidden: fields.required("hidden")?,
            last: fields.or("last", false)?,
        },
        "embedding" => LayerKind::Embedding {
            count: fields.required("count")?,
            dim: fields.required("dim")?,
            weights: fields.optional("weights")?,
        },
        "multi_head_attention" => LayerKind::Attention {
            width: fields.required("width")?,
            heads: fields.required("heads")?,
            causal: fields.or("causal", false)?,
        },
        "residual" => LayerKind::Residual {
            layers: fields.required("layers")?,
            scale: fields.or("scale", 1.0)?,
            learned: fields.or("learned", false)?,
            projection: fields.optional("projection")?,
        },
        "sequential" => LayerKind::Sequential { layers: fields.required("layers")? },
        "per_step" => LayerKind::PerStep { width: fields.required("width")?, layer: fields.required("layer")? },
        _ => LayerKind::Activation(read_activation(name, fields)?),
    })
}

fn read_activation(name: &str, fields: &mut Fields<'_>) -> Result<ActivationKind, RecipeError> {
    let named = ActivationKind::KINDS.iter().find(|(known, _)| *known == name);
    let mut activation = named.map_or(ActivationKind::Identity, |&(_, activation)| activation);
    if let ActivationKind::LeakyRelu { slope } = &mut activation {
        *slope = fields.or("slope", *slope)?;
    }
    Ok(activation)
}

impl From<&LayerKind> for Value {
    fn from(layer: &LayerKind) -> Self {
        let table = Table::of_kind(layer.name());
        let list = |layers: &[LayerKind]| Self::from(layers.iter().map(Self::from).collect::<Vec<_>>());
        let one = (1, 1);
        Self::from(match layer {
            LayerKind::Linear { units, weights, bias } => table
                .with("units", *units)
                .maybe("weights", *weights)
                .maybe("bias", (*bias != Start::Zeros).then_some(*bias)),
            LayerKind::Activation(ActivationKind::LeakyRelu { slope }) => table.with("slope", *slope),
            LayerKind::Activation(_) | LayerKind::Flatten => table,
            LayerKind::Dropout { rate } => table.with("rate", *rate),
            LayerKind::BatchNorm { channels } => table.maybe("channels", *channels),
            LayerKind::LayerNorm { width } | LayerKind::RmsNorm { width } => table.maybe("width", *width),
            LayerKind::ChannelsLast { image } => table.with("image", *image),
            LayerKind::Conv2d { image, units, kernel, stride, dilation, padding, groups, weights, bias } => table
                .with("image", *image)
                .with("units", *units)
                .with("kernel", *kernel)
                .maybe("stride", (*stride != one.into()).then_some(*stride))
                .maybe("dilation", (*dilation != one.into()).then_some(*dilation))
                .maybe("padding", (*padding != Border::Valid).then_some(*padding))
                .unless(1, "groups", *groups)
                .maybe("weights", *weights)
                .maybe("bias", (*bias != Start::Zeros).then_some(*bias)),
            LayerKind::MaxPool2d { image, kernel, stride, padding }
            | LayerKind::AveragePool2d { image, kernel, stride, padding } => table
                .with("image", *image)
                .with("kernel", *kernel)
                .maybe("stride", *stride)
                .maybe("padding", (*padding != Border::Valid).then_some(*padding)),
            LayerKind::Recurrent { cell, steps, width, hidden, last } => {
                let forget = if let CellKind::Lstm { forget_bias } = cell { Some(*forget_bias) } else { None };
                table
                    .with("steps", *steps)
                    .with("width", *width)
                    .with("hidden", *hidden)
                    .unless(false, "last", *last)
                    .maybe("forget_bias", forget.filter(|bias| *bias != 1.0))
            }
            LayerKind::Embedding { count, dim, weights } => {
                table.with("count", *count).with("dim", *dim).maybe("weights", *weights)
            }
            LayerKind::Attention { width, heads, causal } => {
                table.with("width", *width).with("heads", *heads).unless(false, "causal", *causal)
            }
            LayerKind::Residual { layers, scale, learned, projection } => table
                .unless(1.0, "scale", *scale)
                .unless(false, "learned", *learned)
                .maybe("projection", projection.as_deref())
                .with("layers", list(layers)),
            LayerKind::Sequential { layers } => table.with("layers", list(layers)),
            LayerKind::PerStep { width, layer } => table.with("width", *width).with("layer", &**layer),
        })
    }
}
