//! Attribution: from what was noticed to the one cause that explains it.

use super::facts::Facts;
use super::limits::{EXPLODED, FADED, FAR_SHORT, LARGE_GAIN, NARROW, SMALL_GAIN};
use super::{Confidence, scale, trial};
use crate::recipe::{ActivationKind, LayerKind, LossKind, OptimizerKind, Start};
use crate::{Cause, Finding, Remedy, Symptom};
use Ground::{Elimination, Numbers, Trial};

/// A cause, with what may help.
pub(super) type Attribution = (Cause, Vec<Remedy>);

type Ask = fn(&Facts<'_>, &[Finding]) -> Option<Attribution>;

/// What a yes rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// What was measured of this run, and of the control.
    Numbers,
    /// The recipe was run again without the cause, and works.
    Trial,
    /// Every other question was answered with no.
    Elimination,
}

/// The questions, in the order in which they are asked. Data come before the pairing of output and loss, that before where weights start,
/// that before depth and activation, those before the learning rate, and that before patience and size: what comes first explains
/// what comes later. What costs a run of its own is asked last.
const QUESTIONS: &[(&str, Ground, Ask)] = &[
    ("do the inputs tell anything about the targets?", Numbers, uninformative),
    ("do output, loss and targets belong together?", Numbers, pairing),
    ("do numbers overflow in an activation without bounds?", Numbers, unbounded),
    ("do all units start the same?", Numbers, constant),
    ("are units switched off by where their biases start?", Numbers, biases),
    ("does the penalty outweigh the loss?", Trial, penalty),
    ("is too much dropped?", Trial, dropout),
    ("are errors summed instead of averaged?", Numbers, summed),
    ("are inputs or targets out of scale?", Numbers, unscaled),
    ("do weights start too large?", Numbers, large),
    ("do signal or gradient fade through the layers?", Numbers, fading),
    ("does it learn with fewer layers?", Trial, deep),
    ("is the network linear?", Numbers, linear),
    ("is a layer, or the network, too small?", Trial, narrow),
    ("are the steps too large?", Trial, fast),
    ("does it need more steps, or larger ones?", Trial, slow),
    ("does it need more units?", Trial, small),
    ("is it much smaller than the plain network that learns?", Elimination, smaller),
];

/// The first cause that explains it, how sure it is, and the questions that were answered with no before.
pub(super) fn attribute(
    facts: &Facts<'_>,
    findings: &[Finding],
) -> (Attribution, Option<Confidence>, Vec<&'static str>) {
    let mut ruled_out = Vec::new();
    for (question, ground, ask) in QUESTIONS {
        match ask(facts, findings) {
            Some(found) => {
                let confidence = match ground {
                    _ if found.0 == Cause::Unknown => None,
                    Numbers => Some(Confidence::Reasoned),
                    Trial => Some(Confidence::Shown),
                    Elimination => Some(Confidence::Presumed),
                };
                return (found, confidence, ruled_out);
            }
            None => ruled_out.push(*question),
        }
    }
    ((Cause::Unknown, Vec::new()), None, ruled_out)
}

fn seen(findings: &[Finding], symptom: Symptom) -> Option<&Finding> {
    findings.iter().find(|finding| finding.symptom == symptom)
}

fn uninformative(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let mismatched = seen(findings, Symptom::MismatchedOutput).is_some();
    (facts.uninformative() && !mismatched).then(|| (Cause::UninformativeData, vec![Remedy::CheckData]))
}

fn pairing(_: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    seen(findings, Symptom::MismatchedOutput).map(|finding| (finding.cause, finding.remedies.clone()))
}

fn unbounded(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let overflows = facts.run.stopped.is_some() || seen(findings, Symptom::ExplodingGradients).is_some();
    let mut activations = facts.hidden_activations();
    activations.push(facts.output_activation());
    (overflows && activations.contains(&ActivationKind::Exponential))
        .then(|| (Cause::UnboundedActivation, vec![Remedy::ReplaceActivation { with: "relu" }]))
}

fn constant(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let starts = facts.recipe.layers.iter().filter_map(|layer| match layer {
        LayerKind::Linear { units, weights: Some(weights), .. }
        | LayerKind::Recurrent { hidden: units, weights: Some(weights), .. }
            if *units > 1 =>
        {
            Some(weights.is_constant())
        }
        _ => None,
    });
    // An output layer may well start at zero; not all of them.
    let all = starts.clone().count() > 0 && starts.clone().all(|constant| constant);
    let tied = seen(findings, Symptom::SymmetricUnits).is_some() && starts.clone().any(|constant| constant);
    (all || tied).then(|| (Cause::ConstantInitialization, vec![Remedy::RandomInitializer, Remedy::FittingInitializer]))
}

