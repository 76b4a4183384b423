//! A number is NaN or infinite.

use super::{Growth, evidence};
use crate::stability::{Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let first = report.non_finite.first()?;
    let count: u64 = report.non_finite.iter().map(|number| number.count).sum();
    let of = if first.kind == "loss" { String::new() } else { format!(" of {}", first.what) };
    Some(Finding {
        symptom: Symptom::NonFinite,
        severity: Severity::Critical,
        layers: if first.layer.is_empty() { Vec::new() } else { vec![first.layer.clone()] },
        step: first.step,
        cause: Growth::of(report).cause(report, thresholds),
        evidence: evidence([("value", first.value), ("entry", first.index as f64), ("numbers", count as f64)]),
        message: format!("the {}{of} became {} (entry {})", first.kind, first.value, first.index),
        remedies: vec![
            Remedy::FittingInitializer,
            Remedy::ScaleLearningRate { factor: 0.1 },
            Remedy::ClipGlobalNorm { limit: 1.0 },
            Remedy::ScaleData,
        ],
    })
}
