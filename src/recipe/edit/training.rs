//! What is dropped, penalized and scaled, and which recurrent cells there are.

use crate::recipe::leaves::{leaves_mut, reads_indices};
use crate::recipe::{CellKind, LayerKind, OptimizerKind, Recipe, Scaling, Task};

/// Drops at most that share.
pub(in crate::recipe) fn drop_less(layers: &mut [LayerKind], most: f64) {
    for leaf in leaves_mut(layers) {
        if let LayerKind::Dropout { rate } = leaf {
            *rate = rate.min(most);
        }
    }
}

/// Leaves out dropout.
pub(in crate::recipe) fn drop_nothing(layers: &mut Vec<LayerKind>) {
    layers.retain(|layer| !matches!(layer, LayerKind::Dropout { .. }));
    for layer in layers {
        match layer {
            LayerKind::Residual { layers, .. } | LayerKind::Sequential { layers } => drop_nothing(layers),
            LayerKind::PerStep { layer, .. } => match &mut **layer {
                LayerKind::Sequential { layers } => drop_nothing(layers),
                LayerKind::Dropout { rate } => *rate = 0.0,
                _ => {}
            },
            _ => {}
        }
    }
}

/// Multiplies what pulls weights towards zero: the penalty, and a decay of the optimizer.
pub(in crate::recipe) fn weaken_penalty(recipe: &mut Recipe, factor: f64) {
    recipe.training.l2 *= factor;
    if let OptimizerKind::AdamW { weight_decay, .. } = &mut recipe.training.optimizer {
        *weight_decay *= factor;
    }
}

/// Brings inputs and targets to mean 0 and variance 1, as far as that makes sense: numbers of things are not to be scaled, nor classes.
pub(in crate::recipe) fn standardize(recipe: &mut Recipe, inputs: bool, targets: bool) {
    if inputs && !reads_indices(&recipe.layers) {
        recipe.data.inputs = Scaling::Standardize;
    }
    if let (true, Task::Regression { scale }) = (targets, &mut recipe.data.task) {
        *scale = Scaling::Standardize;
    }
}

/// Another cell in every recurrent layer, with weights that start as that cell asks for: an LSTM or a GRU, as the words say. By chrono
/// initialization the forget gate of an LSTM keeps what is as long ago as a row has steps (Tallec and Ollivier 2018).
pub(in crate::recipe) fn replace_recurrent(layers: &mut [LayerKind], with: &str) {
    for leaf in leaves_mut(layers) {
        let LayerKind::Recurrent { cell, steps, weights, recurrent_weights, .. } = leaf else { continue };
        let words = with.to_ascii_lowercase();
        let forget_bias = if words.contains("chrono") {
            (*steps as f64).ln().max(CellKind::FORGET_BIAS)
        } else {
            CellKind::FORGET_BIAS
        };
        *cell = match words {
            words if words.contains("lstm") => CellKind::Lstm { forget_bias },
            words if words.contains("gru") => CellKind::Gru,
            _ => continue,
        };
        (*weights, *recurrent_weights) = (None, None);
    }
}
