//! The loss does not fall where the gradient says so.

use super::evidence;
use crate::stability::finding::short;
use crate::stability::series::median;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// The slope of the loss along an update is 1 time what a right gradient says, and -1 time what one with a flipped sign does: halfway
/// below zero is nearer to that. Kinks of ReLU under a hundredth of the loss move it by far less.
const AGAINST: f64 = -0.5;

/// How many tries must say so in the median.
const TRIES: usize = 3;

/// The test of a trust region, at a step so small that it cannot overshoot (Conn, Gould and Toint, "Trust-region methods", 2000, section 6.1).
pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let slopes = &report.trials.slope;
    let finite = slopes.recent().filter(|(_, slope)| slope.is_finite()).count();
    let slope = median(slopes.recent().map(|(_, slope)| slope)).filter(|slope| *slope < AGAINST && finite >= TRIES)?;
    Some(Finding {
        symptom: Symptom::WrongGradient,
        severity: Severity::Info,
        layers: Vec::new(),
        step: slopes.first().iter().find(|(_, slope)| *slope < AGAINST).map_or(0, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("slope_to_predicted", slope)]),
        message: format!(
            "where the gradient says that the loss falls, it changes by {} times as much: its sign is wrong somewhere",
            short(-slope.abs()),
        ),
        remedies: vec![Remedy::CheckGradients],
    })
}
