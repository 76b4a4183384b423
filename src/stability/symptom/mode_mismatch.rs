//! The network is much worse in use than it is in training, on the same rows.

use super::evidence;
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Told of where the loss in use is this many times that in training, with the same weights on the same rows. Dropout makes it less, and
/// statistics of a batch of 32 are those of the data to within an eighth of a deviation.
const WORSE: f64 = 1.5;

/// Running averages with the usual momentum of 0.1 have forgotten where they started after so many steps: 0.9^100 is below 3e-5.
const SETTLED: u64 = 100;

pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    let ratios = &report.trials.inferred_to_trained;
    let worse = |&(step, ratio): &(u64, f64)| step >= SETTLED && ratio > WORSE;
    let mut lately = ratios.recent().rev().take(2);
    if ratios.len() < 2 || !lately.all(|look| worse(&look)) {
        return None;
    }
    let now = ratios.now()?;
    Some(Finding {
        symptom: Symptom::ModeMismatch,
        severity: Severity::Info,
        layers: Vec::new(),
        step: ratios.first().iter().find(|look| worse(look)).map_or(SETTLED, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("loss_in_use_to_training", now)]),
        message: format!(
            "on the same rows, with the same weights, the loss in use is {} times that in training",
            short(now),
        ),
        remedies: vec![Remedy::LargerBatches, Remedy::ScaleLearningRate { factor: 0.1 }],
    })
}
