//! The optimizer divides by its epsilon, not by the size of the gradient.

use super::{Progress, evidence};
use crate::stability::{Cause, Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// Told of where epsilon decides in more than half of the entries: then most of the update is that of plain gradient descent, at a rate
/// that nobody chose (Wortsman et al., "Small-scale proxies for large-scale Transformer training instabilities", 2023, section 3.4).
const MOST: f64 = 0.5;

/// What is left of epsilon by the remedy: it is then far below the gradients that were below it.
const SMALLER: f64 = 1e-4;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let shares = &report.trials.by_epsilon;
    let lately = shares.recent().rev().take(2).all(|(_, share)| share > MOST);
    // What is learned to the end has no gradient, whoever divides it.
    if shares.len() < 2 || !lately || Progress::done(report, thresholds) {
        return None;
    }
    let now = shares.now()?;
    Some(Finding {
        symptom: Symptom::EpsilonRegime,
        severity: Severity::Info,
        layers: Vec::new(),
        step: shares.first().iter().find(|(_, share)| *share > MOST).map_or(0, |&(step, _)| step),
        cause: Cause::Unknown,
        evidence: evidence([("share_by_epsilon", now)]),
        message: format!(
            "in {:.0} % of the entries the gradient is below the epsilon of the optimizer, which then no longer adapts to it",
            100.0 * now,
        ),
        remedies: vec![Remedy::ScaleEpsilon { factor: SMALLER }, Remedy::FittingInitializer],
    })
}
