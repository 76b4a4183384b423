//! A number became NaN or infinite, and the run ended there.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let stopped = facts.run.stopped.as_ref()?;
    Some(notice(Symptom::NonFinite, true, Cause::Unknown, format!("the run ended early: {stopped}")))
}
