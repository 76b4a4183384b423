//! `Trial`: the recipe once more with one thing changed, to see whether that was it.

use super::facts::Facts;
use super::limits::SHORT;
use crate::recipe::{LayerKind, Recipe, Scaling, Task};

/// How many times the passes of the original run a trial may take, or how many passes in all: a short run may be tried for longer.
const LONGER: u64 = 100;
const PASSES: u64 = 400_000;

/// Whether the recipe, changed like that, reaches most of what can be reached.
pub(super) fn mends(facts: &Facts<'_>, change: impl FnOnce(&mut Recipe)) -> bool {
    let mut recipe = facts.recipe.clone();
    change(&mut recipe);
    let Ok(data) = facts.data.again(&recipe) else { return false };
    let Ok(run) = recipe.run_on(&data) else { return false };
    if run.stopped.is_some() || !run.end.train.loss.is_finite() {
        return false;
    }
    let gain = Facts::gain(run.end.train.score.value(), run.trivial.score.value());
    let before = facts.run_gains().0;
    let before = if before.is_finite() { before.max(0.0) } else { 0.0 };
    // Most of what can be reached, and half of what was missing.
    gain >= SHORT * facts.reach() && gain - before >= 0.5 * (facts.reach() - before)
}

pub(super) fn scale_rate(recipe: &mut Recipe, factor: f64) {
    let optimizer = recipe.training.optimizer;
    recipe.training.optimizer = optimizer.with_rate(optimizer.learning_rate() * factor);
}

/// Trains longer, but never beyond all bounds.
pub(super) fn train_longer(recipe: &mut Recipe, rows: usize, factor: u64) {
    let most = (PASSES / rows.max(1) as u64).max(recipe.training.epochs);
    recipe.training.epochs = recipe.training.epochs.saturating_mul(factor.min(LONGER)).min(most);
}

pub(super) fn drop_less(recipe: &mut Recipe, most: f64) {
    for layer in &mut recipe.layers {
        if let LayerKind::Dropout { rate } = layer {
            *rate = rate.min(most);
        }
    }
}

pub(super) fn standardize(recipe: &mut Recipe, inputs: bool, targets: bool) {
    if inputs {
        recipe.data.inputs = Scaling::Standardize;
    }
    if let (true, Task::Regression { scale }) = (targets, &mut recipe.data.task) {
        *scale = Scaling::Standardize;
    }
}

/// Gives every layer but the last so many units at least.
pub(super) fn widen(recipe: &mut Recipe, least: usize) {
    let last = recipe.layers.iter().rposition(|layer| matches!(layer, LayerKind::Linear { .. })).unwrap_or(0);
    for layer in &mut recipe.layers[..last] {
        if let LayerKind::Linear { units, .. } = layer {
            *units = least.max(*units);
        }
    }
}
