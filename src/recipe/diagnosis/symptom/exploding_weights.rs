//! Training has made the weights of every layer many times larger, and little came of it.

use super::super::facts::Facts;
use super::super::limits::{LARGE_GAIN, WEIGHTS_GROWN};
use super::super::notice::{Notice, notice};
use crate::{Cause, LayerRecord, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    if !facts.troubled() {
        return None;
    }
    let grown = facts.run.report.layers.iter().filter_map(|layer| {
        let (start, now) = (layer.weight.start()?, layer.weight.now()?);
        (start > 0.0).then_some(if now.is_finite() { now / start } else { f64::INFINITY })
    });
    let least = grown.fold(f64::INFINITY, f64::min);
    let large = facts.end_gain()?;
    if !(least > WEIGHTS_GROWN && large > LARGE_GAIN && (least.is_finite() || facts.run.stopped.is_some())) {
        return None;
    }
    // Of every layer: since the last of them has.
    let since = |layer: &LayerRecord| layer.weight.first_above(WEIGHTS_GROWN * layer.weight.start()?);
    let since = facts.run.report.layers.iter().filter_map(since).max().unwrap_or(facts.run.report.steps);
    let message = "the weights of every layer have grown many times over, and little came of it".to_owned();
    let found = notice(Symptom::ExplodingWeights, false, Cause::Unknown, message).since(since);
    Some(found.shown_by("least_growth", least))
}
