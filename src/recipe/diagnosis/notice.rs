//! `Notice`: a finding in the making.

use crate::{Cause, Evidence, Finding, Remedy, Severity, Symptom};

/// A finding in the making. Its cause is its own, or [`Cause::Unknown`] until the attribution says.
#[derive(Debug, Clone)]
pub(super) struct Notice(pub(super) Finding);

/// A finding of what is so from the start; [`since`](Notice::since) says otherwise.
pub(super) fn notice(symptom: Symptom, critical: bool, cause: Cause, message: String) -> Notice {
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    let (layers, evidence, remedies) = (Vec::new(), Vec::new(), Vec::new());
    Notice(Finding { symptom, severity, layers, step: 0, cause, evidence, message, remedies })
}

impl Notice {
    pub(super) fn cured_by(mut self, remedies: Vec<Remedy>) -> Self {
        self.0.remedies = remedies;
        self
    }

    pub(super) fn shown_by(mut self, what: &'static str, value: f64) -> Self {
        self.0.evidence.push(Evidence { what, value });
        self
    }

    /// First seen at that step.
    pub(super) fn since(mut self, step: u64) -> Self {
        self.0.step = step;
        self
    }

    pub(super) fn in_layers(mut self, layers: Vec<String>) -> Self {
        self.0.layers = layers;
        self
    }
}
