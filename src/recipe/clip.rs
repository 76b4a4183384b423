//! `ClipKind`: a clipper, described.

use super::RecipeError;
use super::fields::{Fields, Read};
use super::tree::{Node, Table, Value};
use crate::{ByValue, Error, GlobalNorm, GradientClipper, PerLayerNorm};

/// A clipper, described.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClipKind {
    /// [`GlobalNorm`].
    GlobalNorm {
        /// The limit.
        max: f64,
    },
    /// [`PerLayerNorm`].
    PerLayerNorm {
        /// The limit.
        max: f64,
    },
    /// [`ByValue`].
    Value {
        /// The limit.
        max: f64,
    },
}

impl ClipKind {
    /// Its name in a recipe, and its limit.
    fn parts(&self) -> (&'static str, f64) {
        match *self {
            Self::GlobalNorm { max } => ("global_norm", max),
            Self::PerLayerNorm { max } => ("per_layer_norm", max),
            Self::Value { max } => ("value", max),
        }
    }

    /// The clipper it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses the limit.
    pub fn build(&self) -> Result<Box<dyn GradientClipper<f32>>, Error> {
        Ok(match *self {
            Self::GlobalNorm { max } => Box::new(GlobalNorm::new(max)?),
            Self::PerLayerNorm { max } => Box::new(PerLayerNorm::new(max)?),
            Self::Value { max } => Box::new(ByValue::new(max)?),
        })
    }
}

impl Read for ClipKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let mut fields = Fields::of(node, key)?;
        let kinds = [
            ("global_norm", Self::GlobalNorm { max: 0.0 }),
            ("per_layer_norm", Self::PerLayerNorm { max: 0.0 }),
            ("value", Self::Value { max: 0.0 }),
        ];
        let mut clip = fields.kind(&kinds)?;
        let (Self::GlobalNorm { max } | Self::PerLayerNorm { max } | Self::Value { max }) = &mut clip;
        *max = fields.required("max")?;
        clip.build().map_err(|error| fields.refused(error))?;
        fields.finish()?;
        Ok(clip)
    }
}

impl From<ClipKind> for Value {
    fn from(clip: ClipKind) -> Self {
        let (kind, max) = clip.parts();
        Table::of_kind(kind).with("max", max).into()
    }
}
