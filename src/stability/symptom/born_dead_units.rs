//! Units have been switched off on every example since the first look.

use super::{evidence, in_words, names};
use crate::stability::{Cause, Deaths, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Units that were born dead are told of where they are this share of a layer: half. He's initialization leaves up to a third of narrow
/// layers dead without harm; that all of a layer are is what Lu et al. ("Dying ReLU and initialization", 2019) give the probability of.
const MANY: f64 = 0.5;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps {
        return None;
    }
    let born =
        |layer: &LayerRecord| layer.close.deaths.map_or(0.0, |Deaths { born, units, .. }| born as f64 / units as f64);
    let layers: Vec<&LayerRecord> = report.hidden().iter().filter(|layer| born(layer) >= MANY).collect();
    let worst = layers.iter().copied().max_by(|a, b| born(a).total_cmp(&born(b)))?;
    let deaths = worst.close.deaths?;
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::BornDeadUnits,
        severity: Severity::Info,
        message: format!(
            "in {} units have been off on every probe row since before training: {} of {} in {}",
            in_words(&names),
            deaths.born,
            deaths.units,
            worst.name,
        ),
        layers: names,
        step: 0,
        // Their weights, or what enters them, did it before any step was taken.
        cause: Cause::Unknown,
        evidence: evidence([
            ("born_dead_units", deaths.born as f64),
            ("died_later", deaths.died as f64),
            ("units", deaths.units as f64),
        ]),
        remedies: vec![Remedy::FittingInitializer, Remedy::ScaleInputs, Remedy::ZeroBiases],
    })
}
