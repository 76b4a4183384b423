//! Questions about the size of steps, and their number.

use super::super::facts::Facts;
use super::super::trial;
use super::Attribution;
use crate::recipe::OptimizerKind;
use crate::{Cause, Finding, Remedy};

pub(super) fn fast(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let slower = [0.1, 0.01, 0.001].map(|factor| Remedy::ScaleLearningRate { factor });
    let mends = slower.iter().find(|remedy| trial::cures(facts, std::slice::from_ref(remedy)));
    // That a slower one would take longer is no reason for numbers to overflow.
    let mends = mends.or_else(|| slower.iter().find(|remedy| trial::survives(facts, std::slice::from_ref(remedy))));
    // A run that works in spite of what was noticed is judged by whether that goes away.
    let remedy = mends.or_else(|| slower.first().filter(|remedy| trial::quiets(facts, findings, remedy)))?;
    Some((Cause::LearningRateTooHigh, vec![remedy.clone()]))
}

/// Usual rates: that of Adam and its relatives, and that of plain gradient descent.
pub(super) fn usual_rate(optimizer: OptimizerKind) -> f64 {
    if optimizer.adapts() { 1e-3 } else { 1e-2 }
}

fn tried(facts: &Facts<'_>, cause: Cause, remedies: Vec<Remedy>) -> Option<Attribution> {
    trial::cures(facts, &remedies).then_some((cause, remedies))
}

fn raised(facts: &Facts<'_>, factors: &[f64]) -> Option<Attribution> {
    let raise = |&factor: &f64| tried(facts, Cause::LearningRateTooLow, vec![Remedy::ScaleLearningRate { factor }]);
    factors.iter().find_map(raise)
}

fn longer(facts: &Facts<'_>, factor: f64) -> Option<Attribution> {
    tried(facts, Cause::TooFewEpochs, vec![Remedy::MoreEpochs { factor }])
}

/// By which factors a rate that is so far below the usual one is raised: powers of ten, and at last by what brings it there.
fn raises(below: f64) -> Vec<f64> {
    let mut factors = vec![10.0, 100.0, 1000.0, 10_000.0];
    factors.extend(Some(10.0_f64.powf(below.log10().ceil())).filter(|all| *all > 10_000.0 && all.is_finite()));
    factors
}

/// A rate far below the usual one is the first to be suspected, be it from the start or in the end, and then patience.
pub(super) fn soon(facts: &Facts<'_>) -> Option<Attribution> {
    const FAR_BELOW: f64 = 0.5;
    let optimizer = facts.recipe.training.optimizer;
    let low = |rate: f64| rate < FAR_BELOW * usual_rate(optimizer);
    let rate = optimizer.learning_rate();
    let falls = low(last_rate(facts)) && (optimizer.decay() > 0.0 || falls_soon(facts));
    let steady = || tried(facts, Cause::LearningRateTooLow, vec![Remedy::NoDecay]);
    let raised = || if low(rate) { raised(facts, &raises(usual_rate(optimizer) / rate)) } else { None };
    falls.then(steady).flatten().or_else(raised).or_else(|| longer(facts, 10.0))
}

/// The learning rate of the last step.
fn last_rate(facts: &Facts<'_>) -> f64 {
    facts.run.history.last().map_or_else(|| facts.recipe.training.optimizer.learning_rate(), |epoch| epoch.rate)
}

/// Whether a schedule takes more of the rate than usual ones do: a cosine, or a straight line, to zero leaves half of it on average.
fn falls_soon(facts: &Facts<'_>) -> bool {
    const USUAL: f64 = 0.4;
    let history = &facts.run.history;
    let sum: f64 = history.iter().map(|epoch| epoch.rate).sum();
    sum < USUAL * facts.recipe.training.optimizer.learning_rate() * history.len() as f64
}

pub(super) fn slow(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    if facts.run.stopped.is_some() {
        return None;
    }
    // Both together, where neither alone is enough.
    let both = || {
        let remedies = vec![Remedy::MoreEpochs { factor: 100.0 }, Remedy::ScaleLearningRate { factor: 10.0 }];
        tried(facts, Cause::TooFewEpochs, remedies)
    };
    soon(facts).or_else(|| longer(facts, 100.0)).or_else(|| raised(facts, &[10.0, 100.0])).or_else(both)
}
