//! Weights are very large, or not finite.

use super::{evidence, in_words, names, weight_gain};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let start = |layer: &LayerRecord| weight_gain(layer, layer.weight.start(), usize::min).unwrap_or(0.0);
    let now = |layer: &LayerRecord| weight_gain(layer, layer.weight.now(), usize::min).unwrap_or(0.0);
    let too_large = |layer: &&LayerRecord| {
        let grown = now(layer) > thresholds.weights_large && now(layer) > thresholds.weights_grown * start(layer);
        start(layer) > thresholds.weights_large || grown || layer.weight.non_finite() > 0
    };
    let layers: Vec<&LayerRecord> = report.trained().filter(too_large).collect();
    let worst = layers.iter().max_by(|a, b| now(a).total_cmp(&now(b)))?;
    let born = start(worst) > thresholds.weights_large;
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::ExplodingWeights,
        severity: if layers.iter().any(|l| l.weight.non_finite() > 0) { Severity::Critical } else { Severity::Warning },
        message: format!(
            "the weights of {} are too large for their width: {} times what keeps a signal as it is, in {}",
            in_words(&names),
            short(now(worst)),
            worst.name,
        ),
        layers: names,
        step: worst.weight.first().first().map_or(0, |&(step, _)| step),
        cause: if born { Cause::WeightsTooLarge } else { Cause::LearningRateTooHigh },
        evidence: evidence([("weight_gain", now(worst)), ("weight_gain_at_start", start(worst))]),
        remedies: vec![
            if born { Remedy::FittingInitializer } else { Remedy::ScaleLearningRate { factor: 0.1 } },
            Remedy::ClipGlobalNorm { limit: 1.0 },
        ],
    })
}
