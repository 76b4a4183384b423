//! Weights were changed by something that is no update.

use super::{evidence, in_words, names};
use crate::stability::finding::short;
use crate::stability::{
    Cause, Finding, ForeignChange, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds,
};

pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let change = |layer: &LayerRecord| layer.close.changed;
    let ForeignChange { step, before, after, moved } =
        report.trained().filter_map(change).min_by_key(|change| change.step)?;
    // What changed at once: one fault, in one layer or in several.
    let at_once = |layer: &&LayerRecord| change(layer).is_some_and(|change| change.step == step);
    let names = names(report.trained().filter(at_once));
    Some(Finding {
        symptom: Symptom::ForeignChange,
        severity: Severity::Info,
        message: format!(
            "the norm of the weights of {} went from {} to {}, and updates explain no more than {} of that",
            in_words(&names),
            short(before),
            short(after),
            short(moved),
        ),
        layers: names,
        step,
        cause: Cause::Unknown,
        evidence: evidence([("norm_before", before), ("norm_after", after), ("norm_of_updates", moved)]),
        remedies: vec![Remedy::CheckUpdates],
    })
}
