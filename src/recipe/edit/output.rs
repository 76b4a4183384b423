//! Output, loss and targets.

use super::activations::truncate;
use crate::recipe::leaves::leaves_mut;
use crate::recipe::{ActivationKind, LayerKind, LossKind, Recipe, Task};

/// The output as wide as the targets, with nothing behind it, and the loss that takes that.
pub(in crate::recipe) fn fit_output(recipe: &mut Recipe) {
    truncate(&mut recipe.layers);
    recipe.training.loss = match recipe.data.task {
        Task::Classification { classes, one_hot: false } if classes <= 2 => {
            recipe.layers.push(LayerKind::Activation(ActivationKind::Sigmoid));
            LossKind::BinaryCrossEntropy
        }
        Task::Classification { classes, .. } => {
            if last_units(recipe).is_some_and(|units| *units == 1) {
                set_units(recipe, classes);
            }
            recipe.data.task = Task::Classification { classes, one_hot: true };
            LossKind::SoftmaxCrossEntropy
        }
        Task::Multilabel => LossKind::SigmoidCrossEntropy,
        Task::Regression { .. } => LossKind::MeanSquared,
    };
}

/// Classes told as one-hot rows, with one output for each.
pub(in crate::recipe) fn one_hot(recipe: &mut Recipe) {
    if let Task::Classification { classes, one_hot: one_hot @ false } = &mut recipe.data.task {
        *one_hot = true;
        let classes = *classes;
        set_units(recipe, classes);
    }
}

fn set_units(recipe: &mut Recipe, wanted: usize) {
    if let Some(units) = last_units(recipe) {
        *units = wanted;
    }
}

/// How many units the layer has that gives the output.
fn last_units(recipe: &mut Recipe) -> Option<&mut usize> {
    leaves_mut(&mut recipe.layers).into_iter().rev().find(|leaf| leaf.is_weighted())?.units_mut()
}
