//! The loss is where it was at the start.

use super::{Growth, Progress, early, evidence, symmetric_units, vanishing_gradients};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Updates below this share of the weights change nothing in any usual run: a thousandth of the usual ratio of 1e-3.
const CRAWLING: f64 = 1e-6;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let Progress { start, now } = Progress::of(report)?;
    if report.steps < thresholds.patience || start <= 0.0 || now <= thresholds.not_decreased * start {
        return None;
    }
    let fastest = report.trained().filter_map(|layer| layer.update_ratio.recent_median()).fold(0.0, f64::max);
    let at_first = report.trained().filter_map(|layer| early(&layer.update_ratio)).fold(0.0, f64::max);
    // What else was found explains it; else the speed of the weights does.
    let known = [symmetric_units::look, vanishing_gradients::look].iter().find_map(|look| look(report, thresholds));
    let cause = match (known, Growth::of(report).cause(report, thresholds)) {
        (Some(finding), _) => finding.cause,
        (None, Cause::Unknown) if fastest.max(at_first) < CRAWLING => Cause::LearningRateTooLow,
        (None, cause) => cause,
    };
    Some(Finding {
        symptom: Symptom::LossNotDecreasing,
        severity: Severity::Critical,
        layers: Vec::new(),
        step: report.steps,
        cause,
        evidence: evidence([("loss_at_start", start), ("loss_now", now), ("update_to_weight", fastest)]),
        message: format!("after {} steps the loss is {}, and it started at {}", report.steps, short(now), short(start)),
        remedies: match cause {
            Cause::LearningRateTooLow => vec![Remedy::ScaleLearningRate { factor: 100.0 }],
            Cause::LearningRateTooHigh => vec![Remedy::ScaleLearningRate { factor: 0.1 }],
            Cause::ConstantInitialization => vec![Remedy::RandomInitializer],
            Cause::SaturatingActivation => vec![Remedy::ReplaceActivation { with: "relu" }, Remedy::FewerLayers],
            _ => vec![Remedy::FittingInitializer, Remedy::ScaleData, Remedy::FewerLayers],
        },
    })
}
