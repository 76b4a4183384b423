//! `TrainerBuilder`: what a run is to be like.

use super::snapshot::Place;
use super::trainer::Watch;
use crate::schedule::{Constant, ReduceOnPlateau, Schedule};
use crate::{EarlyStopping, Error, Float, GradientClipper, Loss, Monitor, Network, NonFinite, Optimizer, Trainer};

/// Collects what a [`Trainer`] is to do.
#[derive(Debug)]
pub struct TrainerBuilder<T> {
    network: Network<T>,
    loss: Box<dyn Loss<T>>,
    optimizer: Box<dyn Optimizer<T>>,
    schedule: Box<dyn Schedule>,
    plateau: Option<ReduceOnPlateau>,
    clipper: Option<Box<dyn GradientClipper<T>>>,
    non_finite: NonFinite,
    stopping: Option<EarlyStopping>,
    monitor: Option<Monitor>,
    batch: usize,
    micro_batch: Option<usize>,
    epochs: u64,
    seed: u64,
    probe_rows: usize,
}

impl<T: Float> TrainerBuilder<T> {
    pub(super) fn new(
        network: Network<T>,
        loss: impl Loss<T> + 'static,
        optimizer: impl Optimizer<T> + 'static,
    ) -> Self {
        Self {
            network,
            loss: Box::new(loss),
            optimizer: Box::new(optimizer),
            schedule: Box::new(Constant),
            plateau: None,
            clipper: None,
            non_finite: NonFinite::Stop,
            stopping: None,
            monitor: None,
            batch: 32,
            micro_batch: None,
            epochs: 10,
            seed: 0,
            probe_rows: 64,
        }
    }

    /// How many rows a batch has; the last of an epoch has what is left. 32 unless given.
    pub fn batch(self, rows: usize) -> Self {
        Self { batch: rows, ..self }
    }

    /// How many rows of a batch go through the network at once: only they take memory in the [`Workspace`](crate::Workspace). The gradients
    /// of the parts are added up, and clipper, monitor and optimizer see those of the whole batch. All rows at once unless given.
    ///
    /// The result is that of the whole batch at once but for rounding, however the rows are cut and whether the loss averages or adds up
    /// (see [`Loss::divisor`]); noise is that of the row in the batch. Only a layer that looks at the batch as a whole, as one that
    /// normalizes by its statistics, sees the part instead, and updates its running statistics once for every part.
    pub fn micro_batch(self, rows: usize) -> Self {
        Self { micro_batch: Some(rows), ..self }
    }

    /// How many epochs [`fit`](Trainer::fit) runs at most. 10 unless given.
    pub fn epochs(self, epochs: u64) -> Self {
        Self { epochs, ..self }
    }

    /// The seed that the order of the rows follows from. 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How the learning rate changes with the steps; not at all unless given.
    pub fn schedule(self, schedule: impl Schedule + 'static) -> Self {
        Self { schedule: Box::new(schedule), ..self }
    }

    /// Reduces the learning rate, beside the schedule, where the loss has stopped falling: that of the validation part, or of training
    /// where there is none. Judged at the end of every epoch that [`fit`](Trainer::fit) or [`epoch`](Trainer::epoch) tells of; not by
    /// single steps. Never unless given.
    pub fn reduce_on_plateau(self, plateau: ReduceOnPlateau) -> Self {
        Self { plateau: Some(plateau), ..self }
    }

    /// What limits the gradients; nothing unless given.
    pub fn clip(self, clipper: impl GradientClipper<T> + 'static) -> Self {
        self.clip_boxed(Box::new(clipper))
    }

    /// As [`clip`](Self::clip), for a clipper whose type is only known when the program runs.
    pub fn clip_boxed(self, clipper: Box<dyn GradientClipper<T>>) -> Self {
        Self { clipper: Some(clipper), ..self }
    }

    /// What happens when a gradient is NaN or infinite; [`NonFinite::Stop`] unless given.
    pub fn non_finite(self, policy: NonFinite) -> Self {
        Self { non_finite: policy, ..self }
    }

    /// When to stop before the last epoch; never unless given.
    pub fn early_stopping(self, stopping: EarlyStopping) -> Self {
        Self { stopping: Some(stopping), ..self }
    }

    /// Has the run watched.
    pub fn watch(self, monitor: Monitor) -> Self {
        Self { monitor: Some(monitor), ..self }
    }

    /// How many rows of the training data the monitor sees the activations of: always the same ones, evenly spaced. 64 unless given.
    pub fn probe_rows(self, rows: usize) -> Self {
        Self { probe_rows: rows, ..self }
    }

    /// Takes all the memory that training needs, but for that of the order of the rows and of the targets of a batch, which the first step
    /// takes: it depends on the data.
    ///
    /// # Errors
    /// [`Error::Argument`] for a batch, a micro-batch, epochs or probe rows of 0; [`Error::TooLarge`] or [`Error::OutOfMemory`] where the batch is too
    /// large.
    pub fn build(self) -> Result<Trainer<T>, Error> {
        Error::at_least_one("Trainer", "batch", self.batch)?;
        let at_once = self.micro_batch.map(|rows| Error::at_least_one("Trainer", "micro_batch", rows)).transpose()?;
        Error::require(self.epochs > 0, "Trainer", "epochs", self.epochs as f64, "at least 1")?;
        Error::at_least_one("Trainer", "probe_rows", self.probe_rows)?;
        let watch = self.monitor.map(|mut monitor| {
            let names = self.network.watch(&mut monitor)?;
            // Room for the parameters before an update.
            let mut before = Vec::new();
            let (what, bytes) = ("the parameters before an update", size_of_val(self.network.parameters()) as u64);
            let len = self.network.parameters().len();
            before.try_reserve_exact(len).map_err(|_| Error::OutOfMemory { what, bytes })?;
            before.extend_from_slice(self.network.parameters());
            Ok::<_, Error>(Watch { names, monitor, probe: self.network.workspace(self.probe_rows)?, before })
        });
        Ok(Trainer {
            workspace: self.network.workspace(at_once.unwrap_or(self.batch).min(self.batch))?,
            optimizer_state: self.network.optimizer_state(&*self.optimizer)?,
            watch: watch.transpose()?,
            network: self.network,
            loss: self.loss,
            optimizer: self.optimizer,
            schedule: self.schedule,
            plateau: self.plateau,
            clipper: self.clipper,
            non_finite: self.non_finite,
            stopping: self.stopping,
            batch: self.batch,
            epochs: self.epochs,
            seed: self.seed,
            order: Vec::new(),
            order_of: None,
            classes: Vec::new(),
            values: Vec::new(),
            place: Place::default(),
            best: None,
            history: Vec::new(),
        })
    }
}
