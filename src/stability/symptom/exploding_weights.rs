//! Weights are very large, or not finite.

use super::{evidence, has_grown, in_words, is_normalized, names, weight_gain};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let start = |layer: &LayerRecord| weight_gain(layer, layer.weight.start(), usize::min).unwrap_or(0.0);
    let now = |layer: &LayerRecord| weight_gain(layer, layer.weight.now(), usize::min).unwrap_or(0.0);
    let too_large = |layer: &&LayerRecord| {
        let large = start(layer) > thresholds.weights_large || has_grown(layer, thresholds);
        (large && !is_normalized(report, layer)) || layer.weight.non_finite() > 0
    };
    let layers: Vec<&LayerRecord> = report.trained().filter(too_large).collect();
    let worst = layers.iter().max_by(|a, b| now(a).total_cmp(&now(b)))?;
    let born = start(worst) > thresholds.weights_large;
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::ExplodingWeights,
        severity: if layers.iter().any(|l| l.weight.non_finite() > 0) { Severity::Critical } else { Severity::Warning },
        message: if now(worst).is_finite() {
            let (size, layers) = (short(now(worst)), in_words(&names));
            format!(
                "the weights of {layers} are too large for their width: {size} times what keeps a signal as it is, in {}",
                worst.name
            )
        } else {
            format!("the weights of {} are no longer finite", worst.name)
        },
        layers: names,
        step: if born { 0 } else { first_large(worst, thresholds) },
        cause: if born { Cause::WeightsTooLarge } else { Cause::LearningRateTooHigh },
        evidence: evidence([("weight_gain", now(worst)), ("weight_gain_at_start", start(worst))]),
        remedies: vec![
            if born { Remedy::FittingInitializer } else { Remedy::ScaleLearningRate { factor: 0.1 } },
            Remedy::ClipGlobalNorm { limit: 1.0 },
        ],
    })
}

/// The first step, as far as the record tells, at which the weights were too large or not finite.
fn first_large(layer: &LayerRecord, thresholds: &Thresholds) -> u64 {
    let large = |norm| weight_gain(layer, Some(norm), usize::min).is_some_and(|gain| gain > thresholds.weights_large);
    let first = layer.weight.bins().iter().find(|bin| bin.non_finite > 0 || large(bin.largest));
    first.map_or(0, |bin| bin.first_step)
}
