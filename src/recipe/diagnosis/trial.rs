//! A trial: the recipe once more with one thing changed, to see whether that was it.

use super::facts::Facts;
use super::limits::{FAR_SHORT, SHORT};
use crate::recipe::Recipe;
use crate::{Finding, Remedy, Severity, Symptom};

/// Applies remedies one after the other; where one trains longer, then no longer than a trial may.
pub(super) fn apply(facts: &Facts<'_>, remedies: &[Remedy], recipe: &mut Recipe) {
    let before = recipe.training.epochs;
    for remedy in remedies {
        remedy.apply(recipe);
    }
    if recipe.training.epochs > before {
        facts.trials.limit_epochs(recipe, before);
    }
}

/// Whether the recipe, with these remedies, reaches most of what can be reached.
pub(super) fn cures(facts: &Facts<'_>, remedies: &[Remedy]) -> bool {
    mends(facts, |recipe| apply(facts, remedies, recipe))
}

/// Whether the recipe, changed like that, reaches most of what can be reached.
pub(super) fn mends(facts: &Facts<'_>, change: impl FnOnce(&mut Recipe)) -> bool {
    // Of a run that broke off it is enough to learn at all.
    gets_to(if facts.run.stopped.is_some() { FAR_SHORT } else { SHORT }, facts, change)
}

/// Whether the recipe, changed like that, reaches that share of what can be reached, and half of what was missing.
pub(super) fn gets_to(share: f64, facts: &Facts<'_>, change: impl FnOnce(&mut Recipe)) -> bool {
    let mut recipe = facts.recipe.clone();
    change(&mut recipe);
    if recipe == *facts.recipe {
        return false;
    }
    if !facts.short() {
        // There is nothing to be mended that a score could tell.
        facts.trials.leave_open();
        return false;
    }
    let Some(run) = facts.trials.run(&recipe) else { return false };
    if run.stopped.is_some() || !run.end.train.loss.is_finite() {
        return false;
    }
    let (gain, before) = (facts.judged(&run), facts.judged(facts.run));
    let before = if before.is_finite() { before.max(0.0) } else { 0.0 };
    gain >= share * facts.reach() && gain - before >= 0.5 * (facts.reach() - before)
}

/// Whether a run that broke off does not with these remedies, and its loss falls: be it slowly.
pub(super) fn survives(facts: &Facts<'_>, remedies: &[Remedy]) -> bool {
    if facts.run.stopped.is_none() {
        return false;
    }
    let mut recipe = facts.recipe.clone();
    apply(facts, remedies, &mut recipe);
    let Some(run) = facts.trials.run(&recipe) else { return false };
    run.stopped.is_none() && run.end.train.loss < run.start.train.loss
}

/// Whether a run that does not fall short is as good with that remedy, and shows nothing any more of what comes of steps too large.
pub(super) fn quiets(facts: &Facts<'_>, findings: &[Finding], remedy: &Remedy) -> bool {
    const OF_LARGE_STEPS: [Symptom; 5] = [
        Symptom::UnstableLoss,
        Symptom::ExplodingGradients,
        Symptom::ExplodingWeights,
        Symptom::DeadUnits,
        Symptom::SaturatedUnits,
    ];
    let of_steps = |finding: &Finding| finding.severity > Severity::Info && OF_LARGE_STEPS.contains(&finding.symptom);
    if facts.short() || !findings.iter().any(of_steps) {
        return false;
    }
    let mut recipe = facts.recipe.clone();
    remedy.apply(&mut recipe);
    let Some(run) = facts.trials.run(&recipe) else { return false };
    let gain = Facts::gain(run.end.train.score.value(), run.trivial.score.value());
    run.stopped.is_none() && !run.report.findings.iter().any(of_steps) && gain >= SHORT * facts.run_gains().0
}
