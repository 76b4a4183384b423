//! The gradient is clipped most of the time, or nearly away.

use super::evidence;
use crate::stability::finding::short;
use crate::stability::{Cause, Clipping, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Clipping is for the few gradients that are out of line: more than half of the steps are not few. The adaptive clippers of the literature
/// aim at a tenth of them (Seetharaman et al., "AutoClip", 2020).
const MANY_STEPS: f64 = 0.5;

/// Steps that lose less than a tenth of their length are what they were.
const HARDLY: f64 = 0.9;

/// A step of which less than a tenth is left tells of a cause that clipping hides.
const NEARLY_AWAY: f64 = 0.1;

/// The fewest steps, as a share, that say so: below it they are the few that clipping is for.
const SOME_STEPS: f64 = 0.1;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let Clipping { steps, clipped, largest_norm, log_reduction, .. } = report.clipping;
    if steps < thresholds.steps {
        return None;
    }
    let (share, left) = (clipped as f64 / steps as f64, (-log_reduction).exp());
    let usual = share > MANY_STEPS && left < HARDLY;
    let nearly_away = share > SOME_STEPS && left < NEARLY_AWAY;
    if !usual && !nearly_away {
        return None;
    }
    Some(Finding {
        symptom: Symptom::ClipSaturation,
        severity: Severity::Info,
        layers: Vec::new(),
        step: 0,
        cause: Cause::Unknown,
        evidence: evidence([("clipped_steps", share), ("length_left", left), ("largest_norm", largest_norm)]),
        message: format!(
            "{:.0} % of the steps were clipped, to {} of their length: the limit, not the learning rate, says how far they go",
            100.0 * share,
            short(left),
        ),
        remedies: vec![Remedy::FittingInitializer, Remedy::ScaleLearningRate { factor: 0.1 }],
    })
}
