//! The output is the same for every row, where the targets are not.

use super::super::facts::Facts;
use super::super::limits::CONSTANT;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let spread = facts.output_spread();
    let targets = facts.answer_spread();
    if !spread.is_finite() || targets == 0.0 || spread >= CONSTANT * targets {
        return None;
    }
    let message = "the output is nearly the same for every row".to_owned();
    let found = notice(Symptom::ConstantOutput, true, Cause::Unknown, message);
    // Of the steps between nothing is known.
    let from_the_start = Facts::spread(&facts.run.start.train.outputs) < CONSTANT * targets;
    let found = found.since(if from_the_start { 0 } else { facts.run.report.steps });
    Some(found.shown_by("output_spread", spread).shown_by("target_spread", targets))
}
