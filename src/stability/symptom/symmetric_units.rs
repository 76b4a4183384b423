//! Units of a layer have the same weights, and so compute, and learn, the same.

use super::{evidence, in_words, names};
use crate::stability::{Cause, Finding, LayerRecord, Remedy, Series, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, _: &Thresholds) -> Option<Finding> {
    // At every one of the last looks, and at two of them at least: chance ties do not last.
    let stays_tied = |layer: &&LayerRecord| layer.tied.len() > 1 && layer.tied.recent().all(|(_, tied)| tied >= 2.0);
    let layers: Vec<&LayerRecord> = report.hidden().iter().filter(stays_tied).collect();
    let worst = layers.iter().max_by(|a, b| a.tied.now().unwrap_or(0.0).total_cmp(&b.tied.now().unwrap_or(0.0)))?;
    let tied = worst.tied.now().unwrap_or(0.0);
    let units = worst.weights.map_or(tied, |shape| shape.cols as f64);
    let from_the_start = worst.tied.start().is_some_and(|tied| tied >= 2.0);
    let names = names(layers.iter().copied());
    let message = format!(
        "in {} units are identical and learn the same: {tied} of {units} in {}, which can do no more than {} could",
        in_words(&names),
        worst.name,
        worst.distinct.map_or_else(|| "fewer".to_owned(), |distinct| distinct.to_string()),
    );
    Some(Finding {
        symptom: Symptom::SymmetricUnits,
        severity: if 2.0 * tied >= units { Severity::Critical } else { Severity::Warning },
        layers: names,
        step: since(&worst.tied),
        cause: if from_the_start { Cause::ConstantInitialization } else { Cause::Unknown },
        evidence: evidence([
            ("identical_units", tied),
            ("units", units),
            ("different_units", worst.distinct.unwrap_or(0) as f64),
        ]),
        message,
        remedies: vec![Remedy::RandomInitializer, Remedy::FittingInitializer],
    })
}

/// The first look that found tied units, as far as the record tells.
fn since(tied: &Series) -> u64 {
    let at_first = tied.first().iter().find(|(_, tied)| *tied >= 2.0).map(|&(step, _)| step);
    let later = || tied.bins().iter().find(|bin| bin.largest >= 2.0).map(|bin| bin.first_step);
    at_first.or_else(later).unwrap_or(0)
}
