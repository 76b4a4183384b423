//! The loss ends far above where it started.

use super::super::facts::Facts;
use super::super::limits::{CHANCE, DIVERGED};
use super::super::notice::{Notice, notice};
use crate::stability::short;
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let (start, end) = (facts.run.start.train.loss, facts.run.end.train.loss);
    if !start.is_finite() || start <= 0.0 || end <= DIVERGED * start {
        return None;
    }
    // A single number can break down what was still good.
    if end.is_nan() && facts.run_gains().0 > CHANCE {
        return None;
    }
    let message = format!("the loss ends at {}, and it started at {}", short(end), short(start));
    let found = notice(Symptom::DivergingLoss, true, Cause::Unknown, message);
    let report = &facts.run.report;
    let found = found.since(report.loss.first_above(DIVERGED * start).unwrap_or(report.steps));
    Some(found.shown_by("loss_at_start", start).shown_by("loss_at_end", end))
}
