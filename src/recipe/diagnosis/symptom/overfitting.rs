//! The loss falls on the training rows, and rises on others.

use super::super::facts::Facts;
use super::super::limits::{BY_HEART, DEVIATIONS, NOT_DECREASED, STILL_FALLS};
use super::super::notice::{Notice, notice};
use super::super::row_losses::relative_error;
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
        // Nor where one of the losses is none.
        || by_heart.is_nan()
        || by_heart <= BY_HEART
        || validation <= best * (1.0 + STILL_FALLS)
        || train > NOT_DECREASED * trivial
        || (facts.generalizes() && DEVIATIONS * validation * error(facts) >= validation - train)
    {
        return None;
    }
    let message = format!(
        "the loss is {} on the training rows and {} on others, where it has been as low as {}",
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

/// The standard error of the loss of the validation rows, as a share of it: a few rows among thirty can be wrong by chance.
fn error(facts: &Facts<'_>) -> f64 {
    let loss = facts.recipe.training.loss.build().ok();
    loss.and_then(|loss| relative_error(&facts.run.network, &*loss, facts.data.validation())).unwrap_or(0.0)
}
