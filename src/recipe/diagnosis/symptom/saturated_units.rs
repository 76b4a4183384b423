//! Most outputs of a hidden layer are at a flat end before the first step.

use super::super::facts::Facts;
use super::super::limits::MOST;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let start = facts.start.as_ref()?;
    let last = start.layers.iter().rposition(|layer| layer.gradient.is_some())?;
    let flat: Vec<_> = start.layers[..last].iter().filter(|layer| layer.flat > MOST).collect();
    let worst = flat.iter().map(|layer| layer.flat).reduce(f64::max)?;
    if !facts.troubled() {
        return None;
    }
    let names = flat.iter().map(|layer| layer.name.clone()).collect();
    let message = format!("before training {:.0} % of the outputs of a layer are where it is flat", 100.0 * worst);
    let found = notice(Symptom::SaturatedUnits, false, Cause::Unknown, message).shown_by("flat_share", worst);
    Some(found.in_layers(names))
}
