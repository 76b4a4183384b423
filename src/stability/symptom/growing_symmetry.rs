//! The units of a layer become more and more alike.

use super::{Progress, evidence, in_words, names};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Units are alike where the mean of their absolute cosines is above this: within 18 degrees of one line.
const ALIKE: f64 = 0.95;

/// They grew alike where it was below this at the start: 45 degrees. Random directions in four dimensions have 0.42, in more of them less.
const DIFFERENT: f64 = 0.7;

/// Two looks say where it stands, and a first one where it began.
const LOOKS: u64 = 3;

/// Only while nothing is learned: with small weights units of a network that learns well gather on few lines ("condensation", Luo et al.,
/// "Phase diagram for two-layer ReLU neural networks", 2021), and there it is how it learns.
pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps || Progress::halved(report, thresholds) {
        return None;
    }
    let grown = |layer: &&LayerRecord| {
        let likeness = &layer.close.likeness;
        let alike = likeness.recent().rev().take(2).all(|(_, mean)| mean > ALIKE);
        likeness.len() >= LOOKS && alike && likeness.start().is_some_and(|start| start < DIFFERENT)
    };
    let layers: Vec<&LayerRecord> = report.hidden().iter().filter(grown).collect();
    let worst = layers.first()?;
    let likeness = &worst.close.likeness;
    let (start, now) = (likeness.start()?, likeness.now()?);
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::GrowingSymmetry,
        severity: Severity::Info,
        message: format!(
            "the units of {} become alike: the mean cosine between their weights rose from {} to {} in {}",
            in_words(&names),
            short(start),
            short(now),
            worst.name,
        ),
        layers: names,
        step: likeness.first().iter().find(|(_, mean)| *mean > ALIKE).map_or(0, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("mean_cosine_at_first", start), ("mean_cosine", now)]),
        remedies: vec![Remedy::FittingInitializer, Remedy::ScaleLearningRate { factor: 0.1 }],
    })
}
