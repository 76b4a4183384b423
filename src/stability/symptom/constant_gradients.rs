//! The gradient of a layer is the same, step after step.

use super::{Growth, Progress, evidence, in_words, mean, names};
use crate::stability::finding::short;
use crate::stability::{Finding, LayerRecord, Remedy, Series, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    // The gradient of an absolute error is constant while it descends, as it should be.
    if Progress::done(report, thresholds) || !Progress::rested(report, thresholds) {
        return None;
    }
    // In the same steps nothing may have been left to be learned, whatever there was before.
    let lately = mean(report.loss.recent().map(|(_, loss)| loss))?;
    if Progress::fell_from_start(lately, thresholds.done, report, thresholds) {
        return None;
    }
    let constant = |layer: &&LayerRecord| {
        if layer.gradient.len() < Series::RECENT as u64 {
            return false;
        }
        let (low, high) = range(layer);
        high.is_finite() && high - low <= thresholds.constant * high
    };
    let layers: Vec<&LayerRecord> = report.trained().filter(constant).collect();
    let (_, size) = range(layers.first()?);
    let names = names(layers);
    Some(Finding {
        symptom: Symptom::ConstantGradients,
        severity: Severity::Warning,
        message: format!(
            "the gradient of {} was the same in each of the last {} steps: {}",
            in_words(&names),
            Series::RECENT,
            short(size),
        ),
        layers: names,
        step: report.steps.saturating_sub(Series::RECENT as u64),
        cause: Growth::of(report).cause(report, thresholds),
        evidence: evidence([("gradient_norm", size)]),
        remedies: vec![Remedy::FittingInitializer, Remedy::ReplaceActivation { with: "leaky_relu" }],
    })
}

/// The smallest and the largest of the last gradient norms; NaN as the largest where one is not finite.
fn range(layer: &LayerRecord) -> (f64, f64) {
    layer.gradient.recent().fold((f64::INFINITY, 0.0_f64), |(low, high), (_, norm)| {
        (low.min(norm), if norm.is_finite() { high.max(norm) } else { f64::NAN })
    })
}
