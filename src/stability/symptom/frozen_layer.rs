//! A layer has a gradient, and its weights do not move.

use super::{evidence, in_words, names};
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Series, Severity, StabilityReport, Symptom, Thresholds};

/// How many looks in a row must show no movement at all: rounding can stop an entry, but hardly a whole layer that has a gradient, and never
/// so often.
const LOOKS: usize = 8;

/// Told of while another layer moves: where the rate is zero none is frozen.
pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let still = |layer: &LayerRecord| {
        let mut lately = layer.update_ratio.recent().rev().take(LOOKS);
        layer.update_ratio.len() >= LOOKS as u64 && lately.all(|(_, ratio)| ratio == 0.0)
    };
    let has_gradient = |layer: &LayerRecord| layer.gradient.recent().rev().take(LOOKS).all(|(_, norm)| norm > 0.0);
    let layers: Vec<&LayerRecord> = report.trained().filter(|layer| still(layer) && has_gradient(layer)).collect();
    let moves = |layer: &LayerRecord| layer.update_ratio.now().is_some_and(|ratio| ratio > 0.0);
    if layers.is_empty() || !report.trained().any(moves) {
        return None;
    }
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::FrozenLayer,
        severity: Severity::Info,
        message: format!(
            "{} did not move at all in the last looks, though the loss has a gradient there",
            in_words(&names)
        ),
        layers: names,
        step: layers.iter().map(|layer| since(&layer.update_ratio)).min()?,
        cause: Cause::Unknown,
        evidence: evidence([("gradient", layers[0].gradient.now()?), ("looks", LOOKS as f64)]),
        remedies: vec![Remedy::CheckUpdates],
    })
}

/// The first look after the last that showed movement, as far as the record tells.
fn since(movement: &Series) -> u64 {
    let lately = movement.recent().rev().take_while(|(_, ratio)| *ratio == 0.0);
    let long = || movement.bins().iter().rev().take_while(|bin| bin.largest == 0.0).last().map(|bin| bin.first_step);
    let exactly = lately.last().map(|(step, _)| step);
    let all_of_it = movement.recent().next().map(|(step, _)| step) == exactly;
    let found = if all_of_it { long().or(exactly) } else { exactly };
    found.unwrap_or(0)
}
