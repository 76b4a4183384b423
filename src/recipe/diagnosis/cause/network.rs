//! Questions about layers, activations and units.

use super::super::facts::Facts;
use super::super::limits::{FADED, FAR_SHORT, NARROW, SMALL_GAIN};
use super::super::trial;
use super::steps::{fast, soon, usual_rate};
use super::{Attribution, seen};
use crate::recipe::leaves::{leaves, output};
use crate::recipe::{ActivationKind, Data, LayerKind, LossKind, Task};
use crate::{Cause, Finding, Remedy, Symptom};

/// How many hidden layers are few: a network that has no more is not too deep.
const FEW: usize = 2;

pub(super) fn unbounded(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let overflows = facts.run.stopped.is_some() || seen(findings, Symptom::ExplodingGradients).is_some();
    let within = facts.hidden_activations().contains(&ActivationKind::Exponential);
    if !overflows || !(within || facts.output_activation() == ActivationKind::Exponential) {
        return None;
    }
    let remedy = if within {
        Remedy::ReplaceActivation { with: "relu" }
    } else {
        let rates = facts.recipe.training.loss == LossKind::Poisson;
        Remedy::ReplaceOutput { with: if rates { "softplus" } else { "identity" } }
    };
    Some((Cause::UnboundedActivation, vec![remedy]))
}

pub(super) fn fading(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let fade = facts.fade()?;
    let seen = seen(findings, Symptom::VanishingGradients).is_some();
    if !seen && fade.signal.min(fade.gradient) > FADED {
        return None;
    }
    // What a few units let pass is little, however deep the rest. The channels of a convolution are not all of its units.
    let leaves = leaves(&facts.recipe.layers);
    let hidden = leaves[..output(&leaves)?].iter();
    let linear = hidden.filter(|leaf| matches!(leaf, LayerKind::Linear { .. })).filter_map(|leaf| leaf.units());
    if let (Some(least), Some(most)) = (linear.clone().min(), linear.max())
        && least < NARROW
        && most > 4 * least
    {
        return Some((Cause::LayerTooNarrow, vec![Remedy::MoreUnits { units: 32 }]));
    }
    let mut gains = facts.start_gains();
    gains.pop();
    gains.sort_unstable_by(f64::total_cmp);
    if gains.get(gains.len() / 2).is_some_and(|gain| *gain < SMALL_GAIN) {
        return Some((Cause::WeightsTooSmall, vec![Remedy::FittingInitializer, Remedy::FewerLayers]));
    }
    by_depth(facts)
}

/// Many layers, of which a few would do. Where neither signal nor gradient fades, a rate far above the usual one explains it as well, and
/// more plainly: then it is not the depth.
pub(super) fn deep(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    const FAR_ABOVE: f64 = 10.0;
    if facts.hidden_units().len() <= 2 * FEW {
        return None;
    }
    let few = trial::gets_to(FAR_SHORT, facts, |recipe| trial::apply(facts, &[Remedy::FewerLayers], recipe));
    let optimizer = facts.recipe.training.optimizer;
    let fast = optimizer.learning_rate() > FAR_ABOVE * usual_rate(optimizer);
    let slower = || [0.1, 0.01].iter().any(|&factor| trial::cures(facts, &[Remedy::ScaleLearningRate { factor }]));
    if few && !(fast && slower()) { by_depth(facts) } else { None }
}

/// Too many layers, or too many of an activation that squeezes; `None` where there are few.
fn by_depth(facts: &Facts<'_>) -> Option<Attribution> {
    let activations = facts.hidden_activations();
    let saturating = activations.iter().filter(|activation| activation.saturates()).count();
    let replace = Remedy::ReplaceActivation { with: "relu" };
    if saturating > 0 && 2 * saturating >= activations.len() {
        Some((Cause::SaturatingActivation, vec![replace, Remedy::FittingInitializer, Remedy::FewerLayers]))
    } else if facts.hidden_units().len() > FEW {
        Some((Cause::NetworkTooDeep, vec![Remedy::FewerLayers, Remedy::FittingInitializer]))
    } else {
        None
    }
}

pub(super) fn linear(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let linear = leaves(&facts.recipe.layers).into_iter().all(|layer| {
        matches!(
            layer,
            LayerKind::Linear { .. }
                | LayerKind::Conv2d { .. }
                | LayerKind::AveragePool2d { .. }
                | LayerKind::Activation(_)
                | LayerKind::BatchNorm { .. }
                | LayerKind::Dropout { .. }
                | LayerKind::ChannelsLast { .. }
                | LayerKind::Flatten
        )
    });
    if !linear || !facts.hidden_activations().is_empty() || !facts.short() || facts.run.stopped.is_some() {
        return None;
    }
    // A linear model is enough for many data: it is to blame where neither patience nor care helps.
    if soon(facts).is_some() || fast(facts, findings).is_some() {
        return None;
    }
    if !facts.hidden_units().is_empty() {
        return Some((Cause::MissingNonlinearity, vec![Remedy::AddActivation { with: "relu" }]));
    }
    let hidden = Remedy::AddHiddenLayer { units: 32 };
    let remedies = [vec![hidden.clone()], vec![hidden, Remedy::MoreEpochs { factor: 10.0 }]];
    let found = remedies.into_iter().find(|remedies| trial::cures(facts, remedies))?;
    Some((Cause::MissingNonlinearity, found))
}

/// A layer of one or a few units that lets hardly anything pass, where wider ones mend it.
pub(super) fn narrow(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let units = facts.hidden_units();
    let least = units.iter().copied().min().filter(|least| *least < NARROW)?;
    let wide = units.iter().any(|units| *units > 4 * least);
    let wider = vec![Remedy::MoreUnits { units: 32 }];
    // Some patience is asked for first, which leaves the network as it is; but not for a layer that all outputs have to share.
    let shared = wide && least < dimensions(&facts.recipe.data);
    if (!shared && soon(facts).is_some()) || !trial::cures(facts, &wider) {
        return None;
    }
    Some((if wide { Cause::LayerTooNarrow } else { Cause::CapacityTooSmall }, wider))
}

/// In how many directions the answers differ: through fewer units they cannot all be told, or only one after the other on a curve. Shares of
/// classes sum to one.
fn dimensions(data: &Data) -> usize {
    match data.task {
        Task::Classification { classes, one_hot: true } => classes.saturating_sub(1),
        _ => data.targets,
    }
}

pub(super) fn small(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    if facts.run.stopped.is_some() {
        return None;
    }
    let wider = Remedy::MoreUnits { units: 64 };
    // What more units alone do not mend, they may with more patience, which alone did not mend it either.
    let remedies = [vec![wider.clone()], vec![wider, Remedy::MoreEpochs { factor: 10.0 }]];
    let found = remedies.into_iter().find(|remedies| trial::cures(facts, remedies))?;
    Some((Cause::CapacityTooSmall, found))
}

/// Nothing else explains it, a layer has hardly any units, and a plain network with more of them learns.
pub(super) fn smaller(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let least = facts.hidden_units().into_iter().min()?;
    (facts.short() && least < NARROW).then(|| (Cause::CapacityTooSmall, vec![Remedy::MoreUnits { units: 64 }]))
}
