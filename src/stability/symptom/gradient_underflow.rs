//! Entries of the gradient are too small for the format they are stored in.

use super::{evidence, in_words, names};
use crate::stability::{
    Cause, Finding, GradientSizes, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds,
};

/// Underflow matters where more than this share of the entries that are not 0 is lost: 5 %. Of the network that made loss scaling known, 31 %
/// of the gradients by activations were (Micikevicius et al., "Mixed precision training", 2018, whose figure counts the zeros as well); a
/// twentieth of the entries is lost to dropout without harm.
const LOST: f64 = 0.05;

/// What may be lost under the scale that is proposed: a fifth of it.
const LEFT_LOST: f64 = 0.01;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let format = thresholds.gradient_format?;
    let lost = |layer: &LayerRecord| layer.close.gradient.lost_in(format, 0);
    let layers: Vec<&LayerRecord> = report.layers.iter().filter(|layer| lost(layer) > LOST).collect();
    let worst = layers.iter().copied().max_by(|a, b| lost(a).total_cmp(&lost(b)))?;
    // One scale for all: the largest that a layer needs, and no more than the layer with the largest entries can take.
    let all = report.layers.iter().fold(GradientSizes::default(), |all, layer| all.joined(&layer.close.gradient));
    let needed = layers.iter().map(|layer| layer.close.gradient.needed_scale(format, LEFT_LOST)).max()?;
    let scale = needed.min(all.largest_scale(format)).max(0);
    let lost_then = layers.iter().map(|layer| layer.close.gradient.lost_in(format, scale)).fold(0.0, f64::max);
    let factor = 2_f64.powi(scale);
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::GradientUnderflow,
        severity: Severity::Info,
        message: format!(
            "in {} entries of the gradient are too small for {}: {:.0} % of those of {}; with the loss multiplied by 2^{scale} {:.0} %",
            in_words(&names),
            format.name(),
            100.0 * lost(worst),
            worst.name,
            100.0 * lost_then,
        ),
        layers: names,
        step: 0,
        cause: Cause::Unknown,
        evidence: evidence([("lost_share", lost(worst)), ("loss_scale", factor), ("lost_share_then", lost_then)]),
        remedies: vec![Remedy::ScaleLoss { factor }],
    })
}
