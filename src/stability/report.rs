//! `StabilityReport`: what was seen of a run, and what it means.

use super::{Finding, LayerRecord, LossSpike, Series, Severity, Symptom, Thresholds, Trials, symptom};

/// What was seen of a run, layer by layer, and what it means. Printing it gives a table with the findings below.
///
/// ```
/// use evenkeel::Monitor;
/// let report = Monitor::new().report();
/// assert!(report.is_healthy());
/// assert!(report.to_string().contains("no findings"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StabilityReport {
    /// How many steps were watched.
    pub steps: u64,
    /// The loss of each step.
    pub loss: Series,
    /// The layers, from input to output.
    pub layers: Vec<LayerRecord>,
    /// What the clipper did.
    pub clipping: Clipping,
    /// How many spikes the loss had.
    pub spikes: u64,
    /// The first of them.
    pub first_spike: Option<LossSpike>,
    /// What was tried beside training.
    pub trials: Trials,
    /// The numbers that were not finite: the first of each thing that had any, in the order in which they were found.
    pub non_finite: Vec<NonFiniteNumber>,
    /// What was noticed, the worst first.
    pub findings: Vec<Finding>,
}

/// What a clipper did over a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Clipping {
    /// How many steps it looked at.
    pub steps: u64,
    /// In how many of them it changed anything.
    pub clipped: u64,
    /// How many entries it changed, in all.
    pub entries: u64,
    /// The largest norm that it reduced.
    pub largest_norm: f64,
    /// How hard it clipped: the mean, over the steps in which it changed anything, of ln(norm before / norm after).
    pub log_reduction: f64,
}

/// The first number of something that was NaN or infinite.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NonFiniteNumber {
    /// `gradient`, `weights`, `activation` or `loss`.
    pub kind: &'static str,
    /// The layer's name; empty for the loss.
    pub layer: String,
    /// The parameter's or the layer's full name, or `loss`.
    pub what: String,
    /// The step at which it was first seen.
    pub step: u64,
    /// Its index, row by row.
    pub index: usize,
    /// NaN or an infinity; in JSON null.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub value: f64,
    /// How many such numbers there were over the run.
    pub count: u64,
}

impl StabilityReport {
    /// Whether nothing was found that hurts: at most findings of severity [`Severity::Info`].
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }

    /// The finding of that symptom, if there is one.
    pub fn finding(&self, symptom: Symptom) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.symptom == symptom)
    }

    /// The record of the layer of that name, if there is one.
    pub fn layer(&self, name: &str) -> Option<&LayerRecord> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// The layers with parameters, from input to output.
    pub(super) fn trained(&self) -> impl DoubleEndedIterator<Item = &LayerRecord> {
        self.layers.iter().filter(|layer| layer.trains())
    }

    /// The layers before the last one with parameters: those whose outputs are the network's own business.
    pub(super) fn hidden(&self) -> &[LayerRecord] {
        let last = self.layers.iter().rposition(|layer| layer.trains()).unwrap_or(0);
        &self.layers[..last]
    }

    /// Looks for every symptom.
    pub(super) fn judge(&mut self, thresholds: &Thresholds) {
        self.findings = symptom::ALL.iter().filter_map(|look| look(self, thresholds)).collect();
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
}
