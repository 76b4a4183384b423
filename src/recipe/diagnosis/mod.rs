//! `Diagnosis`: what a run shows, and the one cause that explains it.

mod cause;
mod confidence;
mod control;
mod facts;
mod limits;
mod notice;
mod outset;
mod pairing;
mod parts;
mod plain;
mod probe;
mod rank;
mod related;
mod repair;
mod row_losses;
mod scale;
mod symptom;
mod trial;
mod trials;
mod work;

use std::sync::Arc;

use crate::recipe::{Prepared, Recipe, Run};
use crate::{Cause, Finding, Forecast, Remedy, Severity, Symptom, Thresholds};
pub use confidence::Confidence;
use control::Control;
use facts::Facts;
pub use repair::Repair;
use trials::TrialRuns;

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
    /// The runs that were made to find the cause.
    trials: Arc<TrialRuns>,
    /// The remedies that take away the cause, and nothing else.
    cure: Vec<Remedy>,
}

impl Diagnosis {
    /// Judges a run of that recipe on those data. Where the run fell short, the recipe is run again, with changes: up to some twenty times,
    /// and for about as many multiplications as one core does in half a minute, counted beforehand, so that the same recipe always gets
    /// the same answer.
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Self {
        let control = Control::of(recipe, data).map(Arc::new);
        let trials = Arc::new(TrialRuns::of(data));
        let facts = Facts::of(recipe, data, run, control.as_deref(), &trials);
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
            trials: Arc::clone(&trials),
            cure: Vec::new(),
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
        // The losses of a few batches may seem to stand still where that of all rows fell.
        let (start, end) = (facts.run.start.train.loss, facts.run.end.train.loss);
        let fell = end < limits::NOT_DECREASED * start;
        findings.retain(|finding| {
            !(fell && finding.symptom == Symptom::LossNotDecreasing && finding.severity == Severity::Info)
        });
        findings.retain(|finding| finding.symptom != Symptom::UnstableLoss || !is_of_few_rows(finding, start));
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
        for finding in &mut findings {
            scale::say_which(facts.recipe, &mut finding.remedies);
            // What the recipe has already is no advice.
            finding.remedies.retain(|remedy| remedy.concerns(facts.recipe));
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Looks for the cause, and gives it to every finding that has none of its own: its remedies stand before the finding's.
    fn attribute(&mut self, facts: &Facts<'_>) {
        let ((cause, remedies), mut confidence, ruled_out) = cause::attribute(facts, &self.findings);
        if confidence == Some(Confidence::Shown) && facts.run.stopped.is_some() && !trial::cures(facts, &remedies) {
            // That a run does not break off any more is a reason, but no cure.
            confidence = Some(Confidence::Reasoned);
        }
        for finding in self.findings.iter_mut().filter(|finding| finding.severity > Severity::Info) {
            let own = matches!(finding.symptom, Symptom::MismatchedOutput | Symptom::UnscaledData);
            if !own {
                finding.cause = cause;
                finding.remedies.retain(|known| !remedies.contains(known) && !contradicts(known, cause));
                finding.remedies.splice(0..0, remedies.iter().cloned());
            }
        }
        // Of two as severe, what has the cause that explains all comes first.
        self.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.cause != cause));
        self.cure = match (cause, confidence) {
            (Cause::NetworkTooDeep, _) => vec![Remedy::FewerLayers],
            // Of what was tried, all were needed; of what was reasoned, the others are alternatives, or make up for the first.
            (_, Some(Confidence::Shown)) => remedies.clone(),
            _ => remedies.iter().take(1).cloned().collect(),
        };
        (self.cause, self.confidence, self.remedies, self.ruled_out) = (cause, confidence, remedies, ruled_out);
        // What was reasoned is tried as well: where the change that takes away this cause, and nothing else, mends the run, that is shown.
        if confidence == Some(Confidence::Reasoned) && trial::mends(facts, |recipe| self.without_cause(facts, recipe)) {
            self.confidence = Some(Confidence::Shown);
        }
    }

    /// Whether nothing was found that hurts.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}

/// Whether a loss is said to have risen only because the first rows, which come one by one, happened to be easy ones: beside the loss of all
/// rows at the start it did not.
fn is_of_few_rows(unstable: &Finding, start: f64) -> bool {
    let shown = |what: &str| unstable.evidence.iter().find(|evidence| evidence.what == what).map(|found| found.value);
    let thresholds = Thresholds::default();
    let (Some(first), Some(risen)) = (shown("loss_at_start"), shown("risen_to_times_start")) else { return false };
    let steady = shown("steepest_rise").is_some_and(|rise| rise <= thresholds.loss_jump);
    steady && shown("steps_not_finite") == Some(0.0) && first * risen <= thresholds.loss_risen * start
}

/// Whether a remedy would make it worse, if that is the cause.
fn contradicts(remedy: &Remedy, cause: Cause) -> bool {
    let Remedy::ScaleLearningRate { factor } = remedy else { return false };
    (cause == Cause::LearningRateTooHigh && *factor > 1.0) || (cause == Cause::LearningRateTooLow && *factor < 1.0)
}
