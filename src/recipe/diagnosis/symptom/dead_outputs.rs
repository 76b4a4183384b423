//! Units of the output are switched off for every row, where their targets are not all the same.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::recipe::{Answers, Task};
use crate::{Cause, Remedy, Symptom};

/// A unit is off where its outputs are this close to the dead value, as a share of the largest output of the layer.
const OFF: f64 = 1e-6;

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let run = facts.run;
    // The layer that gives the output, and has a place where its units are off; behind the last one with weights.
    let layer = run.report.layers.iter().rev().find(|layer| layer.trains() || layer.bounds.dead.is_some())?;
    let (name, dead) = (&layer.name, layer.bounds.dead?);
    let outputs = &run.end.train.outputs;
    let largest = outputs.iter().map(|column| (column.smallest - dead).abs().max((column.largest - dead).abs()));
    let margin = OFF * largest.fold(0.0, f64::max);
    // Written this way round, a NaN is not off.
    let is_off =
        |at: usize| [outputs[at].smallest, outputs[at].largest].iter().all(|edge| (edge - dead).abs() <= margin);
    let off = (0..outputs.len()).filter(|&at| is_off(at) && varies(facts, at)).count();
    if off == 0 {
        return None;
    }
    let share = off as f64 / outputs.len() as f64;
    // The looks on the probe rows tell since when so many are; half a unit less, since shares are rounded.
    let known = layer.dead.stays_above(share - 0.5 / outputs.len() as f64);
    let (are, their) = if off == 1 { ("is", "its targets") } else { ("are", "their targets") };
    let message = format!(
        "{off} of {} units of the output layer {name} {are} off for every row, though {their} are not all the same: no gradient passes \
         there any more",
        outputs.len(),
    );
    let found = notice(Symptom::DeadUnits, false, Cause::Unknown, message).since(known.unwrap_or(run.report.steps));
    let found = found.in_layers(vec![name.clone()]).cured_by(vec![Remedy::ReplaceOutput { with: "identity" }]);
    Some(found.shown_by("dead_outputs", off as f64).shown_by("outputs", outputs.len() as f64))
}

/// Whether the targets of an output are not all the same.
fn varies(facts: &Facts<'_>, output: usize) -> bool {
    match (facts.data.answers(), facts.recipe.data.task) {
        (Answers::Classes(classes), Task::Classification { one_hot: true, .. }) => {
            let own = classes.iter().filter(|&&class| class == output).count();
            own > 0 && own < classes.len()
        }
        _ => facts.run.targets.get(output).is_some_and(|column| column.deviation > 0.0),
    }
}
