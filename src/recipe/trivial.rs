//! The loss of a network that always gives the same answer.

use super::LossKind;
use super::run::share_of_a_batch;
use crate::{Dataset, Loss, Rows, Targets};

/// The loss, on a data set, of the best answer that does not depend on the input; `None` where the loss has none, or is not finite there.
///
/// It is the mean of each target column where the loss is about means (squares, cross-entropies, rates), its logit or logarithm where the loss
/// takes those, and the median where it is about distances.
pub(super) fn trivial_loss(kind: LossKind, loss: &dyn Loss<f32>, data: &Dataset<f32>, batch: usize) -> Option<f64> {
    let rows = data.rows();
    let answer: Vec<f64> = match data.targets() {
        Targets::Classes(classes) => {
            let mut shares = vec![0.0; classes.iter().max()? + 1];
            classes.iter().for_each(|&class| shares[class] += 1.0 / rows as f64);
            shares
        }
        Targets::Values(values) => (0..values.cols()).map(|at| centre(kind, values, at)).collect(),
    };
    let answer: Vec<f32> = answer.into_iter().map(|share| told(kind, share) as f32).collect();
    let outputs: Vec<f32> = answer.iter().copied().cycle().take(rows * answer.len()).collect();
    let whole = loss.evaluate(Rows::new(&outputs, answer.len()).ok()?, data.targets(), None).ok()?;
    let share = share_of_a_batch(kind, batch, rows);
    Some(share * whole).filter(|loss| loss.is_finite())
}

fn centre(kind: LossKind, values: Rows<'_, f32>, at: usize) -> f64 {
    let mut column: Vec<f64> = values.iter().map(|row| f64::from(row[at])).collect();
    if matches!(kind, LossKind::MeanAbsolute | LossKind::Huber) {
        column.sort_unstable_by(f64::total_cmp);
        return column[column.len() / 2];
    }
    column.iter().sum::<f64>() / column.len() as f64
}

/// The number that an output has to be for the loss to take it as that mean.
fn told(kind: LossKind, mean: f64) -> f64 {
    match kind {
        // Of what never happens the logarithm is far below all others.
        LossKind::SoftmaxCrossEntropy => mean.max(1e-30).ln(),
        LossKind::SigmoidCrossEntropy => {
            let mean = mean.clamp(1e-12, 1.0 - 1e-12);
            (mean / (1.0 - mean)).ln()
        }
        _ => mean,
    }
}
