//! What is tried where the remedies of a diagnosis are not enough: each change brings a recipe nearer to a plain one.

use super::facts::Facts;
use crate::Remedy;
use crate::recipe::edit::{drop_nothing, fit_output};
use crate::recipe::{ActivationKind, ClipKind, LayerKind, OptimizerKind, Recipe, edit};

/// A change towards a plain recipe.
pub(super) type Plainer = fn(&mut Recipe, &Facts<'_>);

/// How many of them come first that are tried alone only where runs are cheap.
pub(super) const SMALL_CHANGES: usize = 2;

/// One after the other and all together, the least intrusive first.
pub(super) const PLAINER: &[Plainer] = &[
    |recipe, _| edit::standardize(recipe, true, true),
    |recipe, _| {
        edit::fit_weights(&mut recipe.layers);
        edit::zero_biases(&mut recipe.layers);
    },
    |recipe, _| {
        recipe.training.optimizer = OptimizerKind::adam(0.003);
        recipe.training.clip = Some(ClipKind::GlobalNorm { max: 1.0 });
        recipe.training.batch = recipe.training.batch.min(32);
    },
    |recipe, facts| train_for(recipe, facts, 2_000),
    |recipe, _| fit_output(recipe),
    |recipe, _| plain_layers(recipe),
    |recipe, _| {
        recipe.training.l2 = 0.0;
        drop_nothing(&mut recipe.layers);
    },
    |recipe, facts| train_for(recipe, facts, 10_000),
];

/// Two hidden layers of ReLU, with 64 units at least, and no normalization of single numbers, which leaves nothing of them.
fn plain_layers(recipe: &mut Recipe) {
    recipe.layers.retain(|layer| {
        !matches!(layer, LayerKind::LayerNorm { width: Some(1) } | LayerKind::RmsNorm { width: Some(1) })
    });
    Remedy::AddHiddenLayer { units: 64 }.apply(recipe);
    Remedy::FewerLayers.apply(recipe);
    edit::widen(&mut recipe.layers, 64);
    edit::replace_hidden(&mut recipe.layers, ActivationKind::Relu);
    edit::add_between(&mut recipe.layers, ActivationKind::Relu);
    edit::fit_weights(&mut recipe.layers);
    edit::zero_biases(&mut recipe.layers);
}

/// Trains for so many steps at least, as far as a trial may go.
fn train_for(recipe: &mut Recipe, facts: &Facts<'_>, steps: u64) {
    let an_epoch = (facts.data.rows().0 as u64).div_ceil(recipe.training.batch.max(1) as u64).max(1);
    let before = recipe.training.epochs;
    let factor = steps.div_ceil(an_epoch).div_ceil(before.max(1));
    if factor > 1 {
        recipe.training.epochs = before.saturating_mul(factor);
        facts.trials.limit_epochs(recipe, before);
    }
}
