//! Units that were on have been switched off for good.

use super::{evidence, in_words, names};
use crate::Cause;
use crate::stability::{Deaths, Finding, LayerRecord, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Deaths are told of where this share of the units that were on at the first look are off: a third. Sokar et al. ("The dormant neuron
/// phenomenon", 2023) find that networks learn less where a quarter to a half of their units are dormant.
const MANY: f64 = 1.0 / 3.0;

/// Of fewer units than this one death or two are chance.
const FEWEST: usize = 8;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    if report.steps < thresholds.steps {
        return None;
    }
    let died = |layer: &LayerRecord| match layer.close.deaths {
        Some(Deaths { units, born, died, .. }) if units >= born + FEWEST => died as f64 / (units - born) as f64,
        _ => 0.0,
    };
    let layers: Vec<&LayerRecord> = report.hidden().iter().filter(|layer| died(layer) >= MANY).collect();
    let worst = layers.iter().copied().max_by(|a, b| died(a).total_cmp(&died(b)))?;
    let deaths = worst.close.deaths?;
    let names = names(layers.iter().copied());
    Some(Finding {
        symptom: Symptom::DyingUnits,
        severity: Severity::Info,
        message: format!(
            "in {} units were on at first and are off on every probe row now: {} of {} in {}, half of them by step {}",
            in_words(&names),
            deaths.died,
            deaths.units - deaths.born,
            worst.name,
            deaths.median,
        ),
        layers: names,
        step: deaths.first,
        // What was alive is killed by steps alone; whether rate or gradient was too large is another question.
        cause: Cause::Unknown,
        evidence: evidence([
            ("died_units", deaths.died as f64),
            ("born_dead_units", deaths.born as f64),
            ("units", deaths.units as f64),
            ("half_by_step", deaths.median as f64),
        ]),
        remedies: vec![
            Remedy::ScaleLearningRate { factor: 0.1 },
            Remedy::ReplaceActivation { with: "leaky_relu" },
            Remedy::ClipGlobalNorm { limit: 1.0 },
        ],
    })
}
