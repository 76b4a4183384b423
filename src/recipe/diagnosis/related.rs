//! Whether a column of the inputs goes with one of the targets.

use super::facts::Facts;
use crate::recipe::{Answers, Task};

/// Columns that tell nothing about each other have a correlation of more than so many standard errors in less than one of 10^8 pairs.
const ERRORS: f64 = 6.0;

/// With fewer rows than this a correlation is not yet distributed like that.
const FEWEST: usize = 20;

/// Whether, on the training rows, an input is correlated with a target, or with whether a row is of a class, by more than chance explains.
/// Where none is, inputs may tell everything all the same.
pub(super) fn related(facts: &Facts<'_>) -> bool {
    let inputs = facts.data.train().inputs();
    let targets: Vec<Vec<f64>> = match (facts.data.answers(), facts.recipe.data.task) {
        (Answers::Classes(own), Task::Classification { classes, .. }) => {
            (0..classes).map(|class| own.iter().map(|&own| f64::from(u8::from(own == class))).collect()).collect()
        }
        (Answers::Values(values, cols), _) => {
            (0..*cols).map(|at| values.iter().skip(at).step_by(*cols).map(|t| f64::from(*t)).collect()).collect()
        }
        _ => return false,
    };
    let columns = (0..inputs.cols()).map(|at| inputs.iter().map(|row| f64::from(row[at])).collect::<Vec<_>>());
    inputs.rows() >= FEWEST
        && columns.into_iter().any(|column| targets.iter().any(|target| errors(&column, target) > ERRORS))
}

/// How many standard errors a correlation is from 0: that of n independent pairs has a deviation of 1 / sqrt(n). NaN where a column is
/// always the same.
fn errors(one: &[f64], other: &[f64]) -> f64 {
    let n = one.len() as f64;
    let mean = |column: &[f64]| column.iter().sum::<f64>() / n;
    let (a, b) = (mean(one), mean(other));
    let sum = |terms: &dyn Fn(f64, f64) -> f64| one.iter().zip(other).map(|(x, y)| terms(x - a, y - b)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    (xy / (xx * yy).sqrt()).abs() * n.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use rand::RngExt;

    #[test]
    fn what_goes_together_is_told_from_what_does_not() {
        let mut dice = Generator::named(3, "related");
        let column = |dice: &mut Generator| (0..400).map(|_| dice.random_range(-1.0..1.0)).collect::<Vec<f64>>();
        // Of so many pairs one is beyond the limit in one of 10^5 runs.
        for _ in 0..1000 {
            let (one, other) = (column(&mut dice), column(&mut dice));
            assert!(errors(&one, &other) < ERRORS);
        }
        // A share of 0.5 of the deviation has a correlation of 0.45: nine standard errors, give or take one.
        let (one, noise) = (column(&mut dice), column(&mut dice));
        let other: Vec<f64> = one.iter().zip(noise).map(|(x, noise)| noise - 0.5 * x).collect();
        assert!(errors(&one, &other) > ERRORS);
        assert!(errors(&one, &vec![2.0; 400]).is_nan());
    }
}
