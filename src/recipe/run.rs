//! `Run`: a recipe trained under watch, and what came of it.

use std::ops::ControlFlow;
use std::path::Path;

use super::columns::Column;
use super::in_training;
use super::penalty::Penalty;
use super::prepared::{Answers, Prepared};
use super::score::Score;
use super::trivial::trivial_loss;
use super::{ClipKind, LossKind, Recipe, RecipeError};
use crate::{
    Dataset, Epoch, Error, GradientClipper, Loss, Monitor, Network, Role, Rows, StabilityReport, Trainer, evaluate,
};

/// A recipe trained under watch, and what came of it.
#[derive(Debug, Clone)]
pub struct Run {
    /// The recipe's name.
    pub name: String,
    /// What the monitor saw.
    pub report: StabilityReport,
    /// Every epoch, with the loss on the validation rows.
    pub history: Vec<Epoch>,
    /// Before the first step. A network with batch normalization is judged there batch by batch, as training does: its running averages
    /// have not seen anything yet.
    pub start: Parts,
    /// After the last step.
    pub end: Parts,
    /// What a network would reach that always gives the same answer.
    pub trivial: Trivial,
    /// The columns of the inputs over the training rows, as the network sees them.
    pub inputs: Vec<Column>,
    /// The columns of the targets over the training rows: class indices, or values as the network is to give them.
    pub targets: Vec<Column>,
    /// The penalty on the weights, before the first step and after the last.
    pub penalty: (f64, f64),
    /// The network as it ended.
    pub network: Network<f32>,
    /// Why the run ended early, where it did: a number was not finite.
    pub stopped: Option<Error>,
}

/// The training rows and the validation rows at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The training rows.
    pub train: Evaluated,
    /// The validation rows.
    pub validation: Evaluated,
}

/// What a network makes of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The loss, without the penalty on weights; where it is summed, that of a batch of usual size.
    pub loss: f64,
    /// How good the answers are.
    pub score: Score,
    /// The columns of the outputs.
    pub outputs: Vec<Column>,
}

/// What a network would reach on the training rows that always gives the same answer: the best one for the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trivial {
    /// Its loss, where the loss has such an answer.
    pub loss: Option<f64>,
    /// The loss on the validation rows of the answer that is best there.
    pub validation_loss: Option<f64>,
    /// Its score.
    pub score: Score,
}

impl Recipe {
    /// Loads the data, which stand in `folder`, and trains the recipe under watch.
    ///
    /// A run that becomes NaN or infinite ends there, and [`Run::stopped`] says so.
    ///
    /// # Errors
    /// Those of [`prepare`](Self::prepare) and [`run_on`](Self::run_on).
    pub fn run(&self, folder: &Path) -> Result<Run, RecipeError> {
        self.run_on(&self.prepare(folder)?)
    }

    /// As [`run`](Self::run), on data that are prepared already.
    ///
    /// # Errors
    /// [`RecipeError::Outputs`] where the last layer gives another number of outputs than there are targets; [`RecipeError::Run`] where
    /// network or training are refused, naming the layer; those of [`check`](Self::check).
    pub fn run_on(&self, data: &Prepared) -> Result<Run, RecipeError> {
        self.check()?;
        let network = self.network_for(data)?;
        let loss = self.training.loss.build()?;
        let start = self.look(&network, &*loss, data, Time::Start)?;
        let mut penalty = (self.penalty(&network), 0.0);
        let mut trainer = Trainer::builder(network, self.training.loss.build()?, self.training.optimizer.build()?)
            .batch(self.training.batch.min(data.train.rows()))
            .epochs(self.training.epochs)
            .seed(self.seed)
            .schedule(self.training.rates()?)
            .watch(Monitor::new());
        if let Some(plateau) = self.training.plateau {
            trainer = trainer.reduce_on_plateau(plateau.build()?);
        }
        if let Some(clipper) = self.clipper()? {
            trainer = trainer.clip_boxed(clipper);
        }
        let mut trainer = trainer.build()?;
        let stopped = match trainer.fit(&data.train, Some(&data.validation), |_| ControlFlow::Continue(())) {
            Ok(_) => None,
            Err(error @ Error::NonFinite { .. }) => Some(error),
            Err(error) => return Err(error.into()),
        };
        let end = self.look(trainer.network(), &*loss, data, Time::End)?;
        penalty.1 = self.penalty(trainer.network());
        Ok(Run {
            name: self.name.clone(),
            report: trainer.report().unwrap_or_else(|| Monitor::new().report()),
            history: trainer.history().to_vec(),
            start,
            end,
            trivial: Trivial {
                loss: trivial_loss(self.training.loss, &*loss, &data.train, self.training.batch),
                validation_loss: trivial_loss(self.training.loss, &*loss, &data.validation, self.training.batch),
                score: Score::trivial(self, &data.train_answers),
            },
            inputs: data.inputs.clone(),
            targets: data.targets.clone(),
            penalty,
            network: trainer.into_network(),
            stopped,
        })
    }

