//! Weights are near zero.

use super::{Progress, evidence, in_words, names, weight_gain};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps || Progress::halved(report, thresholds) {
        return None;
    }
    let gain = |layer: &LayerRecord| weight_gain(layer, layer.weight.recent_median(), usize::max);
    let small = |layer: &&LayerRecord| gain(layer).is_some_and(|gain| gain < thresholds.weights_small);
    // The last layer may well start at zero; of the others, most must be small.
    let hidden = || report.hidden().iter().filter(|layer| gain(layer).is_some());
    let layers: Vec<&LayerRecord> = hidden().filter(small).collect();
    if layers.is_empty() || 2 * layers.len() < hidden().count() {
        return None;
    }
    let smallest = layers.iter().filter_map(|layer| gain(layer)).fold(f64::INFINITY, f64::min);
    let start = weight_gain(layers[0], layers[0].weight.start(), usize::max).unwrap_or(0.0);
    let born = start < thresholds.weights_small;
    // A gain is as many times 1 as the norm is times that of which it is 1.
    let since = |layer: &LayerRecord| {
        let limit = thresholds.weights_small / weight_gain(layer, Some(1.0), usize::max)?;
        layer.weight.first_below(limit)
    };
    let since = layers.iter().filter_map(|layer| since(layer)).min().unwrap_or(0);
    let names = names(layers);
    Some(Finding {
        symptom: Symptom::VanishingWeights,
        severity: Severity::Warning,
        message: format!(
            "the weights of {} are near zero: {} times what keeps a signal as it is",
            in_words(&names),
            short(smallest),
        ),
        layers: names,
        step: since,
        cause: match start {
            0.0 => Cause::ConstantInitialization,
            _ if born => Cause::WeightsTooSmall,
            _ => Cause::Unknown,
        },
        evidence: evidence([("smallest_weight_gain", smallest), ("weight_gain_at_start", start)]),
        remedies: vec![Remedy::FittingInitializer],
    })
}
