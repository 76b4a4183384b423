//! The gradient grows on its way back through the steps of a sequence.

use super::{evidence, names};
use crate::stability::finding::short;
use crate::stability::{
    Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds, ThroughTime,
};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    // At the start or lately: training can make the weights of a state grow.
    let lag = |layer: &LayerRecord| {
        let grows_at = &layer.through_time.as_ref()?.grows_at;
        let at_first = ThroughTime::median_lag(grows_at.first().iter().take(10).copied());
        at_first.or_else(|| ThroughTime::median_lag(grows_at.recent()))
    };
    let grown: Vec<(&LayerRecord, f64)> = report.layers.iter().filter_map(|layer| Some((layer, lag(layer)?))).collect();
    let &(worst, lag) = grown.iter().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let grows_at = &worst.through_time.as_ref()?.grows_at;
    Some(Finding {
        symptom: Symptom::ExplodingOverTime,
        severity: Severity::Warning,
        message: format!(
            "back through the steps of {} the gradient rises above {} times itself at lag {lag}",
            worst.name,
            short(thresholds.grown_in_time),
        ),
        layers: names(grown.iter().map(|&(layer, _)| layer)),
        step: grows_at.first().iter().find(|(_, lag)| lag.is_finite()).map_or(0, |&(step, _)| step),
        cause: Cause::WeightsTooLarge,
        evidence: evidence([("lag", lag), ("factor", thresholds.grown_in_time)]),
        remedies: vec![
            Remedy::ClipGlobalNorm { limit: 1.0 },
            Remedy::FittingInitializer,
            Remedy::ReplaceRecurrent { with: "an LSTM" },
        ],
    })
}
