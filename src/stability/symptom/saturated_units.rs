//! Units sit at the flat ends of their activation.

use super::{Growth, Progress, early, evidence, in_words, names};
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    // Hidden layers only: an output that is sure of itself is what one wants.
    let now = |layer: &LayerRecord| layer.saturated.recent_median().is_some_and(|now| now >= thresholds.many_units);
    let stuck = !Progress::halved(report, thresholds);
    let born = |layer: &LayerRecord| layer.saturated.start().is_some_and(|first| first >= thresholds.many_units);
    // The first steps brought it there, and by now it is all of it.
    let sent = |layer: &LayerRecord| {
        early(&layer.saturated).is_some_and(|early| early >= thresholds.many_units)
            && layer.saturated.recent_median().is_some_and(|now| now >= thresholds.nearly_all_units)
    };
    // A trained network may well use its flat ends; one that starts there, or does not learn, suffers from them.
    let layers: Vec<&LayerRecord> = report
        .hidden()
        .iter()
        .filter(|layer| layer.saturated.len() > 1 && now(layer) && (stuck || born(layer) || sent(layer)))
        .collect();
    let worst =
        layers.iter().max_by(|a, b| a.saturated.now().unwrap_or(0.0).total_cmp(&b.saturated.now().unwrap_or(0.0)))?;
    let from_the_start = born(worst);
    let cause = match Growth::of(report).cause(report, thresholds) {
        Cause::Unknown if !from_the_start => Cause::LearningRateTooHigh,
        cause => cause,
    };
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::SaturatedUnits,
        severity: Severity::Warning,
        message: format!(
            "in {} units sit where their activation is flat: {:.0} % in {}",
            in_words(&names),
            100.0 * worst.saturated.now()?,
            worst.name,
        ),
        layers: names,
        step: worst.saturated.first().iter().find(|(_, s)| *s >= thresholds.many_units).map_or(0, |&(step, _)| step),
        cause,
        evidence: evidence([
            ("saturated_fraction", worst.saturated.now()?),
            ("saturated_fraction_at_first", worst.saturated.start()?),
        ]),
        remedies: vec![
            if from_the_start { Remedy::FittingInitializer } else { Remedy::ScaleLearningRate { factor: 0.1 } },
            Remedy::ScaleData,
            Remedy::ReplaceActivation { with: "relu" },
        ],
    })
}
