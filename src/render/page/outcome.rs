//! What came of a run that was diagnosed, and of the run that was made of it by a repair.

use super::findings::write_list;
use super::tables::write_table;
use crate::recipe::{Diagnosis, Evaluated, Repair, Run};
use crate::render::markup::Markup;
use crate::render::words::{capital, counted, number, percent, spaced};

/// A run and what is made of it.
pub(super) type Judged<'a> = (&'a Run, &'a Diagnosis);

/// How good the answers are, and how sure the cause is.
pub(super) fn write_summary(markup: &mut Markup, (run, diagnosis): Judged<'_>) {
    let (train, validation) = (&run.end.train, &run.end.validation);
    if let (Some((what, train)), Some((_, validation))) = (score(train), score(validation)) {
        let text = format!("{what}: {train} on the training rows, {validation} on the validation rows.");
        markup.leaf("p", &[], &text);
    }
    if let Some(stopped) = &run.stopped {
        markup.leaf("p", &[], &format!("The run ended early: {stopped}."));
    }
    if let Some(confidence) = diagnosis.confidence {
        let cause = spaced(diagnosis.cause.name());
        markup.leaf("p", &[], &format!("The cause: {cause}. That it is the cause is {confidence}."));
    }
}

/// What was changed, and what came of it.
pub(super) fn write_repair(markup: &mut Markup, (run, diagnosis): Judged<'_>, repair: &Repair) {
    markup.element("section", &[("aria-label", &"Repaired")], |markup| {
        markup.leaf("h2", &[], "Repaired");
        let still = counted(repair.diagnosis.findings.iter().map(|finding| finding.severity));
        let verdict = match (repair.diagnosis.is_healthy(), still.is_empty()) {
            (true, true) => "The recipe was changed and run again: nothing was found.".to_owned(),
            (true, false) => format!("The recipe was changed and run again: nothing was found that hurts ({still})."),
            (false, _) => format!("The recipe was changed and run again, and is not healthy still: {still}."),
        };
        markup.leaf("p", &[], &verdict);
        write_list(markup, "ul", repair.applied.iter().map(|applied| capital(applied)));
        let rows = RESULTS.iter().filter_map(|(what, of)| {
            let (before, after) = (of(run), of(&repair.run));
            (before.is_some() || after.is_some())
                .then(|| [Some((*what).to_owned()), before, after].map(|cell| cell.unwrap_or_else(|| "–".to_owned())))
        });
        let found = [diagnosis, &repair.diagnosis].map(|diagnosis| diagnosis.findings.len().to_string());
        let found = ["findings".to_owned()].into_iter().chain(found).collect();
        let rows = rows.map(|row| row.to_vec()).chain([found]);
        write_table(markup, &["result", "as it was", "repaired"], rows);
    });
}

/// A number of a run, as the table of the repair tells it.
type Result = (&'static str, fn(&Run) -> Option<String>);

const RESULTS: &[Result] = &[
    ("loss, of each its own, on the training rows", |run| Some(number(Some(run.end.train.loss)))),
    ("loss, of each its own, on the validation rows", |run| Some(number(Some(run.end.validation.loss)))),
    ("accuracy on the training rows", |run| run.end.train.score.accuracy.map(share)),
    ("accuracy on the validation rows", |run| run.end.validation.score.accuracy.map(share)),
    ("R² on the training rows", |run| run.end.train.score.r2.map(|r2| number(Some(r2)))),
    ("R² on the validation rows", |run| run.end.validation.score.r2.map(|r2| number(Some(r2)))),
];

/// The name of the score, and the score.
fn score(part: &Evaluated) -> Option<(&'static str, String)> {
    let accuracy = part.score.accuracy.map(|accuracy| ("Accuracy", share(accuracy)));
    accuracy.or_else(|| part.score.r2.map(|r2| ("R²", number(Some(r2)))))
}

fn share(share: f64) -> String {
    percent(Some(share))
}
