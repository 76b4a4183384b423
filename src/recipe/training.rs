//! `Training`: how a recipe trains.

use super::fields::{Fields, Read, one_of};
use super::tree::{Node, Table, Value};
use super::{ClipKind, LossKind, OptimizerKind, PlateauKind, RecipeError, ScheduleKind};

/// How a recipe trains: the loss, in batches of how many rows, for how long, by which optimizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// The loss, on what the last layer gives.
    pub loss: LossKind,
    /// A penalty on the weights: this many times the sum of their squares is added to the loss.
    pub l2: f64,
    /// How many rows a batch has.
    pub batch: usize,
    /// How many times all rows are seen.
    pub epochs: u64,
    /// What turns gradients into updates.
    pub optimizer: OptimizerKind,
    /// What limits the gradients.
    pub clip: Option<ClipKind>,
    /// How the learning rate changes from step to step, besides a decay of the optimizer's own.
    pub schedule: Option<ScheduleKind>,
    /// How the learning rate falls where the loss of the validation rows does not, besides that.
    pub plateau: Option<PlateauKind>,
}

impl Read for Training {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        fields.only(&["loss", "l2", "batch", "epochs", "optimizer", "clip", "schedule", "plateau"])?;
        let path = fields.path("loss");
        let loss = match fields.node("loss") {
            Some(node) => one_of(node, &path, &LossKind::NAMES)?,
            None => return Err(RecipeError::MissingKey { key: path, line: node.line }),
        };
        let training = Self {
            loss,
            l2: fields.or("l2", 0.0)?,
            batch: fields.required("batch")?,
            epochs: fields.required("epochs")?,
            optimizer: fields.required("optimizer")?,
            clip: fields.optional("clip")?,
            schedule: fields.optional("schedule")?,
            plateau: fields.optional("plateau")?,
        };
        if !(training.l2.is_finite() && training.l2 >= 0.0) {
            return Err(fields.refuse("l2", "finite and not below 0"));
        }
        if training.batch == 0 {
            return Err(fields.refuse("batch", "at least 1"));
        }
        if training.epochs == 0 {
            return Err(fields.refuse("epochs", "at least 1"));
        }
        Ok(training)
    }
}

impl From<&Training> for Value {
    fn from(training: &Training) -> Self {
        Table::default()
            .with("loss", training.loss.name())
            .unless(0.0, "l2", training.l2)
            .with("batch", training.batch)
            .with("epochs", training.epochs)
            // Written inside the table, not under a heading of its own.
            .with("optimizer", training.optimizer)
            .maybe("clip", training.clip.as_ref())
            .maybe("schedule", training.schedule.as_ref())
            .maybe("plateau", training.plateau)
            .into()
    }
}
