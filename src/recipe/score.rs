//! How good outputs are, apart from the loss.

use super::prepared::Answers;
use super::{LossKind, Recipe, Task};
use crate::Rows;

/// The share of right answers, or how much of the spread of the targets is explained: one of them, by the task.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Score {
    /// The share of right answers: of rows where the task is classification, of entries where it is multilabel.
    pub accuracy: Option<f64>,
    /// 1 - (sum of squared errors) / (sum of squared distances from the mean of the training targets), over all columns; of regression.
    pub r2: Option<f64>,
}

impl Score {
    /// The one that there is; NaN where there is none.
    pub fn value(&self) -> f64 {
        self.accuracy.or(self.r2).unwrap_or(f64::NAN)
    }

    /// That of some outputs. `means` are the means of the training targets.
    pub(super) fn of(recipe: &Recipe, out: Rows<'_, f32>, answers: &Answers, means: &[f64]) -> Self {
        match (answers, recipe.data.task) {
            (Answers::Classes(classes), _) => {
                let right = out.iter().zip(classes).filter(|(out, class)| answer(recipe, out) == Some(**class)).count();
                Self { accuracy: Some(right as f64 / classes.len() as f64), r2: None }
            }
            (Answers::Values(values, _), Task::Multilabel) => {
                let half = threshold(recipe.training.loss);
                let right = out
                    .data()
                    .iter()
                    .zip(values)
                    .filter(|(y, t)| !y.is_nan() && (f64::from(**y) > half) == (**t > 0.5));
                Self { accuracy: Some(right.count() as f64 / values.len() as f64), r2: None }
            }
            (Answers::Values(values, cols), _) => {
                let (mut errors, mut spread) = (0.0, 0.0);
                for (y, t) in out.iter().zip(values.chunks_exact(*cols)) {
                    for ((y, t), mean) in y.iter().zip(t).zip(means) {
                        errors += (f64::from(*y) - f64::from(*t)).powi(2);
                        spread += (f64::from(*t) - mean).powi(2);
                    }
                }
                Self { accuracy: None, r2: (spread > 0.0).then_some(1.0 - errors / spread) }
            }
        }
    }

    /// That of always giving the commonest answer, or the mean, on the training rows.
    pub(super) fn trivial(recipe: &Recipe, answers: &Answers) -> Self {
        match (answers, recipe.data.task) {
            (Answers::Classes(classes), _) => {
                let most = classes.iter().copied().max().unwrap_or(0);
                let mut counts = vec![0_usize; most + 1];
                classes.iter().for_each(|&class| counts[class] += 1);
                let commonest = counts.into_iter().max().unwrap_or(0);
                Self { accuracy: Some(commonest as f64 / classes.len().max(1) as f64), r2: None }
            }
            (Answers::Values(values, cols), Task::Multilabel) => {
                let rows = (values.len() / cols) as f64;
                let yes =
                    (0..*cols).map(|at| values.iter().skip(at).step_by(*cols).filter(|t| **t > 0.5).count() as f64);
                let right: f64 = yes.map(|yes| yes.max(rows - yes)).sum();
                Self { accuracy: Some(right / values.len() as f64), r2: None }
            }
            _ => Self { accuracy: None, r2: Some(0.0) },
        }
    }
}

/// Where the answer turns from no to yes: half of a probability, or its logit.
fn threshold(loss: LossKind) -> f64 {
    if loss.takes_logits() { 0.0 } else { 0.5 }
}

/// The class that a row of outputs names; none where there is a NaN.
fn answer(recipe: &Recipe, out: &[f32]) -> Option<usize> {
    if out.iter().any(|y| y.is_nan()) {
        return None;
    }
    match (out, recipe.data.task) {
        // The index itself is what the output is compared with.
        ([y], Task::Classification { classes, one_hot: false }) => {
            let y = f64::from(*y);
            if classes <= 2 {
                Some(usize::from(y > threshold(recipe.training.loss)))
            } else {
                Some(y.round().clamp(0.0, (classes - 1) as f64) as usize)
            }
        }
        _ => {
            let better = |best: usize, at: usize| if out[at] > out[best] { at } else { best };
            (0..out.len()).reduce(better)
        }
    }
}