/// Biases that start far from zero, and units that are off from the start: there is no name for it in the list of causes.
fn biases(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let far = facts.recipe.layers.iter().any(|layer| match layer {
        LayerKind::Linear { bias: Start::Constant { value }, .. } => value.abs() > 1.0,
        _ => false,
    });
    let dead = seen(findings, Symptom::DeadUnits).is_some_and(|finding| finding.step == 0);
    (far && dead).then(|| (Cause::Unknown, vec![Remedy::ZeroBiases]))
}

fn penalty(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let l2 = facts.recipe.training.l2;
    (l2 > 0.0 && trial::mends(facts, |recipe| recipe.training.l2 = 0.0))
        .then(|| (Cause::RegularizationDominates, vec![Remedy::ScalePenalty { factor: 1e-4 }]))
}

fn dropout(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    /// The paper drops half of the hidden units; more than that is seldom meant.
    const USUAL: f64 = 0.5;
    let much = facts.recipe.layers.iter().any(|layer| matches!(layer, LayerKind::Dropout { rate } if *rate > USUAL));
    (much && trial::mends(facts, |recipe| trial::drop_less(recipe, 0.2)))
        .then(|| (Cause::ExcessiveDropout, vec![Remedy::LessDropout { rate: 0.2 }]))
}

fn summed(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    (facts.recipe.training.loss == LossKind::SumSquared && !facts.works())
        .then(|| (Cause::SummedLoss, vec![Remedy::ReplaceLoss { with: "mse" }]))
}

fn unscaled(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let (inputs, targets) = (scale::inputs(facts), scale::targets(facts));
    if inputs && (!targets || trial::mends(facts, |recipe| trial::standardize(recipe, true, false))) {
        return Some((Cause::InputsUnscaled, vec![Remedy::ScaleInputs]));
    }
    if targets {
        return Some((Cause::TargetsUnscaled, vec![Remedy::ScaleTargets]));
    }
    None
}

fn large(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let gains = facts.start_gains();
    let large = |limit: f64| gains.iter().any(|gain| *gain > limit);
    let grows = facts.fade().is_some_and(|fade| fade.signal.max(fade.gradient_growth) > EXPLODED);
    let flat = seen(findings, Symptom::SaturatedUnits).is_some_and(|finding| finding.step == 0);
    // Twice as large as He's is enough where units are flat from the start, or where it adds up over the layers.
    (large(LARGE_GAIN) || (large(2.0 * 1.42) && (flat || grows)))
        .then(|| (Cause::WeightsTooLarge, vec![Remedy::FittingInitializer]))
}

fn fading(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let fade = facts.fade()?;
    let seen = seen(findings, Symptom::VanishingGradients).is_some();
    if !seen && fade.signal.min(fade.gradient) > FADED {
        return None;
    }
    // What a few units let pass is little, however deep the rest.
    let units = facts.hidden_units();
    let (least, most) = (units.iter().min().copied()?, units.iter().max().copied()?);
    if least < NARROW && most > 4 * least {
        return Some((Cause::LayerTooNarrow, vec![Remedy::MoreUnits { units: 32 }]));
    }
    let mut gains = facts.start_gains();
    gains.pop();
    gains.sort_unstable_by(f64::total_cmp);
    Some(if gains.get(gains.len() / 2).is_some_and(|gain| *gain < SMALL_GAIN) {
        (Cause::WeightsTooSmall, vec![Remedy::FittingInitializer, Remedy::FewerLayers])
    } else {
        by_depth(facts)
    })
}

/// Many layers, of which a few would do. Where neither signal nor gradient fades, a rate far above the usual one explains it as well, and
/// more plainly: then it is not the depth.
fn deep(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    const FEW: usize = 2;
    const FAR_ABOVE: f64 = 10.0;
    let few = || trial::gets_to(FAR_SHORT, facts, |recipe| trial::shorten(recipe, FEW));
    let optimizer = facts.recipe.training.optimizer;
    let fast = optimizer.learning_rate() > FAR_ABOVE * usual_rate(optimizer);
    let slower = || [0.1, 0.01].iter().any(|&by| trial::mends(facts, |recipe| trial::scale_rate(recipe, by)));
    (facts.hidden_units().len() > 2 * FEW && few() && !(fast && slower())).then(|| by_depth(facts))
}

/// Too many layers, or too many of an activation that squeezes.
fn by_depth(facts: &Facts<'_>) -> Attribution {
    let activations = facts.hidden_activations();
    let saturating = activations.iter().filter(|activation| activation.saturates()).count();
    let replace = Remedy::ReplaceActivation { with: "relu" };
    if saturating > 0 && 2 * saturating >= activations.len() {
        (Cause::SaturatingActivation, vec![replace, Remedy::FittingInitializer, Remedy::FewerLayers])
    } else {
        (Cause::NetworkTooDeep, vec![Remedy::FittingInitializer, Remedy::FewerLayers])
    }
}

