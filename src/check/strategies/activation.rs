//! `activation`: one of the crate's.

use proptest::prelude::*;

use crate::{Elu, Gelu, Identity, Layer, Mish, Relu, Selu, Sigmoid, Silu, Softplus, Softsign, Tanh};

/// An activation of the crate, to be made a layer of.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the activation of that name")]
pub enum AnyActivation {
    Identity,
    Relu,
    Tanh,
    Sigmoid,
    Elu,
    Selu,
    Gelu,
    Silu,
    Mish,
    Softplus,
    Softsign,
}

impl AnyActivation {
    /// All there are, simplest first.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Relu,
        Self::Tanh,
        Self::Sigmoid,
        Self::Elu,
        Self::Selu,
        Self::Gelu,
        Self::Silu,
        Self::Mish,
        Self::Softplus,
        Self::Softsign,
    ];

    /// The layer.
    pub fn layer(self) -> Box<dyn Layer<f64>> {
        match self {
            Self::Identity => Box::new(Identity),
            Self::Relu => Box::new(Relu),
            Self::Tanh => Box::new(Tanh),
            Self::Sigmoid => Box::new(Sigmoid),
            Self::Elu => Box::new(Elu::default()),
            Self::Selu => Box::new(Selu),
            Self::Gelu => Box::new(Gelu),
            Self::Silu => Box::new(Silu),
            Self::Mish => Box::new(Mish),
            Self::Softplus => Box::new(Softplus),
            Self::Softsign => Box::new(Softsign),
        }
    }
}

/// Any activation of the crate that has no parameters; shrinks to the simpler ones.
pub fn activation() -> impl Strategy<Value = AnyActivation> + Clone {
    (0..AnyActivation::ALL.len()).prop_map(|index| AnyActivation::ALL[index])
}
