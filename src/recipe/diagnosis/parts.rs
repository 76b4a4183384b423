//! Whether the rows that validate are of the kind of those that train.

use super::facts::Facts;
use crate::Rows;
use crate::recipe::{Answers, Column, Task};

/// Two parts of rows in a random order differ by more than so many standard errors in less than one of 10^8 columns.
const ERRORS: f64 = 6.0;

/// With fewer rows than this a mean is not yet distributed like that.
const FEWEST: usize = 20;

/// Whether classes are of other shares among the rows that validate, or the columns of inputs or targets of another mean, than chance
/// explains: the rows were in some order when they were split.
pub(super) fn differ(facts: &Facts<'_>) -> bool {
    let (train, validation) = facts.data.rows();
    if train.min(validation) < FEWEST {
        return false;
    }
    let columns = |rows: Rows<'_, f32>| -> Vec<(f64, f64)> {
        Column::all(rows).iter().map(|column| (column.mean, column.deviation.powi(2))).collect()
    };
    let inputs = columns(facts.data.train().inputs()).into_iter().zip(columns(facts.data.validation().inputs()));
    let targets = match facts.data.both_answers() {
        (Answers::Classes(ours), Answers::Classes(theirs)) => {
            let Task::Classification { classes, .. } = facts.recipe.data.task else { return false };
            shares(ours, classes).into_iter().zip(shares(theirs, classes)).collect()
        }
        (Answers::Values(ours, cols), Answers::Values(theirs, _)) => {
            let (Ok(ours), Ok(theirs)) = (Rows::new(ours, *cols), Rows::new(theirs, *cols)) else { return false };
            columns(ours).into_iter().zip(columns(theirs)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    inputs.chain(targets).any(|(ours, theirs)| far(ours, train as f64, theirs, validation as f64))
}

/// The mean and the variance of whether a row is of each class.
fn shares(classes: &[usize], count: usize) -> Vec<(f64, f64)> {
    let mut counts = vec![0_usize; count];
    for &class in classes.iter().filter(|class| **class < count) {
        counts[class] += 1;
    }
    counts
        .into_iter()
        .map(|own| own as f64 / classes.len() as f64)
        .map(|share| (share, share * (1.0 - share)))
        .collect()
}

/// Whether two means, each with its variance and of so many numbers, are farther apart than those of two random parts of all numbers.
fn far((one, spread): (f64, f64), n: f64, (other, spread_there): (f64, f64), m: f64) -> bool {
    let all = (n * one + m * other) / (n + m);
    let about = |mean: f64, spread: f64| spread + (mean - all).powi(2);
    let variance = (n * about(one, spread) + m * about(other, spread_there)) / (n + m);
    (one - other).abs() > ERRORS * (variance * (1.0 / n + 1.0 / m)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;

    /// With n = 160 and m = 40 the bound is 6 / sqrt(32) deviations of all numbers, about 1.06.
    #[test]
    fn means_of_random_parts_are_near_and_those_of_sorted_rows_are_far() {
        assert!(!far((0.0, 1.0), 160.0, (1.0, 1.0), 40.0));
        assert!(far((0.0, 0.1), 160.0, (2.0, 0.1), 40.0));
        // What is always the same differs from nothing.
        assert!(!far((3.0, 0.0), 160.0, (3.0, 0.0), 40.0));
        assert!(!far((f64::NAN, 1.0), 160.0, (0.0, 1.0), 40.0));
        let mut dice = Generator::named(1, "parts");
        let classes: Vec<usize> = (0..200).map(|_| dice.below(10) as usize).collect();
        for at in 0..10 {
            let [ours, theirs] = [&classes[..160], &classes[160..]].map(|part| shares(part, 10)[at]);
            assert!(!far(ours, 160.0, theirs, 40.0));
        }
        let mut sorted = classes;
        sorted.sort_unstable();
        let any = (0..10).any(|at| {
            let [ours, theirs] = [&sorted[..160], &sorted[160..]].map(|part| shares(part, 10)[at]);
            far(ours, 160.0, theirs, 40.0)
        });
        assert!(any);
    }
}
