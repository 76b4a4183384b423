//! How a layer is written in a recipe, and read.

use super::fields::{Fields, Read};
use super::shape::{Border, Pair};
use super::tree::{Node, Table, Value};
use super::{ActivationKind, CellKind, LayerKind, RecipeError, Start};

impl Read for LayerKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        let named = ActivationKind::KINDS.map(|(name, _)| (name, name));
        let names: Vec<_> = Self::NAMES.iter().map(|&name| (name, name)).chain(named).collect();
        let name = fields.kind(&names)?;
        fields.only(keys(name))?;
        let layer = read_fields(name, &fields)?;
        layer.build().map_err(|error| fields.refused(error))?;
        Ok(layer)
    }
}

/// Every key of a layer of that name.
fn keys(name: &str) -> &'static [&'static str] {
    match name {
        "linear" => &["kind", "units", "weights", "bias"],
        "dropout" => &["kind", "rate"],
        "batch_norm" => &["kind", "channels"],
        "layer_norm" | "rms_norm" => &["kind", "width"],
        "channels_last" => &["kind", "image"],
        "conv2d" => &["kind", "image", "units", "kernel", "stride", "dilation", "padding", "groups", "weights", "bias"],
        "max_pool2d" | "average_pool2d" => &["kind", "image", "kernel", "stride", "padding"],
        "rnn" | "rnn_relu" | "gru" => {
            &["kind", "steps", "width", "hidden", "last", "weights", "recurrent_weights", "bias"]
        }
        "lstm" => &["kind", "steps", "width", "hidden", "last", "forget_bias", "weights", "recurrent_weights", "bias"],
        "embedding" => &["kind", "count", "dim", "weights"],
        "multi_head_attention" => &["kind", "width", "heads", "causal"],
        "residual" => &["kind", "layers", "scale", "learned", "projection"],
        "sequential" => &["kind", "layers"],
        "per_step" => &["kind", "width", "layer"],
        "leaky_relu" => &["kind", "slope"],
        // The other activations, and what flattens.
        _ => &["kind"],
    }
}

/// The layer of that name, from the rest of its table.
fn read_fields(name: &str, fields: &Fields<'_>) -> Result<LayerKind, RecipeError> {
    Ok(match name {
        "linear" => LayerKind::Linear {
            units: fields.count("units")?,
            weights: fields.optional("weights")?,
            bias: fields.or("bias", Start::Zeros)?,
        },
        "dropout" => LayerKind::Dropout { rate: fields.required("rate")? },
        "batch_norm" => LayerKind::BatchNorm { channels: fields.optional_count("channels")? },
        "layer_norm" => LayerKind::LayerNorm { width: fields.optional_count("width")? },
        "rms_norm" => LayerKind::RmsNorm { width: fields.optional_count("width")? },
        "flatten" => LayerKind::Flatten,
        "channels_last" => LayerKind::ChannelsLast { image: fields.required("image")? },
        "conv2d" => LayerKind::Conv2d {
            image: fields.required("image")?,
            units: fields.count("units")?,
            kernel: fields.required("kernel")?,
            stride: fields.or("stride", Pair(1, 1))?,
            dilation: fields.or("dilation", Pair(1, 1))?,
            padding: fields.or("padding", Border::Valid)?,
            groups: fields.optional_count("groups")?.unwrap_or(1),
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
            cell: CellKind::read(name, fields)?,
            steps: fields.count("steps")?,
            width: fields.count("width")?,
            hidden: fields.count("hidden")?,
            last: fields.or("last", false)?,
            weights: fields.optional("weights")?,
            recurrent_weights: fields.optional("recurrent_weights")?,
            bias: fields.or("bias", Start::Zeros)?,
        },
        "embedding" => LayerKind::Embedding {
            count: fields.count("count")?,
            dim: fields.count("dim")?,
            weights: fields.optional("weights")?,
        },
        "multi_head_attention" => LayerKind::Attention {
            width: fields.count("width")?,
            heads: fields.count("heads")?,
            causal: fields.or("causal", false)?,
        },
        "residual" => LayerKind::Residual {
            layers: fields.required("layers")?,
            scale: fields.or("scale", 1.0)?,
            learned: fields.or("learned", false)?,
            projection: fields.optional("projection")?,
        },
        "sequential" => LayerKind::Sequential { layers: fields.required("layers")? },
        "per_step" => LayerKind::PerStep { width: fields.count("width")?, layer: fields.required("layer")? },
        _ => LayerKind::Activation(read_activation(name, fields)?),
    })
}

fn read_activation(name: &str, fields: &Fields<'_>) -> Result<ActivationKind, RecipeError> {
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
            LayerKind::Recurrent { cell, steps, width, hidden, last, weights, recurrent_weights, bias } => table
                .with("steps", *steps)
                .with("width", *width)
                .with("hidden", *hidden)
                .unless(false, "last", *last)
                .maybe("forget_bias", cell.forget_bias().filter(|bias| *bias != CellKind::FORGET_BIAS))
                .maybe("weights", *weights)
                .maybe("recurrent_weights", *recurrent_weights)
                .maybe("bias", (*bias != Start::Zeros).then_some(*bias)),
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
