//! Sizes as recipes write them: images, pairs of rows and columns, and what stands around an image.

use super::RecipeError;
use super::fields::{Count, Read, mismatch};
use super::tree::{Node, Value};
use crate::{Extent, Padding};

/// The three sizes of an image, in the order that its layer takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image(pub usize, pub usize, pub usize);

/// Rows and columns. A single number in a recipe means as many of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair(pub usize, pub usize);

/// What stands around an image: see [`Padding`].
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Nothing.
    Valid,
    /// As much as it takes.
    Same,
    /// So many rows above and below, so many columns left and right.
    Explicit(Pair),
}

impl From<(usize, usize)> for Pair {
    fn from((rows, cols): (usize, usize)) -> Self {
        Self(rows, cols)
    }
}

impl From<Pair> for Extent {
    fn from(Pair(rows, cols): Pair) -> Self {
        (rows, cols).into()
    }
}

impl From<Border> for Padding {
    fn from(border: Border) -> Self {
        match border {
            Border::Valid => Self::Valid,
            Border::Same => Self::Same,
            Border::Explicit(Pair(rows, cols)) => Self::Explicit { rows, cols },
        }
    }
}

impl Read for Image {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match Vec::<Count>::read(node, key)?[..] {
            [Count(one), Count(two), Count(three)] => Ok(Self(one, two, three)),
            _ => Err(mismatch(node, key, "a list of three sizes")),
        }
    }
}

impl Read for Pair {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        if let Value::Whole(_) = node.value {
            return Count::read(node, key).map(|Count(both)| Self(both, both));
        }
        match Vec::<Count>::read(node, key)?[..] {
            [Count(rows), Count(cols)] => Ok(Self(rows, cols)),
            _ => Err(mismatch(node, key, "a number, or a list of rows and columns")),
        }
    }
}

impl Read for Border {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match &node.value {
            Value::Text(text) if text == "valid" => Ok(Self::Valid),
            Value::Text(text) if text == "same" => Ok(Self::Same),
            Value::Text(_) => Err(mismatch(node, key, "\"valid\", \"same\", or a list of rows and columns")),
            // Unlike the sizes of windows these may be 0.
            Value::Whole(_) => usize::read(node, key).map(|both| Self::Explicit(Pair(both, both))),
            _ => match Vec::<usize>::read(node, key)?[..] {
                [rows, cols] => Ok(Self::Explicit(Pair(rows, cols))),
                _ => Err(mismatch(node, key, "\"valid\", \"same\", a number, or a list of rows and columns")),
            },
        }
    }
}

impl From<Image> for Value {
    fn from(Image(one, two, three): Image) -> Self {
        Self::from([one, two, three].map(Self::from).to_vec())
    }
}

impl From<Pair> for Value {
    fn from(Pair(rows, cols): Pair) -> Self {
        Self::from([rows, cols].map(Self::from).to_vec())
    }
}

impl From<Border> for Value {
    fn from(border: Border) -> Self {
        match border {
            Border::Valid => "valid".into(),
            Border::Same => "same".into(),
            Border::Explicit(pair) => pair.into(),
        }
    }
}
