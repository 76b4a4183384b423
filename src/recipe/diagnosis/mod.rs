//! `Diagnosis`: what a run shows, and the one cause that explains it.

mod cause;
mod control;
mod facts;
mod limits;
mod notice;
mod pairing;
mod probe;
mod scale;
mod symptoms;
mod trial;

use crate::recipe::{Prepared, Recipe, Run};
use crate::{Cause, Finding, Severity};
use facts::Facts;

/// What a run shows, and why.
///
/// A run is judged by what the monitor saw, by what a plain network reaches on the same data, and by what the trained network makes of
/// them. Where something is wrong, one cause is looked for, in a fixed order of questions; where reasoning does not decide, the recipe
/// is trained again with one thing changed. What no question explains has the cause [`Cause::Unknown`].
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What was noticed, the worst and most certain first.
    pub findings: Vec<Finding>,
    /// The cause that explains it; [`Cause::Unknown`] where nothing is wrong, or nothing explains it.
    pub cause: Cause,
    /// The questions that were answered with no before that cause was found.
    pub ruled_out: Vec<&'static str>,
}

impl Diagnosis {
    /// Judges a run of that recipe on those data. Where the run fell short, the recipe is run again, with changes, up to some ten times.
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Self {
        let facts = Facts::of(recipe, data, run);
        let mut findings = run.report.findings.clone();
        findings.extend(pairing::look(&facts).map(|notice| notice.0));
        for look in symptoms::ALL {
            let Some(notice) = look(&facts) else { continue };
            match findings.iter_mut().find(|finding| finding.symptom == notice.0.symptom) {
                // The monitor has seen it as well, and says more about it.
                Some(known) => known.severity = known.severity.max(notice.0.severity),
                None => findings.push(notice.0),
            }
        }
        let loud = |findings: &[Finding]| findings.iter().any(|finding| finding.severity > Severity::Info);
        findings.extend(scale::look(&facts, loud(&findings)).map(|notice| notice.0));
        if !loud(&findings) {
            return Self { findings, cause: Cause::Unknown, ruled_out: Vec::new() };
        }
        let ((cause, remedies), ruled_out) = cause::attribute(&facts, &findings);
        for finding in &mut findings {
            let own = matches!(finding.symptom, crate::Symptom::MismatchedOutput | crate::Symptom::UnscaledData);
            if finding.severity > Severity::Info && !own {
                finding.cause = cause;
                if !remedies.is_empty() {
                    finding.remedies.clone_from(&remedies);
                }
            }
        }
        // Of two as severe, what has the cause that explains all comes first.
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.cause != cause));
        Self { findings, cause, ruled_out }
    }

    /// Whether nothing was found that hurts.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}
