//! `Trial`: the recipe once more with one thing changed, to see whether that was it.

use super::facts::Facts;
use super::limits::{FAR_SHORT, SHORT};
use crate::recipe::{LayerKind, Recipe, Scaling, Task};
use crate::{Finding, Severity, Symptom};

/// How many rows a trial that trains longer may see, and how many multiplications by a weight it may take: some seconds of one core.
const ROWS: u64 = 400_000;
const WORK: u64 = 5_000_000_000;

/// And how many times a batch may pass a layer: what counts where layers are small.
const CALLS: u64 = 300_000;

/// Whether the recipe, changed like that, reaches most of what can be reached.
pub(super) fn mends(facts: &Facts<'_>, change: impl FnOnce(&mut Recipe)) -> bool {
    // Of a run that broke off it is enough to learn at all.
    gets_to(if facts.run.stopped.is_some() { FAR_SHORT } else { SHORT }, facts, change)
}

/// Whether the recipe, changed like that, reaches that share of what can be reached, and half of what was missing.
pub(super) fn gets_to(share: f64, facts: &Facts<'_>, change: impl FnOnce(&mut Recipe)) -> bool {
    if !facts.short() {
        // There is nothing to be mended that a score could tell.
        return false;
    }
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
    gain >= share * facts.reach() && gain - before >= 0.5 * (facts.reach() - before)
}

/// Whether a run that does not fall short is as good with that change, and shows nothing any more of what comes of steps too large.
pub(super) fn quiets(facts: &Facts<'_>, findings: &[Finding], change: impl FnOnce(&mut Recipe)) -> bool {
    const OF_LARGE_STEPS: [Symptom; 5] = [
        Symptom::UnstableLoss,
        Symptom::ExplodingGradients,
        Symptom::ExplodingWeights,
        Symptom::DeadUnits,
        Symptom::SaturatedUnits,
    ];
    let of_steps = |finding: &Finding| finding.severity > Severity::Info && OF_LARGE_STEPS.contains(&finding.symptom);
    if facts.short() || !findings.iter().any(of_steps) {
        return false;
    }
    let mut recipe = facts.recipe.clone();
    change(&mut recipe);
    let Ok(data) = facts.data.again(&recipe) else { return false };
    let Ok(run) = recipe.run_on(&data) else { return false };
    let gain = Facts::gain(run.end.train.score.value(), run.trivial.score.value());
    run.stopped.is_none() && !run.report.findings.iter().any(of_steps) && gain >= SHORT * facts.run_gains().0
}

pub(super) fn scale_rate(recipe: &mut Recipe, factor: f64) {
    let optimizer = recipe.training.optimizer;
    recipe.training.optimizer = optimizer.with_rate(optimizer.learning_rate() * factor);
}

/// Trains longer, but never beyond all bounds; `weights` are those of the network.
pub(super) fn train_longer(recipe: &mut Recipe, facts: &Facts<'_>, factor: u64) {
    let rows = facts.data.rows().0.max(1) as u64;
    let weights = facts.run.network.parameters().len().max(1) as u64;
    let calls = rows.div_ceil(recipe.training.batch.max(1) as u64) * recipe.layers.len().max(1) as u64;
    let most = (ROWS / rows).min(WORK / rows / weights).min(CALLS / calls).max(recipe.training.epochs);
    recipe.training.epochs = recipe.training.epochs.saturating_mul(factor).min(most);
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

/// Leaves out all hidden layers behind the first few, with what follows each.
pub(super) fn shorten(recipe: &mut Recipe, hidden: usize) {
    let linear = |layer: &LayerKind| matches!(layer, LayerKind::Linear { .. });
    let places: Vec<usize> =
        recipe.layers.iter().enumerate().filter(|(_, layer)| linear(layer)).map(|(at, _)| at).collect();
    if let (Some(&from), Some(&to)) = (places.get(hidden), places.last()) {
        recipe.layers.drain(from..to);
    }
}
