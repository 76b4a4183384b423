//! A fifth of the labelled runs, diagnosed: the others, and their repairs, are the work of the example `proofs`.

use super::labelled;

use labelled::{Tally, all};

#[test]
fn a_fifth_of_the_labelled_runs_is_diagnosed_right() {
    let mut tally = Tally::default();
    for path in all().iter().step_by(5) {
        tally.add(path, false).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    println!("{tally:?}");
    assert!(tally.buggy >= 15 && tally.healthy >= 5, "{tally:?}");
    assert!(tally.missed.is_empty() && tally.false_alarms.is_empty(), "{tally:?}");
    assert!(10 * tally.symptoms_found >= 9 * tally.symptoms, "{tally:?}");
    assert!(10 * tally.without_cause.len() <= tally.buggy && 20 * tally.wrong_cause.len() <= tally.buggy, "{tally:?}");
}
