//! Units are switched off on every example.

use super::{Growth, Progress, evidence, in_words, names};
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let limit = if Progress::halved(report, thresholds) { thresholds.nearly_all_units } else { thresholds.many_units };
    let mut layers: Vec<&LayerRecord> = Vec::new();
    for (index, layer) in report.layers.iter().enumerate() {
        // At each of the last three looks. The output layer may be off for most classes, but not for all.
        let limit = if index < report.hidden().len() + 1 { limit } else { 1.0 };
        let looks = layer.dead.len().min(3) as usize;
        if looks > 1 && layer.dead.recent().rev().take(looks).all(|(_, dead)| dead >= limit) {
            layers.push(layer);
        }
    }
    let worst = layers.iter().max_by(|a, b| a.dead.now().unwrap_or(0.0).total_cmp(&b.dead.now().unwrap_or(0.0)))?;
    let (dead, at_first) = (worst.dead.now()?, worst.dead.start()?);
    let born = at_first >= limit;
    let cause = match Growth::of(report).cause(report, thresholds) {
        Cause::Unknown if !born => Cause::LearningRateTooHigh,
        cause => cause,
    };
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::DeadUnits,
        severity: if dead >= thresholds.nearly_all_units { Severity::Critical } else { Severity::Warning },
        message: format!(
            "in {} most units are off on every probe row: {:.0} % in {}, {}",
            in_words(&names),
            100.0 * dead,
            worst.name,
            if born { "from the start" } else { "though not from the start" },
        ),
        layers: names,
        step: worst.dead.first().iter().find(|(_, dead)| *dead >= limit).map_or(0, |&(step, _)| step),
        cause,
        evidence: evidence([("dead_fraction", dead), ("dead_fraction_at_first", at_first)]),
        remedies: vec![
            if born { Remedy::FittingInitializer } else { Remedy::ScaleLearningRate { factor: 0.1 } },
            Remedy::ReplaceActivation { with: "leaky_relu" },
        ],
    })
}
