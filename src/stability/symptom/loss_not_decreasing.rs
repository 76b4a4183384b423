//! The loss is where it was at the start, or stopped falling soon after.

use super::{Growth, Progress, early, evidence, exploding_gradients, symmetric_units, vanishing_gradients};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Updates below this share of the weights change nothing in any usual run: a thousandth of the usual ratio of 1e-3.
const CRAWLING: f64 = 1e-6;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let Progress { start, now } = Progress::of(report, thresholds)?;
    if report.steps < thresholds.patience || start <= 0.0 {
        return None;
    }
    // What else was found explains it; else the speed of the weights does.
    let obstacles = [symmetric_units::look, vanishing_gradients::look, exploding_gradients::look];
    let known = obstacles.iter().find_map(|look| look(report, thresholds));
    // A loss that has come to rest above half of its start may be all there is to learn. Not so where something is known to
    // stand in the way of learning.
    let rested = Progress::rested(report, thresholds);
    let stalled = known.is_some() && rested && !Progress::halved(report, thresholds);
    if now <= thresholds.not_decreased * start && !stalled {
        return None;
    }
    let fastest = report.trained().filter_map(|layer| layer.update_ratio.recent_median()).fold(0.0, f64::max);
    let at_first = report.trained().filter_map(|layer| early(&layer.update_ratio)).fold(0.0, f64::max);
    let cause = match (known, Growth::of(report).cause(report, thresholds)) {
        (Some(finding), _) => finding.cause,
        (None, Cause::Unknown) if fastest.max(at_first) < CRAWLING => Cause::LearningRateTooLow,
        (None, cause) => cause,
    };
    Some(Finding {
        symptom: Symptom::LossNotDecreasing,
        // Without any reason known it may as well have been at its end from the start.
        severity: if cause == Cause::Unknown { Severity::Info } else { Severity::Critical },
        layers: Vec::new(),
        step: 0,
        cause,
        evidence: evidence([("loss_at_start", start), ("loss_now", now), ("update_to_weight", fastest)]),
        message: format!("after {} steps the loss is {}, and it started at {}", report.steps, short(now), short(start),),
        remedies: match cause {
            Cause::LearningRateTooLow => vec![Remedy::ScaleLearningRate { factor: 100.0 }],
            Cause::LearningRateTooHigh => vec![Remedy::ScaleLearningRate { factor: 0.1 }],
            Cause::ConstantInitialization => vec![Remedy::RandomInitializer],
            Cause::SaturatingActivation => vec![Remedy::ReplaceActivation { with: "relu" }, Remedy::FewerLayers],
            Cause::Unknown => vec![Remedy::ScaleData, Remedy::ScaleLearningRate { factor: 10.0 }],
            _ => vec![Remedy::FittingInitializer, Remedy::ScaleData, Remedy::FewerLayers],
        },
    })
}
