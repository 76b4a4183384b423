//! `ActivationKind`: a function of each number, or of each row, described.

use crate::{
    Elu, Error, Exponential, Gelu, HardSigmoid, Identity, Layer, LeakyRelu, Mish, Relu, Selu, Sigmoid, Silu, Softmax,
    Softplus, Softsign, Tanh,
};

/// An activation, described.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "they are named as the layers they describe")]
pub enum ActivationKind {
    Relu,
    LeakyRelu {
        /// The slope below zero.
        slope: f64,
    },
    Elu,
    Selu,
    Gelu,
    Silu,
    Mish,
    Tanh,
    Sigmoid,
    HardSigmoid,
    Softplus,
    Softsign,
    Exponential,
    Softmax,
    Identity,
}

impl ActivationKind {
    pub(super) const KINDS: [(&'static str, Self); 15] = [
        ("relu", Self::Relu),
        ("leaky_relu", Self::LeakyRelu { slope: 0.01 }),
        ("elu", Self::Elu),
        ("selu", Self::Selu),
        ("gelu", Self::Gelu),
        ("silu", Self::Silu),
        ("mish", Self::Mish),
        ("tanh", Self::Tanh),
        ("sigmoid", Self::Sigmoid),
        ("hard_sigmoid", Self::HardSigmoid),
        ("softplus", Self::Softplus),
        ("softsign", Self::Softsign),
        ("exponential", Self::Exponential),
        ("softmax", Self::Softmax),
        ("identity", Self::Identity),
    ];

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        let same = |other: &Self| std::mem::discriminant(other) == std::mem::discriminant(self);
        Self::KINDS.iter().find(|(_, kind)| same(kind)).map_or("", |(name, _)| name)
    }

    /// The values it can take: the least and the greatest, open or not.
    ///
    /// ```
    /// use evenkeel::recipe::ActivationKind;
    /// assert_eq!(ActivationKind::Tanh.range(), (-1.0, 1.0));
    /// assert_eq!(ActivationKind::Relu.range(), (0.0, f64::INFINITY));
    /// ```
    pub fn range(&self) -> (f64, f64) {
        let unbounded = f64::INFINITY;
        match self {
            Self::Sigmoid | Self::HardSigmoid | Self::Softmax => (0.0, 1.0),
            Self::Tanh | Self::Softsign => (-1.0, 1.0),
            Self::Relu | Self::Softplus | Self::Exponential => (0.0, unbounded),
            Self::Elu => (-1.0, unbounded),
            // lambda alpha
            Self::Selu => (-1.758_099_340_847_376_6, unbounded),
            // Their minima, found by Newton's method.
            Self::Gelu => (-0.169_971_2, unbounded),
            Self::Silu => (-0.278_464_6, unbounded),
            Self::Mish => (-0.308_840_3, unbounded),
            Self::LeakyRelu { .. } | Self::Identity => (-unbounded, unbounded),
        }
    }

    /// Whether it squeezes what it gets into a bounded range, number by number: its slope goes to zero at both ends.
    pub fn saturates(&self) -> bool {
        matches!(self, Self::Sigmoid | Self::HardSigmoid | Self::Tanh | Self::Softsign)
    }

    /// Whether it is exactly zero, with its slope, below some number: a unit may be off for good.
    pub fn can_die(&self) -> bool {
        matches!(self, Self::Relu)
    }

    pub(super) fn build(&self) -> Result<Box<dyn Layer<f32>>, Error> {
        Ok(match *self {
            Self::Relu => Box::new(Relu),
            Self::LeakyRelu { slope } => Box::new(LeakyRelu::new(slope)?),
            Self::Elu => Box::new(Elu::default()),
            Self::Selu => Box::new(Selu),
            Self::Gelu => Box::new(Gelu),
            Self::Silu => Box::new(Silu),
            Self::Mish => Box::new(Mish),
            Self::Tanh => Box::new(Tanh),
            Self::Sigmoid => Box::new(Sigmoid),
            Self::HardSigmoid => Box::new(HardSigmoid),
            Self::Softplus => Box::new(Softplus),
            Self::Softsign => Box::new(Softsign),
            Self::Exponential => Box::new(Exponential),
            Self::Softmax => Box::new(Softmax),
            Self::Identity => Box::new(Identity),
        })
    }
}
