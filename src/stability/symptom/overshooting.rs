//! The loss of a batch rises by its own update.

use super::evidence;
use crate::stability::finding::short;
use crate::stability::series::median;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// How many tries must say so in the median: at the edge of stability every second step overshoots and the run does well
/// (Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability", 2021).
const TRIES: usize = 3;

/// The loss rises by as much as it should fall: a step twice as long as what brings the loss back to where it was has -1 on a quadratic.
/// A step to exactly there has 0, and the best one 0.5.
const RISES: f64 = -1.0;

/// And the gradient is right: its slope is at least half of what it says.
const RIGHT: f64 = 0.5;

pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let (gains, slopes) = (&report.trials.gain, &report.trials.slope);
    if gains.recent().count() < TRIES {
        return None;
    }
    // A loss that the step makes infinite has risen; the median counts it as such.
    let risen = |gain: f64| if gain.is_nan() { f64::MIN } else { gain.max(f64::MIN) };
    let gain = median(gains.recent().map(|(_, gain)| risen(gain))).filter(|gain| *gain < RISES)?;
    let slope = median(slopes.recent().map(|(_, slope)| slope)).filter(|slope| *slope > RIGHT)?;
    Some(Finding {
        symptom: Symptom::Overshooting,
        severity: Severity::Info,
        layers: Vec::new(),
        step: gains.first().iter().find(|(_, gain)| risen(*gain) < RISES).map_or(0, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("fall_to_predicted", gain), ("slope_to_predicted", slope)]),
        message: format!(
            "an update changes the loss of its own batch by {} times the fall that the gradient says: it steps too far",
            short(gain),
        ),
        remedies: vec![Remedy::ScaleLearningRate { factor: 0.1 }, Remedy::ClipGlobalNorm { limit: 1.0 }],
    })
}
