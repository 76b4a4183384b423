//! Edits: what a remedy changes in a recipe, in layers of every kind.

mod activations;
mod depth;
mod normalization;
mod output;
mod rates;
mod starts;
mod training;
mod width;

pub(super) use activations::{add_between, replace_hidden, set_output};
pub(super) use depth::shorten;
pub(super) use normalization::normalize;
pub(super) use output::{fit_output, one_hot};
pub(super) use rates::{more_epochs, steady};
pub(super) use starts::{fit_weights, randomize_constant, zero_biases};
pub(super) use training::{drop_less, drop_nothing, replace_recurrent, standardize, weaken_penalty};
pub(super) use width::{add_hidden, widen};
