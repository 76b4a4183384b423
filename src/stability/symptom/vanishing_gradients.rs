//! The gradient fades on its way to the input.

use super::{Progress, change_of_spread, early, evidence, names, symmetric_units, weight_gain};
use crate::stability::finding::short;
use crate::stability::series::median;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Series, Severity, StabilityReport, Symptom, Thresholds};

/// How many looks are the very first ones.
const FIRST: usize = 3;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let trained: Vec<&LayerRecord> = report.trained().collect();
    let [first, .., last] = trained[..] else { return None };
    if trained.len() < 3 || report.steps < thresholds.steps {
        return None;
    }
    let nearly_all = |share: Option<f64>| share.is_some_and(|share| share >= thresholds.nearly_all_units);
    if report.hidden().iter().any(|layer| nearly_all(layer.dead.now()) || nearly_all(early(&layer.saturated))) {
        // No gradient passes a dead layer, or one that starts flat: another finding, and another cure.
        return None;
    }
    // At the start, and not mended since: a layer that starts at zero and then learns does not count.
    let ratios = |a: &mut dyn Iterator<Item = (u64, f64)>, b: &mut dyn Iterator<Item = (u64, f64)>| {
        median(a.zip(b).filter(|(_, (_, last))| *last > 0.0).map(|((_, first), (_, last))| first / last))
    };
    let firsts = |looks: usize| {
        let of = |layer: &'_ LayerRecord| layer.gradient.first().iter().copied().take(looks).collect::<Vec<_>>();
        ratios(&mut of(first).into_iter(), &mut of(last).into_iter())
    };
    // It fades from the very first, or else it is the work of the updates: a run that diverges has few steps.
    let at_first = firsts(Series::RECENT)?.max(firsts(FIRST).unwrap_or(0.0));
    let lately = ratios(&mut first.gradient.recent(), &mut last.gradient.recent())?;
    let signal = change_of_spread(report, early).max(change_of_spread(report, Series::recent_median));
    let mended = lately >= thresholds.mended * thresholds.vanished;
    // Behind an output layer that starts at zero there is no gradient yet, and that is no fault.
    let passes = last.weight.start() != Some(0.0);
    let gradient_fades = passes && at_first < thresholds.vanished && !mended;
    if !gradient_fades && signal >= thresholds.signal_vanished {
        return None;
    }
    if symmetric_units::look(report, thresholds).is_some_and(|found| found.layers.contains(&first.name)) {
        // Equal units pass on what they like; that they are equal is the trouble.
        return None;
    }
    let small = |layer: &LayerRecord| weight_gain(layer, layer.weight.start(), usize::max);
    let hidden_weights = || report.hidden().iter().filter_map(small);
    let smallest = hidden_weights().fold(f64::INFINITY, f64::min);
    let squeezing = report.hidden().iter().filter(|layer| layer.bounds.squeezes()).count();
    let (cause, remedies) = if smallest < thresholds.weights_small {
        (Cause::WeightsTooSmall, vec![Remedy::FittingInitializer, Remedy::FewerLayers])
    } else if 2 * squeezing >= hidden_weights().count() && squeezing > 0 {
        let replace = Remedy::ReplaceActivation { with: "relu" };
        (Cause::SaturatingActivation, vec![replace, Remedy::FewerLayers, Remedy::FittingInitializer])
    } else {
        (Cause::NetworkTooDeep, vec![Remedy::FewerLayers, Remedy::FittingInitializer])
    };
    let per_layer = at_first.powf(1.0 / (trained.len() - 1) as f64);
    Some(Finding {
        symptom: Symptom::VanishingGradients,
        severity: if Progress::halved(report, thresholds) { Severity::Info } else { Severity::Critical },
        layers: names(trained.iter().copied().take(trained.len() / 2)),
        step: 0,
        cause,
        evidence: evidence([
            ("gradient_first_to_last", at_first),
            ("gradient_first_to_last_now", lately),
            ("gradient_per_layer", per_layer),
            ("signal_last_to_first", signal),
            ("smallest_weight_gain", smallest),
        ]),
        message: if gradient_fades {
            format!(
                "at the start the gradient of {} is {} times that of {}, and the layers near the input hardly learn",
                first.name,
                short(at_first),
                last.name,
            )
        } else {
            format!("the spread of the outputs falls to {} of itself through the hidden layers", short(signal))
        },
        remedies,
    })
}
