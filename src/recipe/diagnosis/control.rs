//! `Control`: a plain network on the same data, whose fault it is not.

use super::facts::Facts;
use super::limits::LEARNED;
use crate::recipe::leaves::leaves;
use crate::recipe::{
    ActivationKind, LayerKind, LossKind, OptimizerKind, Prepared, Recipe, Run, Scaling, Start, Task, Training,
};

/// How many updates the control has: what a small network learns, it nearly always learns in so many at this rate.
const STEPS: u64 = 2_000;

/// And how many where it still learned at the end.
const MORE_STEPS: u64 = 10_000;

/// How many units each of its two hidden layers has.
const UNITS: usize = 64;

/// And how many numbers it has at least for each thing, where the inputs are numbers of things.
const DIM: usize = 8;

/// How good a plain network gets on the same data: the standard against which a run is judged.
///
/// Two hidden layers of ReLU from He's weights, inputs and targets standardized, the loss that fits the task, Adam. It knows nothing of
/// the recipe but the data, and whether these are numbers of things: then they are looked up first, as it is usual. It trains for longer where
/// it is not done, and as it may learn its rows by heart meanwhile, it is judged as well where its loss on others was lowest.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) run: Run,
    /// The same, stopped after the best of its epochs; `None` where that was the last.
    stopped: Option<Run>,
}

impl Control {
    pub(super) fn of(recipe: &Recipe, data: &Prepared) -> Option<Self> {
        let rows = data.rows().0 as u64;
        let steps_an_epoch = rows.div_ceil(32);
        let (loss, units) = match recipe.data.task {
            Task::Classification { classes, .. } => (LossKind::SoftmaxCrossEntropy, classes.max(2)),
            Task::Multilabel => (LossKind::SigmoidCrossEntropy, recipe.data.targets),
            _ => (LossKind::MeanSquared, recipe.data.targets),
        };
        let mut control = recipe.clone();
        control.data.inputs = Scaling::Standardize;
        control.data.task = match recipe.data.task {
            Task::Classification { classes, .. } => Task::Classification { classes: classes.max(2), one_hot: true },
            Task::Regression { .. } => Task::Regression { scale: Scaling::Standardize },
            other => other,
        };
        control.training = Training {
            loss,
            l2: 0.0,
            batch: 32,
            epochs: STEPS.div_ceil(steps_an_epoch).max(1),
            optimizer: OptimizerKind::adam(0.003),
            clip: None,
            schedule: None,
            plateau: None,
        };
        control.layers = vec![
            LayerKind::linear(UNITS, Start::HeUniform),
            LayerKind::Activation(ActivationKind::Relu),
            LayerKind::linear(UNITS, Start::HeUniform),
            LayerKind::Activation(ActivationKind::Relu),
            LayerKind::linear(units, Start::XavierUniform),
        ];
        if let Some(LayerKind::Embedding { count, dim, .. }) =
            leaves(&recipe.layers).into_iter().find(|leaf| leaf.is_weighted())
        {
            control.layers.insert(0, LayerKind::Embedding { count: *count, dim: (*dim).max(DIM), weights: None });
            control.data.inputs = Scaling::None;
        }
        let data = data.again(&control).ok()?;
        let mut run = control.run_on(&data).ok()?;
        if is_unfinished(&run) {
            control.training.epochs = MORE_STEPS.div_ceil(steps_an_epoch);
            run = control.run_on(&data).ok()?;
        }
        let mut stopped = None;
        if let Some(best) = best_epoch(&run).filter(|best| best + 1 < run.history.len()) {
            control.training.epochs = best as u64 + 1;
            stopped = control.run_on(&data).ok();
        }
        Some(Self { run, stopped })
    }

    /// How much better than the trivial answer it was on the validation rows, in the end or after the best of its epochs.
    pub(super) fn gain(&self) -> f64 {
        let gain = |run: &Run| Facts::gain(run.end.validation.score.value(), self.trivial());
        let stopped = self.stopped.as_ref().map_or(f64::NAN, gain);
        gain(&self.run).max(stopped)
    }

    /// The commonest class's share, or 0.
    pub(super) fn trivial(&self) -> f64 {
        self.run.trivial.score.value()
    }
}

/// The epoch whose loss on the validation rows was the lowest.
fn best_epoch(run: &Run) -> Option<usize> {
    let losses = run.history.iter().map(|epoch| epoch.validation.map_or(f64::INFINITY, |part| part.loss));
    losses.enumerate().min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(at, _)| at)
}

/// Whether there was much to be learned yet, and the last tenth of the epochs were among those that learned it.
fn is_unfinished(run: &Run) -> bool {
    let much = Facts::gain(run.end.validation.score.value(), run.trivial.score.value()) < LEARNED;
    much && best_epoch(run).is_some_and(|best| 10 * (best + 1) > 9 * run.history.len())
}
