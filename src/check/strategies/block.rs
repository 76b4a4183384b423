//! `block`: what a network is stacked of.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::{AnyActivation, activation};
use crate::{
    BatchNorm, Conv2d, Dropout, Error, LayerNorm, Linear, NetworkBuilder, Padding, Residual, RmsNorm, Sequential,
};

/// What a block has beside a linear layer and an activation.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Nothing.
    Plain,
    /// Dropout behind the activation, of one number in four.
    Dropout,
    /// Layer normalization before the activation.
    LayerNorm,
    /// Normalization by the root mean square before the activation.
    RmsNorm,
    /// Batch normalization before the activation.
    BatchNorm,
    /// A residual branch behind it: another linear layer and activation.
    Residual,
    /// A convolution before it, with an activation of its own: two filters of three numbers, over the row as a sequence.
    Convolution,
}

impl BlockKind {
    /// All there are, simplest first.
    pub const ALL: [Self; 7] = [
        Self::Plain,
        Self::Dropout,
        Self::LayerNorm,
        Self::RmsNorm,
        Self::BatchNorm,
        Self::Residual,
        Self::Convolution,
    ];
}

/// A linear layer and an activation, and what else there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyBlock {
    /// The units of the linear layer.
    pub units: usize,
    /// The activation behind it.
    pub activation: AnyActivation,
    /// What it has beside them.
    pub kind: BlockKind,
}

impl AnyBlock {
    /// With nothing beside the two.
    pub fn plain(units: usize, activation: AnyActivation) -> Self {
        Self { units, activation, kind: BlockKind::Plain }
    }

    /// Puts its layers behind those of a network that ends with so many numbers.
    pub(super) fn onto(self, builder: NetworkBuilder<f64>, width: usize) -> Result<NetworkBuilder<f64>, Error> {
        let Self { units, activation, kind } = self;
        let filters = Conv2d::of_sequence((width, 1), 2, 3).padding(Padding::Same);
        let builder = match kind {
            BlockKind::Convolution => builder.layer(filters).boxed(activation.layer()),
            _ => builder,
        };
        let builder = builder.layer(Linear::new(units));
        let builder = match kind {
            BlockKind::LayerNorm => builder.layer(LayerNorm::new()),
            BlockKind::RmsNorm => builder.layer(RmsNorm::new()),
            BlockKind::BatchNorm => builder.layer(BatchNorm::new()),
            _ => builder,
        };
        let builder = builder.boxed(activation.layer());
        Ok(match kind {
            BlockKind::Dropout => builder.layer(Dropout::new(0.25)?),
            BlockKind::Residual => {
                let branch = Sequential::new().layer(Linear::new(units)).boxed(activation.layer());
                builder.layer(Residual::from(branch))
            }
            _ => builder,
        })
    }
}

/// Any block of so many units; shrinks to few units, a simple activation and nothing beside it. The activation is not
/// [`Exponential`](crate::Exponential): three of it, one behind the other, are beyond `f64`.
pub fn block(units: RangeInclusive<usize>) -> impl Strategy<Value = AnyBlock> + Clone {
    let kind = (0..BlockKind::ALL.len()).prop_map(|index| BlockKind::ALL[index]);
    let bounded = activation().prop_map(|drawn| match drawn {
        AnyActivation::Exponential => AnyActivation::Identity,
        other => other,
    });
    (units, bounded, kind).prop_map(|(units, activation, kind)| AnyBlock { units, activation, kind })
}
