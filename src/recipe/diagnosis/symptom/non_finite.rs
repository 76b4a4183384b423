//! A number became NaN or infinite, and the run ended there.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let stopped = facts.run.stopped.as_ref()?;
    // It ended with the step that was not counted any more.
    let step = facts.run.report.non_finite.first().map_or(facts.run.report.steps, |number| number.step);
    Some(notice(Symptom::NonFinite, true, Cause::Unknown, format!("the run ended early: {stopped}")).since(step))
}
