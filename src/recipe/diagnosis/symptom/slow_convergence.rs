//! The run got somewhere, but not near to what can be had.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let crawls = facts.not_decreased() && facts.still_falls();
    if !facts.short() || facts.run.stopped.is_some() || (facts.not_decreased() && !crawls) {
        return None;
    }
    let message = format!(
        "the run reached {:.0} % of what could be had, where a plain network reaches {:.0} %",
        100.0 * facts.run_gains().0.max(0.0),
        100.0 * facts.control_gain()
    );
    let found = notice(Symptom::SlowConvergence, false, Cause::Unknown, message);
    Some(found.shown_by("gain", facts.run_gains().0).shown_by("gain_of_control", facts.control_gain()))
}
