//! The outputs of a layer differ from row to row in one direction alone.

use super::{Progress, evidence, in_words, names};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Outputs have collapsed where their effective rank is at most this: one direction has 92 % of their variance.
const COLLAPSED: f64 = 1.3;

/// There was something to collapse where the first layer, or the layer itself at first, had this rank at least: the inputs of a curve or of
/// two numbers have less, and what is made of them cannot have much more.
const RICH: f64 = 4.0;

/// Only while nothing is learned: the last layers of a network that tells two classes apart end with one direction and should
/// (Papyan et al., "Prevalence of neural collapse", 2020).
pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps || Progress::halved(report, thresholds) {
        return None;
    }
    let first = report.hidden().iter().find_map(|layer| layer.close.rank.start())?;
    let collapsed = |layer: &&LayerRecord| {
        let rank = &layer.close.rank;
        let lately = rank.recent().rev().take(2).all(|(_, rank)| rank <= COLLAPSED);
        rank.len() >= 2 && lately && rank.start().is_some_and(|start| first.max(start) >= RICH)
    };
    let layers: Vec<&LayerRecord> = report.hidden().iter().filter(collapsed).collect();
    let rank = &layers.first()?.close.rank;
    let (start, now) = (rank.start()?, rank.now()?);
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::RankCollapse,
        severity: Severity::Info,
        message: format!(
            "the outputs of {} differ from row to row in one direction alone: their effective rank is {}, that of the first layer {}",
            in_words(&names),
            short(now),
            short(first),
        ),
        layers: names,
        step: rank.first().iter().find(|(_, rank)| *rank <= COLLAPSED).map_or(0, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("effective_rank", now), ("at_first", start), ("of_first_layer", first)]),
        remedies: vec![Remedy::Normalize, Remedy::FewerLayers, Remedy::FittingInitializer],
    })
}
