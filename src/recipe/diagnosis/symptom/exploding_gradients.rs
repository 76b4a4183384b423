//! The gradient grew out of all proportion, or the numbers overflowed before there was one.

use super::super::facts::Facts;
use super::super::limits::GROWN;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let layers = &facts.run.report.layers;
    let first = layers.iter().filter_map(|layer| layer.gradient.start()).fold(0.0, f64::max);
    let largest = layers.iter().filter_map(|layer| layer.gradient.largest()).fold(0.0, f64::max);
    let overflowed = !facts.run.start.train.loss.is_finite();
    // A gradient that was zero at first has nothing to be measured by.
    let grew = first > 0.0 && largest > GROWN * first;
    let explodes = overflowed || (grew && facts.troubled());
    if !explodes {
        return None;
    }
    let message = if overflowed {
        "on the way through the layers the numbers overflow before the first step".to_owned()
    } else {
        format!("the largest gradient is {:.1e} times the first one", largest / first)
    };
    let found = notice(Symptom::ExplodingGradients, true, Cause::Unknown, message);
    let since = layers.iter().filter_map(|layer| layer.gradient.first_above(GROWN * first)).min();
    let found = found.since(since.filter(|_| !overflowed).unwrap_or(0));
    Some(found.shown_by("gradient_norm_first", first).shown_by("gradient_norm_largest", largest))
}
