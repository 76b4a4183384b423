//! From a description to layers, and to a network.

use super::recurrent::{BesideForgetGate, RecurrentStarts};
use super::shape::Image;
use super::{CellKind, LayerKind, Recipe, Start};
use crate::{
    AveragePool2d, BatchNorm, ChannelsLast, Conv2d, Dropout, Embedding, Error, Flatten, Gru, Initializer, Layer,
    LayerNorm, Linear, Lstm, MaxPool2d, MultiHeadAttention, Network, PerStep, Residual, RmsNorm, Rnn, Sequential,
};

impl Recipe {
    /// The untrained network, for rows of `n_in` numbers.
    ///
    /// # Errors
    /// Those of [`NetworkBuilder::build`](crate::NetworkBuilder::build).
    pub fn network(&self, n_in: usize) -> Result<Network<f32>, Error> {
        let mut builder = Network::builder(n_in).seed(self.seed);
        for (at, layer) in self.layers.iter().enumerate() {
            let built = layer.build().map_err(|error| error.in_layer(&format!("{at}.{}", layer.name())))?;
            builder = builder.boxed(built);
        }
        builder.build()
    }
}

/// Where weights begin, where it is said.
pub(super) fn starts(weights: &Option<Start>) -> Result<Option<Box<dyn Initializer<f32>>>, Error> {
    weights.map(|weights| weights.build()).transpose()
}

fn inside(layers: &[LayerKind]) -> Result<Sequential<f32>, Error> {
    layers.iter().try_fold(Sequential::new(), |inside, layer| Ok(inside.boxed(layer.build()?)))
}

fn sizes(Image(one, two, three): Image) -> (usize, usize, usize) {
    (one, two, three)
}

impl LayerKind {
    /// The layer it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<Box<dyn Layer<f32>>, Error> {
        Ok(match self {
            Self::Linear { units, weights, bias } => {
                let linear = Linear::new(*units).biases(bias.build()?);
                Box::new(match starts(weights)? {
                    Some(weights) => linear.weights(weights),
                    None => linear,
                })
            }
            Self::Activation(activation) => activation.build()?,
            Self::Dropout { rate } => Box::new(Dropout::new(*rate)?),
            Self::BatchNorm { channels } => Box::new(channels.map_or_else(BatchNorm::new, BatchNorm::channels)),
            Self::LayerNorm { width } => Box::new(width.map_or_else(LayerNorm::new, LayerNorm::over)),
            Self::RmsNorm { width } => Box::new(width.map_or_else(RmsNorm::new, RmsNorm::over)),
            Self::Flatten => Box::new(Flatten),
            Self::ChannelsLast { image } => Box::new(ChannelsLast::new(sizes(*image))),
            Self::Conv2d { image, units, kernel, stride, dilation, padding, groups, weights, bias } => {
                let layer = Conv2d::new(sizes(*image), *units, *kernel)
                    .stride(*stride)
                    .dilation(*dilation)
                    .padding((*padding).into())
                    .groups(*groups)
                    .biases(bias.build()?);
                Box::new(match starts(weights)? {
                    Some(weights) => layer.weights(weights),
                    None => layer,
                })
            }
            Self::MaxPool2d { image, kernel, stride, padding } => Box::new(
                MaxPool2d::new(sizes(*image), *kernel).stride(stride.unwrap_or(*kernel)).padding((*padding).into()),
            ),
            Self::AveragePool2d { image, kernel, stride, padding } => Box::new(
                AveragePool2d::new(sizes(*image), *kernel).stride(stride.unwrap_or(*kernel)).padding((*padding).into()),
            ),
            Self::Recurrent { cell, steps, width, hidden, last, weights, recurrent_weights, bias } => {
                let (steps, width, hidden) = (*steps, *width, *hidden);
                let starts = RecurrentStarts { last: *last, weights, recurrent_weights, bias };
                match *cell {
                    CellKind::Rnn => Box::new(starts.of(Rnn::new(steps, width, hidden)?)?),
                    CellKind::RnnRelu => Box::new(starts.of(Rnn::new(steps, width, hidden)?.relu())?),
                    CellKind::Gru => Box::new(starts.of(Gru::new(steps, width, hidden)?)?),
                    CellKind::Lstm { forget_bias } => {
                        let layer = starts.of(Lstm::new(steps, width, hidden)?)?;
                        Box::new(match bias {
                            Start::Zeros => layer.forget_bias(forget_bias)?,
                            others => layer.biases(BesideForgetGate::new(others, forget_bias)?),
                        })
                    }
                }
            }
            Self::Embedding { count, dim, weights } => {
                let layer = Embedding::new(*count, *dim);
                Box::new(match starts(weights)? {
                    Some(weights) => layer.weights(weights),
                    None => layer,
                })
            }
            Self::Attention { width, heads, causal } => {
                let layer = MultiHeadAttention::new(*width, *heads);
                Box::new(if *causal { layer.causal() } else { layer })
            }
            Self::Residual { layers, scale, learned, projection } => {
                let layer = Residual::from(inside(layers)?);
                let layer = if *learned { layer.learned_scale(*scale)? } else { layer.scale(*scale)? };
                Box::new(match projection {
                    Some(projection) => layer.projection(inside(std::slice::from_ref(projection))?),
                    None => layer,
                })
            }
            Self::Sequential { layers } => Box::new(inside(layers)?),
            Self::PerStep { width, layer } => Box::new(PerStep::new(*width, inside(std::slice::from_ref(layer))?)),
        })
    }
}
