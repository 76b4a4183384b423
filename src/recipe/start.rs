//! `Start`: where weights and biases begin.

use super::RecipeError;
use super::fields::{Fields, Read};
use super::tree::{Node, Table, Value};
use crate::{Constant, Error, He, Initializer, LeCun, Normal, Orthogonal, TruncatedNormal, Uniform, Xavier, Zeros};

/// Where the numbers of a parameter begin: an initializer, described.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// All the same.
    Constant {
        /// The number.
        value: f64,
    },
    /// Equally likely between two bounds.
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// Normal, cut at two standard deviations from the mean.
    TruncatedNormal {
        /// The mean.
        mean: f64,
        /// The standard deviation, before the cut.
        std: f64,
    },
    /// [`Xavier::uniform`].
    XavierUniform,
    /// [`Xavier::normal`].
    XavierNormal,
    /// [`He::uniform`].
    HeUniform,
    /// [`He::normal`].
    HeNormal,
    /// [`LeCun::uniform`].
    LeCunUniform,
    /// [`LeCun::normal`].
    LeCunNormal,
    /// [`Orthogonal`].
    Orthogonal {
        /// What the weights are multiplied by.
        gain: f64,
    },
}

impl Start {
    /// Every kind by its name; the numbers of those that have any are the usual ones.
    const KINDS: [(&'static str, Self); 13] = [
        ("zeros", Self::Zeros),
        ("ones", Self::Ones),
        ("constant", Self::Constant { value: 0.0 }),
        ("uniform", Self::Uniform { low: 0.0, high: 0.0 }),
        ("normal", Self::Normal { mean: 0.0, std: 0.0 }),
        ("truncated_normal", Self::TruncatedNormal { mean: 0.0, std: 0.0 }),
        ("xavier_uniform", Self::XavierUniform),
        ("xavier_normal", Self::XavierNormal),
        ("he_uniform", Self::HeUniform),
        ("he_normal", Self::HeNormal),
        ("lecun_uniform", Self::LeCunUniform),
        ("lecun_normal", Self::LeCunNormal),
        ("orthogonal", Self::Orthogonal { gain: 1.0 }),
    ];

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        let same = |other: &Self| std::mem::discriminant(other) == std::mem::discriminant(self);
        Self::KINDS.iter().find(|(_, kind)| same(kind)).map_or("", |(name, _)| name)
    }

    /// Whether every number begins the same.
    pub fn is_constant(&self) -> bool {
        match *self {
            Self::Zeros | Self::Ones | Self::Constant { .. } => true,
            Self::Normal { std, .. } | Self::TruncatedNormal { std, .. } => std == 0.0,
            Self::Uniform { low, high } => low == high,
            _ => false,
        }
    }

    /// The initializer it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<Box<dyn Initializer<f32>>, Error> {
        Ok(match *self {
            Self::Zeros => Box::new(Zeros),
            Self::Ones => Box::new(Constant::new(1.0)?),
            Self::Constant { value } => Box::new(Constant::new(value)?),
            Self::Uniform { low, high } => Box::new(Uniform::new(low, high)?),
            Self::Normal { mean, std } => Box::new(Normal::new(mean, std)?),
            Self::TruncatedNormal { mean, std } => Box::new(TruncatedNormal::new(mean, std)?),
            Self::Orthogonal { gain } => Box::new(Orthogonal::new(gain)?),
            Self::XavierUniform => Box::new(Xavier::uniform()),
            Self::XavierNormal => Box::new(Xavier::normal()),
            Self::HeUniform => Box::new(He::uniform()),
            Self::HeNormal => Box::new(He::normal()),
            Self::LeCunUniform => Box::new(LeCun::uniform()),
            Self::LeCunNormal => Box::new(LeCun::normal()),
        })
    }
}

impl Read for Start {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        let mut start = fields.kind(&Self::KINDS)?;
        fields.only(match start {
            Self::Constant { .. } => &["kind", "value"],
            Self::Uniform { .. } => &["kind", "low", "high"],
            Self::Normal { .. } | Self::TruncatedNormal { .. } => &["kind", "mean", "std"],
            Self::Orthogonal { .. } => &["kind", "gain"],
            _ => &["kind"],
        })?;
        match &mut start {
            Self::Constant { value } => *value = fields.required("value")?,
            Self::Uniform { low, high } => (*low, *high) = (fields.required("low")?, fields.required("high")?),
            Self::Normal { mean, std } | Self::TruncatedNormal { mean, std } => {
                (*mean, *std) = (fields.or("mean", 0.0)?, fields.required("std")?);
            }
            Self::Orthogonal { gain } => *gain = fields.or("gain", *gain)?,
            _ => {}
        }
        start.build().map_err(|error| fields.refused(error))?;
        Ok(start)
    }
}

impl From<Start> for Value {
    fn from(start: Start) -> Self {
        let table = Table::of_kind(start.name());
        Self::from(match start {
            Start::Constant { value } => table.with("value", value),
            Start::Uniform { low, high } => table.with("low", low).with("high", high),
            Start::Orthogonal { gain } => table.unless(1.0, "gain", gain),
            Start::Normal { mean, std } | Start::TruncatedNormal { mean, std } => {
                table.with("mean", mean).with("std", std)
            }
            _ => table,
        })
    }
}
