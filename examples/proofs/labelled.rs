//! All labelled runs, diagnosed and mended.

use super::Proof;
use super::common::Failure;
use super::runs::{Tally, all};

/// Says how many are found, left alone, explained and mended, of every `step`-th of them.
pub fn run(step: usize, say: &mut impl FnMut(Proof)) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for path in all().into_iter().step_by(step) {
        tally.add(&path, true)?;
    }
    let of = |what: &str| format!("labelled runs: {what}");
    let listed = |names: &[String], all: usize| format!("{} of {all} {}", names.len(), names.join(", "));
    let Tally { buggy, healthy, .. } = tally;
    let mut claim = |what: &str, found: String, holds: bool| say(Proof { of: of(what), found, holds });
    claim("missed", listed(&tally.missed, buggy), tally.missed.is_empty());
    claim("false alarms", listed(&tally.false_alarms, healthy), tally.false_alarms.is_empty());
    let recall = tally.symptoms_found as f64 / tally.symptoms as f64;
    claim("symptoms found", format!("{recall:.2}"), recall >= 0.9);
    claim("without the right cause", listed(&tally.without_cause, buggy), 10 * tally.without_cause.len() <= buggy);
    claim("with a wrong cause first", listed(&tally.wrong_cause, buggy), 20 * tally.wrong_cause.len() <= buggy);
    let (not, all) = (&tally.not_repaired, tally.repairable);
    claim("not mended", listed(not, all), 20 * not.len() <= all);
    Ok(())
}
