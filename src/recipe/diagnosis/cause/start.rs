//! Questions about where weights and biases start.

use super::super::facts::Facts;
use super::super::limits::{EXPLODED, LARGE_GAIN, MOST};
use super::super::trial;
use super::{Attribution, seen};
use crate::recipe::leaves::{leaves, output};
use crate::recipe::{LayerKind, Start};
use crate::{Cause, Finding, Remedy, Symptom};

pub(super) fn constant(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let alike = |start: &Option<Start>| start.is_some_and(|start| start.is_constant());
    let constant = |leaf: &&LayerKind| match leaf {
        LayerKind::Linear { units, weights, .. } | LayerKind::Conv2d { units, weights, .. } if *units > 1 => {
            Some(alike(weights))
        }
        LayerKind::Recurrent { hidden, weights, recurrent_weights, .. } if *hidden > 1 => {
            Some(alike(weights) && alike(recurrent_weights))
        }
        _ => None,
    };
    let leaves = leaves(&facts.recipe.layers);
    let starts: Vec<bool> = leaves.iter().filter_map(constant).collect();
    // An output layer may well start at zero, also where it is the only one.
    let hidden = leaves[..output(&leaves)?].iter().filter_map(constant);
    let all = starts.iter().all(|constant| *constant) && hidden.count() > 0;
    let tied = seen(findings, Symptom::SymmetricUnits).is_some() && starts.iter().any(|constant| *constant);
    (all || tied).then(|| (Cause::ConstantInitialization, vec![Remedy::RandomInitializer, Remedy::FittingInitializer]))
}

/// Biases that start far from zero, and units that are off from the start: there is no name for it in the list of causes.
pub(super) fn biases(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    /// The middle of what is drawn.
    fn middle(start: Start) -> f64 {
        match start {
            Start::Ones => 1.0,
            Start::Constant { value } => value,
            Start::Uniform { low, high } => low + (high - low) / 2.0,
            Start::Normal { mean, .. } | Start::TruncatedNormal { mean, .. } => mean,
            _ => 0.0,
        }
    }
    let far = leaves(&facts.recipe.layers).into_iter().any(|layer| match layer {
        LayerKind::Linear { bias, .. } | LayerKind::Conv2d { bias, .. } | LayerKind::Recurrent { bias, .. } => {
            middle(*bias).abs() > 1.0
        }
        _ => false,
    });
    let dead = || seen(findings, Symptom::DeadUnits).is_some_and(|finding| finding.step == 0);
    // Behind the first layer with weights, most of a hidden layer says the same of every row.
    let off = || {
        let layers = facts.start.as_ref().map_or(&[][..], |start| &start.layers);
        let first = layers.iter().position(|layer| layer.gradient.is_some()).unwrap_or(0);
        let last = layers.iter().rposition(|layer| layer.gradient.is_some()).unwrap_or(0);
        layers[first..last.max(first)].iter().any(|layer| layer.still.max(layer.flat) > MOST)
    };
    (far && (dead() || off())).then(|| (Cause::Unknown, vec![Remedy::ZeroBiases]))
}

pub(super) fn large(facts: &Facts<'_>, findings: &[Finding]) -> Option<Attribution> {
    let gains = facts.start_gains();
    let large = |limit: f64| gains.iter().any(|gain| *gain > limit);
    let grows = facts.fade().is_some_and(|fade| fade.signal.max(fade.gradient_growth) > EXPLODED);
    let flat = seen(findings, Symptom::SaturatedUnits).is_some_and(|finding| finding.step == 0);
    // Twice as large as He's is enough where units are flat from the start, or where it adds up over the layers.
    (large(LARGE_GAIN) || (large(2.0 * 1.42) && (flat || grows)))
        .then(|| (Cause::WeightsTooLarge, vec![Remedy::FittingInitializer]))
}

/// Weights that a state goes through at every step: a factor that a layer bears once is large where it is taken to the power of the steps.
pub(super) fn state(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let (gain, steps) = facts.state_gain()?;
    let grown = gain.powf(steps as f64);
    (grown > EXPLODED && trial::cures(facts, &[Remedy::FittingInitializer]))
        .then(|| (Cause::WeightsTooLarge, vec![Remedy::FittingInitializer]))
}
