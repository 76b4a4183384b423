//! How much work a run is: counted, never timed, so that the same recipe always gets the same answer.

use crate::recipe::leaves::leaves;
use crate::recipe::{LayerKind, Recipe};

/// What it costs to pass a layer once, whatever it multiplies: so many multiplications take about as long as the calls, the monitor and the
/// update of a small layer.
const A_CALL: u64 = 60_000;

/// And a step of a recurrent layer, which is a small product of its own.
const A_STEP: u64 = 2_000;

/// About how many multiplications and additions forwards an epoch over so many rows of `n_in` numbers takes; `None` where a layer is
/// impossible.
pub(super) fn of_an_epoch(recipe: &Recipe, n_in: usize, rows: usize) -> Option<u64> {
    let (mut a_row, mut width) = (0_u64, n_in);
    for layer in &recipe.layers {
        let plan = layer.build().ok()?.plan(width).ok()?;
        a_row = a_row.saturating_add(plan.operations() as u64);
        width = plan.n_out;
    }
    let a_batch = leaves(&recipe.layers).into_iter().fold(0_u64, |sum, leaf| {
        let steps = if let LayerKind::Recurrent { steps, .. } = leaf { *steps as u64 } else { 0 };
        sum.saturating_add(A_CALL).saturating_add(A_STEP.saturating_mul(steps))
    });
    let batches = (rows as u64).div_ceil(recipe.training.batch.max(1) as u64);
    Some((rows as u64).saturating_mul(a_row).saturating_add(batches.saturating_mul(a_batch)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{
        ActivationKind, Border, CellKind, Data, LossKind, OptimizerKind, Scaling, Start, Task, Training,
    };

    fn recipe(layers: Vec<LayerKind>) -> Recipe {
        let (task, inputs) = (Task::Multilabel, Scaling::None);
        let data = Data { file: String::new(), targets: 1, task, train_rows: None, shuffle: false, inputs };
        let (loss, optimizer) = (LossKind::MeanSquared, OptimizerKind::sgd(0.1));
        let training =
            Training { loss, l2: 0.0, batch: 10, epochs: 1, optimizer, clip: None, schedule: None, plateau: None };
        Recipe { name: String::new(), seed: 1, data, training, layers }
    }

    /// What passes a weight counts, not how many weights there are: a convolution uses each at every place, a recurrent layer at every step.
    #[test]
    fn weights_count_as_often_as_they_are_used() {
        let conv = LayerKind::Conv2d {
            image: crate::recipe::Image(8, 8, 1),
            units: 4,
            kernel: (3, 3).into(),
            stride: (1, 1).into(),
            dilation: (1, 1).into(),
            padding: Border::Same,
            groups: 1,
            weights: None,
            bias: Start::Zeros,
        };
        let (weights, bias) = (None, Start::Zeros);
        let (recurrent_weights, cell) = (None, CellKind::Rnn);
        let rnn =
            LayerKind::Recurrent { cell, steps: 64, width: 1, hidden: 4, last: true, weights, recurrent_weights, bias };
        for (layer, places, inputs) in [(conv, 64, 9), (rnn, 64, 1 + 4)] {
            let found = of_an_epoch(&recipe(vec![layer.clone()]), 64, 1000).unwrap();
            // Twice for multiplication and addition; biases and the shape of the border are the rest.
            let products = 1000 * 2 * places * inputs * 4;
            let calls = 100 * (A_CALL + if matches!(layer, LayerKind::Recurrent { .. }) { 64 * A_STEP } else { 0 });
            let share = (found - calls) as f64 / products as f64;
            assert!((0.75..=1.3).contains(&share), "{}: {share}", layer.name());
        }
        let relu = recipe(vec![LayerKind::Activation(ActivationKind::Relu)]);
        assert_eq!(of_an_epoch(&relu, 64, 1000), Some(100 * A_CALL));
        assert_eq!(of_an_epoch(&recipe(vec![LayerKind::BatchNorm { channels: Some(7) }]), 64, 1000), None);
    }
}
