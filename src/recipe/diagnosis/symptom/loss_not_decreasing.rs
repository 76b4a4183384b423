//! The loss is no better than that of the best constant answer.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::stability::short;
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let (start, end) = (facts.run.start.train.loss, facts.run.end.train.loss);
    let nothing_learned = facts.uninformative();
    if !end.is_finite() || facts.run.stopped.is_some() || !(nothing_learned || facts.not_decreased()) {
        return None;
    }
    if !(nothing_learned || facts.troubled()) {
        return None;
    }
    let message = if nothing_learned {
        "on rows it has not seen the network is no better than a constant answer, and neither is a plain one".to_owned()
    } else {
        let trivial =
            facts.run.trivial.loss.map(|trivial| format!(", where the best constant answer has {}", short(trivial)));
        format!(
            "the loss ends at {}{}",
            short(end),
            trivial.unwrap_or_else(|| format!(", and it started at {}", short(start)))
        )
    };
    let found = notice(Symptom::LossNotDecreasing, true, Cause::Unknown, message);
    let found = found.shown_by("loss_at_start", start).shown_by("loss_at_end", end);
    Some(found.shown_by("trivial_loss", facts.trivial_loss()))
}