    /// The untrained network, where it takes the inputs and gives as many outputs as there are targets.
    pub(super) fn network_for(&self, data: &Prepared) -> Result<Network<f32>, RecipeError> {
        let network = self.network(data.n_in())?;
        if network.n_out() != data.n_out {
            let layer = network.layer_names().last().cloned().unwrap_or_default();
            return Err(RecipeError::Outputs { layer, outputs: network.n_out(), targets: data.n_out });
        }
        Ok(network)
    }

    /// What changes the gradients before the update: the penalty, and the clipper.
    fn clipper(&self) -> Result<Option<Box<dyn GradientClipper<f32>>>, Error> {
        let clipper = self.training.clip.as_ref().map(ClipKind::build).transpose()?;
        if self.training.l2 > 0.0 {
            return Ok(Some(Box::new(Penalty { l2: self.training.l2, then: clipper })));
        }
        Ok(clipper)
    }

    /// The penalty on the weights of a network.
    fn penalty(&self, network: &Network<f32>) -> f64 {
        if self.training.l2 == 0.0 {
            return 0.0;
        }
        let weights = network.layout().slots().iter().filter(|slot| slot.param.role == Role::Weight);
        let squares = |slot: &crate::Slot| {
            network.parameters()[slot.range.clone()].iter().map(|w| f64::from(*w).powi(2)).sum::<f64>()
        };
        self.training.l2 * weights.map(squares).sum::<f64>()
    }

    /// Judges a network as it is used; before the first step, where statistics of the data are part of it that it has not seen yet, as it is
    /// trained.
    fn look(
        &self,
        network: &Network<f32>,
        loss: &dyn Loss<f32>,
        data: &Prepared,
        at: Time,
    ) -> Result<Parts, RecipeError> {
        let means: Vec<f64> = data.targets.iter().map(|column| column.mean).collect();
        let part = |set: &Dataset<f32>, answers: &Answers| -> Result<Evaluated, RecipeError> {
            let in_training = match at {
                // A batch that a layer refuses is no reason not to judge.
                Time::Start if !network.state().is_empty() => {
                    in_training::outputs(network, set, self.training.batch, self.seed).ok()
                }
                _ => None,
            };
            let (out, loss) = match in_training {
                Some(out) => {
                    let loss = loss.evaluate(Rows::new(&out, network.n_out())?, set.targets(), None)?;
                    (out, loss)
                }
                None => {
                    let mut workspace = network.workspace(set.rows().min(AT_ONCE))?;
                    (network.predict(set.inputs())?, evaluate(network, loss, set, &mut workspace)?.loss)
                }
            };
            let rows = Rows::new(&out, network.n_out())?;
            Ok(Evaluated {
                loss: loss * share_of_a_batch(self.training.loss, self.training.batch, set.rows()),
                score: Score::of(self, rows, answers, &means),
                outputs: Column::all(rows),
            })
        };
        Ok(Parts {
            train: part(&data.train, &data.train_answers)?,
            validation: part(&data.validation, &data.validation_answers)?,
        })
    }
}

/// When a network is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Start,
    End,
}

/// What the loss of all rows is multiplied by to be that of a batch: a loss that is summed is told by the batch.
pub(super) fn share_of_a_batch(kind: LossKind, batch: usize, rows: usize) -> f64 {
    if kind == LossKind::SumSquared { batch.min(rows) as f64 / rows as f64 } else { 1.0 }
}

/// How many rows go through the network at once where it is only looked at.
const AT_ONCE: usize = 256;
