//! `Diagnosis`: what a run shows, and the one cause that explains it.

mod cause;
mod confidence;
mod control;
mod facts;
mod limits;
mod notice;
mod outset;
mod pairing;
mod probe;
mod repair;
mod scale;
mod symptom;
mod trial;

use std::sync::Arc;

use crate::recipe::{Prepared, Recipe, Run};
use crate::{Cause, Finding, Forecast, Remedy, Severity, Symptom};
pub use confidence::Confidence;
use control::Control;
use facts::Facts;
pub use repair::Repair;

/// What a run shows, and why.
///
/// A run is judged by what the monitor saw, by what a plain network reaches on the same data, and by what the trained network makes of
/// them. Where something is wrong, one cause is looked for, in a fixed order of questions; where reasoning does not decide, the recipe
/// is trained again with one thing changed. What no question explains has the cause [`Cause::Unknown`].
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// What was noticed, the worst and most certain first. What is told besides the named symptoms, [`Symptom::is_extra`], is
    /// [`Severity::Info`] here whatever the monitor alone makes of it: with a plain network to compare with, it is known whether it hurts.
    pub findings: Vec<Finding>,
    /// The cause that explains it; [`Cause::Unknown`] where nothing is wrong, or nothing explains it.
    pub cause: Cause,
    /// How sure that cause is; `None` where it is unknown.
    pub confidence: Option<Confidence>,
    /// What may help against that cause.
    pub remedies: Vec<Remedy>,
    /// The questions that were answered with no before that cause was found.
    pub ruled_out: Vec<&'static str>,
    /// What theory says of the network before its first step, where it can be built.
    pub forecast: Option<Forecast>,
    /// What the run was compared with.
    control: Option<Arc<Control>>,
}

impl Diagnosis {
    /// Judges a run of that recipe on those data. Where the run fell short, the recipe is run again, with changes, up to some twenty times.
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Self {
        let control = Control::of(recipe, data).map(Arc::new);
        let facts = Facts::of(recipe, data, run, control.as_deref());
        let forecast = outset::forecast(&facts);
        let findings = Self::noticed(&facts, forecast.as_ref());
        let mut diagnosis = Self {
            findings,
            cause: Cause::Unknown,
            confidence: None,
            remedies: Vec::new(),
            ruled_out: Vec::new(),
            forecast,
            control: control.clone(),
        };
        if !diagnosis.is_healthy() {
            diagnosis.attribute(&facts);
        }
        diagnosis
    }

    /// What is noticed about a run, without causes.
    fn noticed(facts: &Facts<'_>, forecast: Option<&Forecast>) -> Vec<Finding> {
        let mut findings = facts.run.report.findings.clone();
        // What is told besides explains a run, and does not judge it: whether it fell short is seen from what it reached.
        findings
            .iter_mut()
            .filter(|finding| finding.symptom.is_extra())
            .for_each(|extra| extra.severity = Severity::Info);
        findings.extend(pairing::look(facts).map(|notice| notice.0));
        for look in symptom::ALL {
            let Some(notice) = look(facts) else { continue };
            match findings.iter_mut().find(|finding| finding.symptom == notice.0.symptom) {
                // The monitor has seen it as well, and says more about it.
                Some(known) => known.severity = known.severity.max(notice.0.severity),
                None => findings.push(notice.0),
            }
        }
        if let Some(notice) = forecast.and_then(|forecast| outset::look(facts, forecast)) {
            match findings.iter_mut().find(|finding| finding.symptom == notice.0.symptom) {
                Some(known) => known.evidence.extend(notice.0.evidence),
                None => findings.push(notice.0),
            }
        }
        findings.extend(outset::first_loss(facts, forecast).map(|notice| notice.0));
        let suffers = findings.iter().any(|finding| finding.severity > Severity::Info);
        findings.extend(scale::look(facts, suffers).map(|notice| notice.0));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Looks for the cause, and gives it to every finding that has none of its own.
    fn attribute(&mut self, facts: &Facts<'_>) {
        let ((cause, remedies), confidence, ruled_out) = cause::attribute(facts, &self.findings);
        for finding in self.findings.iter_mut().filter(|finding| finding.severity > Severity::Info) {
            let own = matches!(finding.symptom, Symptom::MismatchedOutput | Symptom::UnscaledData);
            if !own {
                finding.cause = cause;
                if !remedies.is_empty() {
                    finding.remedies.clone_from(&remedies);
                }
            }
        }
        // Of two as severe, what has the cause that explains all comes first.
        self.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.cause != cause));
        (self.cause, self.confidence, self.remedies, self.ruled_out) = (cause, confidence, remedies, ruled_out);
        // What was reasoned is tried as well: where its remedy mends the run, that is shown.
        if confidence == Some(Confidence::Reasoned) && trial::mends(facts, |recipe| drop(self.apply(facts, recipe))) {
            self.confidence = Some(Confidence::Shown);
        }
    }

    /// Whether nothing was found that hurts.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}
