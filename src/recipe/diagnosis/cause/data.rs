//! Questions about the data.

use super::super::facts::Facts;
use super::super::{parts, scale, trial};
use super::{Attribution, seen};
use crate::{Cause, Finding, Remedy, Symptom};

/// Rows that were sorted when they were split tell nothing about the others: there is no name for it in the list of causes.
pub(super) fn in_order(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let elsewhere = facts.uninformative() || seen(findings, Symptom::Overfitting).is_some();
    (elsewhere && !facts.recipe.data.shuffle && parts::differ(facts))
        .then(|| (Cause::Unknown, vec![Remedy::ShuffleRows]))
}

pub(super) fn uninformative(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let mismatched = seen(findings, Symptom::MismatchedOutput).is_some();
    (facts.uninformative() && !mismatched).then(|| (Cause::UninformativeData, vec![Remedy::CheckData]))
}

pub(super) fn pairing(_: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    seen(findings, Symptom::MismatchedOutput).map(|finding| (finding.cause, finding.remedies.clone()))
}

pub(super) fn unscaled(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let (inputs, targets) = (scale::inputs(facts), scale::targets(facts));
    if inputs && (!targets || trial::cures(facts, &[Remedy::ScaleInputs])) {
        return Some((Cause::InputsUnscaled, vec![Remedy::ScaleInputs]));
    }
    if targets {
        return Some((Cause::TargetsUnscaled, vec![Remedy::ScaleTargets]));
    }
    None
}
