//! The loss jumped up for some steps, and one layer first.

use super::evidence;
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// What counts as a spike is said where they are looked for, step by step: six deviations above the level of the last 64 losses, and twice
/// it, three steps in a row (Chowdhery et al., "PaLM", 2022, section 5.1; Takase et al., "Spike no more", 2023).
pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let spike = report.first_spike.as_ref()?;
    let mut shown = evidence([("spikes", report.spikes as f64), ("times_its_level", spike.factor)]);
    if let Some(step) = spike.layer_step {
        shown.extend(evidence([("layer_step", step as f64)]));
    }
    let by_layer =
        spike.layer.as_ref().map_or_else(String::new, |layer| format!("; the gradient of {layer} did so first"));
    Some(Finding {
        symptom: Symptom::LossSpikes,
        severity: Severity::Info,
        message: format!("the loss rose to {} times its level within three steps{by_layer}", short(spike.factor)),
        layers: spike.layer.iter().cloned().collect(),
        step: spike.step,
        cause: Cause::Unknown,
        evidence: shown,
        remedies: vec![Remedy::ClipGlobalNorm { limit: 1.0 }, Remedy::ScaleLearningRate { factor: 0.5 }],
    })
}
