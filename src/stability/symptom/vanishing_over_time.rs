//! The gradient fades on its way back through the steps of a sequence.

use super::{Progress, evidence, names};
use crate::stability::finding::short;
use crate::stability::{
    Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds, ThroughTime,
};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps {
        return None;
    }
    let lags = |layer: &LayerRecord| {
        let fades_at = &layer.through_time.as_ref()?.fades_at;
        // Lately: gates may open while they learn, and weights that were critical at the start become smaller, or saturate.
        let lately = ThroughTime::median_lag(fades_at.recent())?;
        Some((ThroughTime::median_lag(fades_at.first().iter().copied()).unwrap_or(f64::INFINITY), lately))
    };
    let faded: Vec<(&LayerRecord, (f64, f64))> =
        report.layers.iter().filter_map(|layer| Some((layer, lags(layer)?))).collect();
    let &(worst, (at_first, lately)) = faded.iter().min_by(|(_, (_, a)), (_, (_, b))| a.total_cmp(b))?;
    let fades_at = &worst.through_time.as_ref()?.fades_at;
    let faded_then = |&(_, lag): &(u64, f64)| lag.is_finite();
    // What has learned, be it up to the noise of the targets, be it soon or late, or still learns, remembers what it needs.
    let fell = |Progress { start, now }: Progress| now <= start - (1.0 - thresholds.not_decreased) * start.abs();
    let learns = Progress::of(report, thresholds).is_some_and(fell) || Progress::falls(report, thresholds);
    Some(Finding {
        symptom: Symptom::VanishingOverTime,
        severity: if learns { Severity::Info } else { Severity::Warning },
        message: format!(
            "back through the steps of {} the gradient falls below {} of itself at lag {lately}: \
             from what lies further back it hardly learns",
            worst.name,
            short(thresholds.faded_in_time),
        ),
        layers: names(faded.iter().map(|&(layer, _)| layer)),
        step: fades_at.first().iter().copied().chain(fades_at.recent()).find(faded_then).map_or(0, |(step, _)| step),
        cause: Cause::SequenceTooLong,
        evidence: evidence([("lag_at_first", at_first), ("lag", lately), ("share", thresholds.faded_in_time)]),
        remedies: vec![
            Remedy::ReplaceRecurrent { with: "an LSTM whose biases start by chrono initialization" },
            Remedy::FittingInitializer,
        ],
    })
}
