//! `activation`: one of the crate's.

use proptest::prelude::*;

use crate::{
    Elu, Exponential, Gelu, HardSigmoid, Identity, Layer, LeakyRelu, Mish, Relu, Selu, Sigmoid, Silu, Softplus,
    Softsign, Tanh,
};

/// An activation of the crate, to be made a layer of.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the activation of that name")]
pub enum AnyActivation {
    Identity,
    Relu,
    LeakyRelu,
    Tanh,
    Sigmoid,
    HardSigmoid,
    Elu,
    Selu,
    Gelu,
    Silu,
    Mish,
    Softplus,
    Softsign,
    Exponential,
}

impl AnyActivation {
    /// All there are, simplest first.
    pub const ALL: [Self; 14] = [
        Self::Identity,
        Self::Relu,
        Self::LeakyRelu,
        Self::Tanh,
        Self::Sigmoid,
        Self::HardSigmoid,
        Self::Elu,
        Self::Selu,
        Self::Gelu,
        Self::Silu,
        Self::Mish,
        Self::Softplus,
        Self::Softsign,
        Self::Exponential,
    ];

    /// The layer.
    pub fn layer(self) -> Box<dyn Layer<f64>> {
        match self {
            Self::Identity => Box::new(Identity),
            Self::Relu => Box::new(Relu),
            Self::LeakyRelu => Box::new(LeakyRelu::default()),
            Self::Tanh => Box::new(Tanh),
            Self::Sigmoid => Box::new(Sigmoid),
            Self::HardSigmoid => Box::new(HardSigmoid),
            Self::Elu => Box::new(Elu::default()),
            Self::Selu => Box::new(Selu),
            Self::Gelu => Box::new(Gelu),
            Self::Silu => Box::new(Silu),
            Self::Mish => Box::new(Mish),
            Self::Softplus => Box::new(Softplus),
            Self::Softsign => Box::new(Softsign),
            Self::Exponential => Box::new(Exponential),
        }
    }
}

/// Any activation of the crate that has no parameters; shrinks to the simpler ones.
pub fn activation() -> impl Strategy<Value = AnyActivation> + Clone {
    (0..AnyActivation::ALL.len()).prop_map(|index| AnyActivation::ALL[index])
}
