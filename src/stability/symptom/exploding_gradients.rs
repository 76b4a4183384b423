//! The gradient, or the signal, grows from layer to layer, or updates overwhelm the weights.

use super::{Growth, Progress, early, evidence, names};
use crate::stability::finding::short;
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let growth = Growth::of(report);
    let through_layers = growth.through_layers(thresholds);
    // Steps as long as the weights that the run has learned by are no harm.
    let overwhelmed = growth.update > thresholds.overwhelming && !Progress::halved(report, thresholds);
    if !through_layers && !overwhelmed {
        return None;
    }
    let message = if through_layers {
        format!(
            "from the first to the last hidden layer the signal grows {} times, and back to the input the gradient {} times",
            short(growth.signal),
            short(growth.gradient),
        )
    } else {
        format!("updates change the weights by {} times their own size", short(growth.update))
    };
    let largest = report.trained().filter_map(|layer| layer.gradient.largest()).fold(0.0, f64::max);
    let cause = growth.cause(report, thresholds);
    let mut remedies = vec![
        Remedy::ScaleLearningRate { factor: 0.1 },
        Remedy::ClipGlobalNorm { limit: 1.0 },
        Remedy::FittingInitializer,
        Remedy::FewerLayers,
    ];
    if cause == Cause::WeightsTooLarge {
        // Clipping limits the step, but the signal itself is lost: only other weights help.
        remedies.swap(0, 2);
    }
    Some(Finding {
        symptom: Symptom::ExplodingGradients,
        severity: Severity::Critical,
        layers: if through_layers {
            names(report.trained())
        } else {
            let moved = |layer: &&LayerRecord| early(&layer.update_ratio) > Some(thresholds.overwhelming);
            names(report.trained().filter(moved))
        },
        step: 0,
        cause,
        evidence: evidence([
            ("signal_growth", growth.signal),
            ("gradient_growth", growth.gradient),
            ("largest_gradient", largest),
            ("update_to_weight", growth.update),
        ]),
        message,
        remedies,
    })
}
