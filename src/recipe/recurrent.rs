//! `CellKind`: the cell of a recurrent layer, described; and how such a layer begins.

use super::build::starts;
use super::fields::Fields;
use super::{RecipeError, Start};
use crate::layer::RecurrentCell;
use crate::{Error, Generator, InitMoments, Initializer, Param, Recurrent};

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
    /// Where the biases of a forget gate begin unless told otherwise.
    pub(super) const FORGET_BIAS: f64 = 1.0;

    /// The cell of that name, from the rest of its layer's table.
    pub(super) fn read(name: &str, fields: &Fields<'_>) -> Result<Self, RecipeError> {
        Ok(match name {
            "rnn" => Self::Rnn,
            "rnn_relu" => Self::RnnRelu,
            "lstm" => Self::Lstm { forget_bias: fields.or("forget_bias", Self::FORGET_BIAS)? },
            _ => Self::Gru,
        })
    }

    /// Where the biases of its forget gate begin, if it has one.
    pub(super) fn forget_bias(&self) -> Option<f64> {
        if let Self::Lstm { forget_bias } = self { Some(*forget_bias) } else { None }
    }

    /// Its name in a recipe.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::RnnRelu => "rnn_relu",
            Self::Lstm { .. } => "lstm",
            Self::Gru => "gru",
        }
    }
}

/// What a description says of a recurrent layer besides its cell and its sizes.
pub(super) struct RecurrentStarts<'a> {
    pub(super) last: bool,
    pub(super) weights: &'a Option<Start>,
    pub(super) recurrent_weights: &'a Option<Start>,
    pub(super) bias: &'a Start,
}

impl RecurrentStarts<'_> {
    /// The layer with all of that.
    pub(super) fn of<C: RecurrentCell<f32>>(&self, layer: Recurrent<f32, C>) -> Result<Recurrent<f32, C>, Error> {
        let mut layer = layer.biases(self.bias.build()?);
        if self.last {
            layer = layer.last();
        }
        if let Some(weights) = starts(self.weights)? {
            layer = layer.weights(weights);
        }
        if let Some(weights) = starts(self.recurrent_weights)? {
            layer = layer.recurrent_weights(weights);
        }
        Ok(layer)
    }
}

/// The biases of an LSTM: those of the forget gate at a number, the others as an initializer says.
#[derive(Debug)]
pub(super) struct BesideForgetGate {
    others: Box<dyn Initializer<f32>>,
    forget: f32,
}

impl BesideForgetGate {
    pub(super) fn new(others: &Start, forget: f64) -> Result<Self, Error> {
        let forget = Error::finite("Lstm", "forget_bias", forget)? as f32;
        Ok(Self { others: others.build()?, forget })
    }
}

impl Initializer<f32> for BesideForgetGate {
    fn fill(&self, param: &Param, out: &mut [f32], rng: &mut Generator) -> Result<(), Error> {
        self.others.fill(param, out, rng)?;
        // Of the four gates it is the second.
        let hidden = param.cols / 4;
        out[hidden..2 * hidden].fill(self.forget);
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        None
    }
}
