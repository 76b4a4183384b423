//! Whether output, loss and targets belong together: known before the first step.

use super::facts::Facts;
use super::limits::OUT_OF_RANGE;
use super::notice::{Notice, notice};
use crate::recipe::{ActivationKind, Answers, LossKind, Task};
use crate::stability::short;
use crate::{Cause, Remedy, Symptom};

/// What does not belong together, the worst of it.
pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    single_unit(facts).or_else(|| loss_and_target(facts)).or_else(|| loss_and_output(facts)).or_else(|| range(facts))
}

fn mismatch(facts: &Facts<'_>, cause: Cause, message: String, remedies: Vec<Remedy>) -> Option<Notice> {
    Some(notice(Symptom::MismatchedOutput, !facts.works(), cause, message).cured_by(remedies))
}

/// What the output should be for the task, and the loss.
fn fitting(facts: &Facts<'_>) -> Vec<Remedy> {
    let mut remedies = match facts.recipe.data.task {
        Task::Classification { classes, one_hot: false } if classes <= 2 => {
            vec![Remedy::ReplaceOutput { with: "sigmoid" }, Remedy::ReplaceLoss { with: "binary_cross_entropy" }]
        }
        Task::Classification { one_hot: false, .. } => {
            vec![Remedy::OneHotTargets, Remedy::ReplaceLoss { with: "softmax_cross_entropy" }]
        }
        Task::Classification { .. } => {
            vec![Remedy::ReplaceOutput { with: "identity" }, Remedy::ReplaceLoss { with: "softmax_cross_entropy" }]
        }
        Task::Multilabel => {
            vec![Remedy::ReplaceOutput { with: "identity" }, Remedy::ReplaceLoss { with: "sigmoid_cross_entropy" }]
        }
        _ => vec![Remedy::ReplaceOutput { with: "identity" }, Remedy::ReplaceLoss { with: "mse" }],
    };
    // What is so already is no advice.
    let (loss, output) = (facts.recipe.training.loss.name(), facts.output_activation().name());
    remedies.retain(|remedy| match remedy {
        Remedy::ReplaceLoss { with } => *with != loss,
        Remedy::ReplaceOutput { with } => *with != output,
        _ => true,
    });
    remedies
}

fn single_unit(facts: &Facts<'_>) -> Option<Notice> {
    if facts.run.network.n_out() != 1 || facts.output_activation() != ActivationKind::Softmax {
        return None;
    }
    let message = "a softmax over a single unit is 1 whatever the unit gives: nothing can be learned".to_owned();
    mismatch(facts, Cause::SingleUnitSoftmax, message, fitting(facts))
}

/// Whether the targets are of the kind that the loss is about.
fn loss_and_target(facts: &Facts<'_>) -> Option<Notice> {
    let loss = facts.recipe.training.loss;
    let by_row = matches!(loss, LossKind::CategoricalCrossEntropy | LossKind::SoftmaxCrossEntropy);
    let by_entry = matches!(loss, LossKind::BinaryCrossEntropy | LossKind::SigmoidCrossEntropy);
    let targets = &facts.run.targets;
    let problem = match facts.recipe.data.task {
        Task::Classification { one_hot: false, .. } if by_row => "a class index is no distribution over classes",
        Task::Classification { classes, one_hot: false } if classes > 2 && by_entry => {
            "a class index is no probability"
        }
        Task::Classification { classes, one_hot: false } if classes > 2 => "the index of a class is no quantity",
        Task::Multilabel if by_row => "labels that may all be there at once are no distribution over classes",
        Task::Regression { .. } if by_row && !facts.distributions() => "the rows of targets are no distributions",
        Task::Regression { .. } if by_entry && targets.iter().any(|t| t.smallest < 0.0 || t.largest > 1.0) => {
            "the targets are no probabilities"
        }
        Task::Regression { .. } if loss == LossKind::Poisson && targets.iter().any(|t| t.smallest < 0.0) => {
            "negative targets are no counts"
        }
        _ => return None,
    };
    let message = format!("the loss {} does not fit the targets: {problem}", loss.name());
    mismatch(facts, Cause::LossTargetMismatch, message, fitting(facts))
}

/// Whether the output is what the loss takes.
fn loss_and_output(facts: &Facts<'_>) -> Option<Notice> {
    use ActivationKind as A;
    let (loss, output) = (facts.recipe.training.loss, facts.output_activation());
    let (low, high) = output.range();
    let problem = match loss {
        LossKind::SigmoidCrossEntropy | LossKind::SoftmaxCrossEntropy if low > -1.0 || high.is_finite() => {
            "it takes logits, which must be free to be of any size and sign"
        }
        LossKind::BinaryCrossEntropy if low < 0.0 || high > 1.0 => "it takes probabilities, between 0 and 1",
        // What is never negative, and never all zero, it divides by its sum.
        LossKind::CategoricalCrossEntropy if low < 0.0 || output == A::Relu => "it takes probabilities, above 0",
        LossKind::Poisson if low < 0.0 => "it takes rates, which are not negative",
        LossKind::BinaryCrossEntropy if output == A::Softmax && facts.recipe.data.task == Task::Multilabel => {
            let message = "the outputs of a softmax add up to 1, but several labels may be there at once".to_owned();
            return mismatch(facts, Cause::OutputRangeMismatch, message, fitting(facts));
        }
        _ => return None,
    };
    let message = format!("the loss {} does not fit the output of {}: {problem}", loss.name(), output.name());
    mismatch(facts, Cause::LossOutputMismatch, message, fitting(facts))
}

/// Whether the output can give the targets.
fn range(facts: &Facts<'_>) -> Option<Notice> {
    let Answers::Values(values, cols) = facts.data.answers() else { return None };
    if facts.recipe.data.task == Task::Multilabel {
        return None;
    }
    let output = facts.output_activation();
    let (low, high) = output.range();
    let (mut lost, mut spread) = (0.0, 0.0);
    for row in values.chunks_exact(*cols) {
        for (t, column) in row.iter().zip(&facts.run.targets) {
            let t = f64::from(*t);
            lost += (t - t.clamp(low, high)).powi(2);
            spread += (t - column.mean).powi(2);
        }
    }
    let sums = output == ActivationKind::Softmax && !facts.distributions();
    if lost <= OUT_OF_RANGE * spread && !sums {
        return None;
    }
    let message = if sums && lost <= OUT_OF_RANGE * spread {
        "the outputs of a softmax add up to 1, but the targets of a row do not".to_owned()
    } else {
        let (least, most) =
            facts.run.targets.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), column| {
                (least.min(column.smallest), most.max(column.largest))
            });
        format!(
            "{} gives numbers from {low} to {high}, and the targets go from {} to {}",
            output.name(),
            short(least),
            short(most)
        )
    };
    let notice = mismatch(facts, Cause::OutputRangeMismatch, message, fitting(facts))?;
    Some(notice.shown_by("variance_out_of_reach", lost / spread))
}
