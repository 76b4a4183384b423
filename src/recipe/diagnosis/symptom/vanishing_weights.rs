//! Training has made the weights of every layer next to nothing.

use super::super::facts::Facts;
use super::super::limits::WEIGHTS_GROWN;
use super::super::notice::{Notice, notice};
use crate::{Cause, LayerRecord, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let shares = facts.run.report.layers.iter().filter_map(|layer| Some(layer.weight.now()? / layer.weight.start()?));
    let most = shares.filter(|share| share.is_finite()).fold(0.0, f64::max);
    let layers = facts.run.report.layers.iter().filter(|layer| layer.weight.start().is_some_and(|start| start > 0.0));
    // A single layer that says nothing is what is best for it, unless something pulls it there.
    let pulled = facts.recipe.training.l2 > 0.0;
    if layers.count() < if pulled { 1 } else { 2 } || !facts.troubled() || most >= 1.0 / WEIGHTS_GROWN {
        return None;
    }
    let since = |layer: &LayerRecord| layer.weight.first_below(layer.weight.start()? / WEIGHTS_GROWN);
    let since = facts.run.report.layers.iter().filter_map(since).max().unwrap_or(facts.run.report.steps);
    let message = "the weights of every layer have shrunk to next to nothing".to_owned();
    let found = notice(Symptom::VanishingWeights, false, Cause::Unknown, message).since(since);
    Some(found.shown_by("most_left", most))
}
