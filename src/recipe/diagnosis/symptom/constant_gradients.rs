//! The gradient of every layer is the same, step after step: it is zero, or nothing moves.

use super::super::facts::Facts;
use super::super::notice::{Notice, notice};
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    /// A gradient whose norm changes by less than this share of itself is one: batches that differ change it by far more.
    const SAME: f64 = 1e-6;
    let mut layers = facts.run.report.layers.iter().filter(|layer| layer.trains()).peekable();
    layers.peek()?;
    let constant = layers.all(|layer| {
        let norms: Vec<f64> = layer.gradient.recent().map(|(_, norm)| norm).collect();
        let (low, high) =
            norms.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), norm| (low.min(*norm), high.max(*norm)));
        norms.len() >= 8 && high.is_finite() && high - low <= SAME * high
    });
    if !constant || !facts.troubled() {
        return None;
    }
    let message = "the gradient of every layer was the same in each of the last steps".to_owned();
    let report = &facts.run.report;
    let first = report.layers.iter().filter_map(|layer| Some(layer.gradient.recent().next()?.0)).max();
    Some(notice(Symptom::ConstantGradients, false, Cause::Unknown, message).since(first.unwrap_or(0)))
}
