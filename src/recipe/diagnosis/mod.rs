//! `Diagnosis`: what a run shows, and the one cause that explains it.

use super::{Prepared, Recipe, Run};
use crate::{Finding, Severity};

/// What a run shows, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What was noticed, the worst and most certain first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Judges a run of that recipe on those data.
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Self {
        let _ = (recipe, data);
        Self { findings: run.report.findings.clone() }
    }

    /// Whether nothing was found that hurts.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}
