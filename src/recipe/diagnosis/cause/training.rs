//! Questions about what is done to loss and gradient on their way to the weights.

use super::super::facts::Facts;
use super::super::trial;
use super::Attribution;
use super::steps::soon;
use crate::recipe::leaves::leaves;
use crate::recipe::{LayerKind, LossKind, OptimizerKind};
use crate::{Cause, Finding, Remedy};

/// A penalty on the weights, or a decay of them.
pub(super) fn penalty(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let training = &facts.recipe.training;
    let decays = matches!(training.optimizer, OptimizerKind::AdamW { weight_decay, .. } if weight_decay > 0.0);
    let weaker = vec![Remedy::ScalePenalty { factor: 1e-4 }];
    ((training.l2 > 0.0 || decays) && trial::cures(facts, &weaker)).then_some((Cause::RegularizationDominates, weaker))
}

pub(super) fn dropout(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    /// The paper drops half of the hidden units; more than that is seldom meant.
    const USUAL: f64 = 0.5;
    let mut leaves = leaves(&facts.recipe.layers).into_iter();
    let much = leaves.any(|layer| matches!(layer, LayerKind::Dropout { rate } if *rate > USUAL));
    // What few numbers give, or narrow layers, may bear none.
    let less = [0.2, 0.0].map(|rate| vec![Remedy::LessDropout { rate }]);
    let found = less.into_iter().find(|less| much && trial::cures(facts, less))?;
    Some((Cause::ExcessiveDropout, found))
}

/// A limit so low that steps are too small: as if the learning rate were.
pub(super) fn clipping(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    let without = vec![Remedy::NoClipping];
    (facts.recipe.training.clip.is_some() && trial::cures(facts, &without))
        .then_some((Cause::LearningRateTooLow, without))
}

/// A number in the denominator beside which gradients are nothing: the same.
pub(super) fn epsilon(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    /// Four orders above the usual one.
    const LARGE: f64 = 1e-3;
    let epsilon = facts.recipe.training.optimizer.epsilon().filter(|epsilon| *epsilon > LARGE)?;
    // To about the usual one, by a power of ten.
    let power = (OptimizerKind::EPSILON / epsilon).log10().round();
    let smaller = vec![Remedy::ScaleEpsilon { factor: 10.0_f64.powi(power as i32) }];
    trial::cures(facts, &smaller).then_some((Cause::LearningRateTooLow, smaller))
}

pub(super) fn summed(facts: &Facts<'_>, _: &[Finding]) -> Option<Attribution> {
    // Steps that are too small are not made so by adding up.
    (facts.recipe.training.loss == LossKind::SumSquared && !facts.works() && soon(facts).is_none())
        .then(|| (Cause::SummedLoss, vec![Remedy::ReplaceLoss { with: "mse" }]))
}
