//! `Rank`: how good a run is, beside others of the same data.

use super::facts::Facts;
use super::limits::{CHANCE, SHORT};
use crate::recipe::Run;

/// How good a run is: whether nothing is found, and then what share of the control's gain on the validation rows it has.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Rank {
    pub(super) healthy: bool,
    pub(super) share: f64,
}

impl Rank {
    pub(super) fn of(facts: &Facts<'_>, healthy: bool) -> Self {
        let share = facts.run_gains().1 / facts.control_gain().max(f64::MIN_POSITIVE);
        Self { healthy, share: if share.is_finite() { share } else { f64::MIN } }
    }

    /// Whether nothing more is to be tried.
    pub(super) fn is_enough(&self) -> bool {
        self.healthy && self.share >= SHORT
    }
}

/// Whether a run is better than the original one, in what nobody can dispute: what is worse on the validation rows is no repair, unless the
/// original broke off, or had not learned anything.
pub(super) fn is_better(original: &Facts<'_>, changed: &Facts<'_>, healthy: bool) -> bool {
    let (before, after) = (original.run_gains().1, changed.run_gains().1);
    if changed.run.stopped.is_some() || !after.is_finite() {
        return false;
    }
    let failed = original.run.stopped.is_some() || !before.is_finite() || before <= CHANCE || original.not_decreased();
    if failed {
        return after > before || healthy || !before.is_finite();
    }
    // Of two answers that are as often right, that with the larger loss is the worse one.
    let same_loss = original.recipe.training.loss == changed.recipe.training.loss
        && original.recipe.data.task == changed.recipe.data.task;
    let loss = |run: &Run| run.end.validation.loss;
    let dearer = same_loss && loss(changed.run) > loss(original.run);
    after > before && (healthy || !dearer) || (after == before && healthy && !dearer)
}
