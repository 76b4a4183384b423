//! The loss of an epoch is often well above that of the one before, to the end.

use super::super::facts::Facts;
use super::super::limits::{RISE, RISES};
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let losses: Vec<f64> = facts.run.history.iter().map(|epoch| epoch.loss).collect();
    let late = &losses[losses.len() / 2..];
    let steps = late.len().checked_sub(1).filter(|steps| *steps >= 4)?;
    let rises = |pair: &[f64]| pair[1] > (1.0 + RISE) * pair[0].abs();
    // At the end of the epoch in which it first rises like that.
    let since = losses.windows(2).position(rises).map_or(0, |before| facts.run.history[before + 1].steps);
    let rises = late.windows(2).filter(|pair| rises(pair)).count();
    if !facts.troubled() || (rises as f64) < RISES * steps as f64 {
        return None;
    }
    let message = format!("in {rises} of the last {steps} epochs the loss rose by more than a tenth");
    let found = notice(Symptom::UnstableLoss, false, Cause::Unknown, message).since(since);
    Some(found.shown_by("rises", rises as f64).shown_by("epochs", steps as f64))
}
