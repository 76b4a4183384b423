//! The loss falls on the training rows, and rises on others.

use super::super::facts::Facts;
use super::super::limits::{BY_HEART, STILL_FALLS};
use super::super::notice::{Notice, notice};
use crate::recipe::LossKind;
use crate::stability::short;
use crate::{Cause, Remedy, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    if facts.recipe.training.loss == LossKind::Poisson {
        return None;
    }
    let trivial = facts.trivial_loss();
    let (train, validation) = (facts.run.end.train.loss, facts.run.end.validation.loss);
    let losses = facts.run.history.iter().filter_map(|epoch| Some((epoch.validation?.loss, epoch.steps)));
    // Since then it rises.
    let (best, step) = losses.reduce(|best, next| if next.0 < best.0 { next } else { best })?;
    let by_heart = (validation - train) / trivial;
    if facts.uninformative()
        || trivial.is_nan()
        || trivial <= 0.0
        || by_heart <= BY_HEART
        || validation <= best * (1.0 + STILL_FALLS)
        || train > (1.0 - BY_HEART) * trivial
    {
        return None;
    }
    let message = format!(
        "the loss is {} on the training rows and {} on others, where it was {}",
        short(train),
        short(validation),
        short(best)
    );
    let found =
        notice(Symptom::Overfitting, false, Cause::Unknown, message).cured_by(vec![Remedy::StopEarly]).since(step);
    Some(
        found
            .shown_by("train_loss", train)
            .shown_by("validation_loss", validation)
            .shown_by("best_validation_loss", best),
    )
}
