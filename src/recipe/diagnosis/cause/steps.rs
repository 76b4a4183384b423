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

/// Whether a rate is far below the usual one.
fn is_low(optimizer: OptimizerKind, rate: f64) -> bool {
    const FAR_BELOW: f64 = 2.0;
    FAR_BELOW * rate < usual_rate(optimizer)
}

fn tried(facts: &Facts<'_>, cause: Cause, remedies: Vec<Remedy>) -> Option<Attribution> {
    trial::cures(facts, &remedies).then_some((cause, remedies))
}

/// The least raise of these that is enough.
fn raised(facts: &Facts<'_>, mut powers: impl Iterator<Item = i32>) -> Option<Attribution> {
    powers.find_map(|power| tried(facts, Cause::LearningRateTooLow, vec![raise(power)]))
}

fn longer(facts: &Facts<'_>, factor: f64) -> Option<Attribution> {
    tried(facts, Cause::TooFewEpochs, vec![Remedy::MoreEpochs { factor }])
}

/// The power of ten that brings a rate to the usual one, or just above.
fn to_usual(optimizer: OptimizerKind) -> i32 {
    let power = (usual_rate(optimizer) / optimizer.learning_rate()).log10().ceil();
    // Of the smallest number that there is, too, there is such a power.
    power.min(f64::from(f64::MAX_10_EXP)) as i32
}

/// A raise of the rate by that power of ten.
fn raise(power: i32) -> Remedy {
    Remedy::ScaleLearningRate { factor: 10.0_f64.powi(power) }
}

/// A rate far below the usual one is the first to be suspected, be it from the start or in the end, and then patience.
pub(super) fn soon(facts: &Facts<'_>) -> Option<Attribution> {
    let optimizer = facts.recipe.training.optimizer;
    let falls = is_low(optimizer, last_rate(facts)) && (optimizer.decay() > 0.0 || falls_soon(facts));
    let steady = || tried(facts, Cause::LearningRateTooLow, vec![Remedy::NoDecay]);
    // To between a thousandth and a hundred times the usual one.
    let usual = to_usual(optimizer);
    let low = is_low(optimizer, optimizer.learning_rate());
    let raised = || if low { raised(facts, (usual - 3).max(1)..=usual + 2) } else { None };
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
    // Both together, where neither alone is enough. Where the rate is far too low it is that, however few steps there were.
    let optimizer = facts.recipe.training.optimizer;
    let (cause, powers) = if is_low(optimizer, optimizer.learning_rate()) {
        (Cause::LearningRateTooLow, to_usual(optimizer)..=to_usual(optimizer) + 1)
    } else {
        (Cause::TooFewEpochs, 1..=1)
    };
    let longer_and = |power| tried(facts, cause, vec![Remedy::MoreEpochs { factor: 100.0 }, raise(power)]);
    let both = || powers.clone().find_map(longer_and);
    soon(facts).or_else(|| longer(facts, 100.0)).or_else(|| raised(facts, 1..=2)).or_else(both)
}