fn linear(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let layers = facts.recipe.layers.iter().all(|layer| {
        matches!(
            layer,
            LayerKind::Linear { .. }
                | LayerKind::Activation(_)
                | LayerKind::BatchNorm { .. }
                | LayerKind::Dropout { .. }
                | LayerKind::Flatten
        )
    });
    let linear = layers && facts.hidden_activations().is_empty() && !facts.hidden_units().is_empty();
    (linear && facts.short() && facts.run.stopped.is_none())
        .then(|| (Cause::MissingNonlinearity, vec![Remedy::AddActivation { with: "relu" }]))
}

/// A layer of one or a few units that lets hardly anything pass, where wider ones mend it.
fn narrow(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let units = facts.hidden_units();
    let least = units.iter().copied().min().filter(|least| *least < NARROW)?;
    let wide = units.iter().any(|units| *units > 4 * least);
    // Some patience is asked for first: it leaves the network as it is.
    if soon(facts).is_some() || !trial::mends(facts, |recipe| trial::widen(recipe, 32)) {
        return None;
    }
    let cause = if wide { Cause::LayerTooNarrow } else { Cause::CapacityTooSmall };
    Some((cause, vec![Remedy::MoreUnits { units: 32 }]))
}

fn fast(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let mends = |factor: f64| trial::mends(facts, |recipe| trial::scale_rate(recipe, factor));
    // A run that works in spite of what was noticed is judged by whether that goes away.
    let quiets = |factor: f64| trial::quiets(facts, findings, |recipe| trial::scale_rate(recipe, factor));
    let mut factors = [0.1, 0.01, 0.001].into_iter();
    let factor = factors.find(|&factor| mends(factor)).or_else(|| quiets(0.1).then_some(0.1))?;
    Some((Cause::LearningRateTooHigh, vec![Remedy::ScaleLearningRate { factor }]))
}

/// Usual rates: that of Adam and its relatives, and that of plain gradient descent.
fn usual_rate(optimizer: OptimizerKind) -> f64 {
    if optimizer.adapts() { 1e-3 } else { 1e-2 }
}

/// Larger steps or more of them, and the rest of the recipe as it is.
fn tried(facts: &Facts<'_>, rate: f64, times: u64) -> bool {
    trial::mends(facts, |recipe| {
        trial::scale_rate(recipe, rate);
        trial::train_longer(recipe, facts, times);
    })
}

fn raise(factor: f64) -> Attribution {
    (Cause::LearningRateTooLow, vec![Remedy::ScaleLearningRate { factor }])
}

fn longer(factor: u64) -> Attribution {
    (Cause::TooFewEpochs, vec![Remedy::MoreEpochs { factor: factor as f64 }])
}

/// A rate far below the usual one is the first to be suspected, be it from the start or in the end, and then patience.
fn soon(facts: &Facts<'_>) -> Option<Attribution> {
    const FAR_BELOW: f64 = 0.5;
    let optimizer = facts.recipe.training.optimizer;
    let low = |rate: f64| rate < FAR_BELOW * usual_rate(optimizer);
    let (rate, decay) = (optimizer.learning_rate(), optimizer.decay());
    if decay > 0.0
        && low(rate / (1.0 + decay * facts.run.report.steps as f64))
        && trial::mends(facts, |recipe| recipe.training.optimizer = optimizer.without_decay())
    {
        return Some((Cause::LearningRateTooLow, vec![Remedy::NoDecay]));
    }
    if low(rate)
        && let Some(factor) = [10.0, 100.0, 1000.0, 10_000.0].into_iter().find(|&factor| tried(facts, factor, 1))
    {
        return Some(raise(factor));
    }
    tried(facts, 1.0, 10).then(|| longer(10))
}

fn slow(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    if facts.run.stopped.is_some() {
        return None;
    }
    let later = || {
        if tried(facts, 1.0, 100) {
            return Some(longer(100));
        }
        if let Some(factor) = [10.0, 100.0].into_iter().find(|&factor| tried(facts, factor, 1)) {
            return Some(raise(factor));
        }
        // Both together, where neither alone is enough.
        tried(facts, 10.0, 100).then(|| longer(100))
    };
    soon(facts).or_else(later)
}

fn small(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    if facts.run.stopped.is_some() {
        return None;
    }
    let wider = |times: u64| {
        trial::mends(facts, |recipe| {
            trial::widen(recipe, 64);
            trial::train_longer(recipe, facts, times);
        })
    };
    // What more units alone do not mend, they may with more patience, which alone did not mend it either.
    (wider(1) || wider(10)).then(|| (Cause::CapacityTooSmall, vec![Remedy::MoreUnits { units: 64 }]))
}

/// Nothing else explains it, a layer has hardly any units, and a plain network with more of them learns.
fn smaller(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let least = facts.hidden_units().into_iter().min()?;
    (facts.short() && least < NARROW).then(|| (Cause::CapacityTooSmall, vec![Remedy::MoreUnits { units: 64 }]))
}
