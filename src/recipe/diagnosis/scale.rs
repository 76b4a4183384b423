//! Whether inputs and targets are of the size that weights and rates are made for.

use super::facts::Facts;
use super::limits::{TINY, UNSCALED};
use super::notice::{Notice, notice};
use crate::recipe::leaves::reads_indices;
use crate::recipe::{Recipe, Task};
use crate::stability::short;
use crate::{Cause, Remedy, Symptom};

/// Inputs far from that size; and targets.
pub(super) fn inputs(facts: &Facts<'_>) -> bool {
    let spread = facts.input_spread();
    // What is always the same is no better at any scale, and what an embedding looks up has none.
    let scaled = spread > 0.0 && !reads_indices(&facts.recipe.layers);
    scaled && (facts.input_size() > UNSCALED || spread < TINY)
}

pub(super) fn targets(facts: &Facts<'_>) -> bool {
    facts.target_spread() > UNSCALED
}

/// Only where the run suffers from something: what trains well is not to be mended.
pub(super) fn look(facts: &Facts<'_>, suffers: bool) -> Option<Notice> {
    let (cause, what, size, remedy) = match (inputs(facts), targets(facts)) {
        (true, _) => (Cause::InputsUnscaled, "inputs", facts.input_size(), Remedy::ScaleInputs),
        (_, true) => (Cause::TargetsUnscaled, "targets", facts.target_spread(), Remedy::ScaleTargets),
        _ => return None,
    };
    if !suffers && !facts.troubled() {
        return None;
    }
    let message = format!("the {what} are of size {}, where weights and learning rates are made for 1", short(size));
    let found = notice(Symptom::UnscaledData, false, cause, message).cured_by(vec![remedy]);
    Some(found.shown_by("input_size", facts.input_size()).shown_by("target_spread", facts.target_spread()))
}

/// Says which of inputs and targets are to be scaled, where it can be only one of them: classes are as they are.
pub(super) fn say_which(recipe: &Recipe, remedies: &mut Vec<Remedy>) {
    if !matches!(recipe.data.task, Task::Regression { .. }) {
        let known = remedies.contains(&Remedy::ScaleInputs);
        remedies.retain(|remedy| !(known && *remedy == Remedy::ScaleData));
        for remedy in remedies.iter_mut().filter(|remedy| **remedy == Remedy::ScaleData) {
            *remedy = Remedy::ScaleInputs;
        }
    }
}
