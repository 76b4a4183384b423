//! `Trainer`: batches, epochs, and the loop around a training step.

use std::ops::{ControlFlow, Range};

use super::early_stopping::Best;
use super::snapshot::Place;
use super::{TrainerBuilder, evaluate};
use crate::schedule::{ReduceOnPlateau, Schedule};
use crate::{
    Dataset, EarlyStopping, Epoch, Error, Evaluation, Float, Generator, GradientClipper, Loss, Mode, Monitor, Network,
    NonFinite, Optimizer, OptimizerState, Rows, StabilityReport, StepOutcome, Targets, Watched, Workspace,
};

/// Trains a network on a data set, batch by batch, watched where wanted.
///
/// ```
/// use std::ops::ControlFlow;
/// use evenkeel::*;
/// // A spiral arm or a circle? Two classes that no straight line parts.
/// let angle = |row: usize| row as f32 * 0.05;
/// let point = |row: usize| {
///     let radius = if row % 2 == 0 { 0.4 } else { 1.0 };
///     [radius * angle(row).cos(), radius * angle(row).sin()]
/// };
/// let data = Dataset::classes((0..400).flat_map(point).collect(), 2, (0..400).map(|row| row % 2).collect())?;
/// let (train, test) = data.split(0.2, 1)?;
///
/// let network = Network::<f32>::builder(2).layer(Linear::new(16)).layer(Tanh).layer(Linear::new(2)).seed(1).build()?;
/// let mut trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.01)?)
///     .batch(32)
///     .epochs(60)
///     .seed(1)
///     .clip(GlobalNorm::new(5.0)?)
///     .watch(Monitor::new())
///     .build()?;
/// trainer.fit(&train, Some(&test), |epoch| {
///     if epoch.loss < 0.01 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// })?;
/// assert!(trainer.evaluate(&test)?.accuracy > Some(0.95));
/// assert!(trainer.report().is_some_and(|report| report.is_healthy()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Trainer<T> {
    pub(super) network: Network<T>,
    pub(super) loss: Box<dyn Loss<T>>,
    pub(super) optimizer: Box<dyn Optimizer<T>>,
    pub(super) optimizer_state: OptimizerState<T>,
    pub(super) schedule: Box<dyn Schedule>,
    pub(super) plateau: Option<ReduceOnPlateau>,
    pub(super) clipper: Option<Box<dyn GradientClipper<T>>>,
    pub(super) non_finite: NonFinite,
    pub(super) stopping: Option<EarlyStopping>,
    pub(super) watch: Option<Watch<T>>,
    /// With room for as many rows as go through the network at once.
    pub(super) workspace: Workspace<T>,
    /// How many rows make an update.
    pub(super) batch: usize,
    pub(super) epochs: u64,
    pub(super) seed: u64,
    /// The order of the rows in the epoch that `order_of` says, for that many rows.
    pub(super) order: Vec<usize>,
    pub(super) order_of: Option<(u64, usize)>,
    /// The targets of the batch at hand.
    pub(super) classes: Vec<usize>,
    pub(super) values: Vec<T>,
    pub(super) place: Place,
    pub(super) best: Option<Best<T>>,
    pub(super) history: Vec<Epoch>,
}

/// A monitor, the names it knows the network by, and room for its probe rows.
#[derive(Debug)]
pub(super) struct Watch<T> {
    pub(super) monitor: Monitor,
    pub(super) names: Watched,
    pub(super) probe: Workspace<T>,
    /// The parameters before an update that is looked at closely.
    pub(super) before: Vec<T>,
}

impl<T: Float> Trainer<T> {
    /// Starts a trainer of that network, towards that loss, by that optimizer.
    pub fn builder(
        network: Network<T>,
        loss: impl Loss<T> + 'static,
        optimizer: impl Optimizer<T> + 'static,
    ) -> TrainerBuilder<T> {
        TrainerBuilder::new(network, loss, optimizer)
    }

    /// Trains until the last epoch, or until the callback or early stopping ends the run.
    ///
    /// The callback sees every epoch when it is over. After a [`restore`](Self::restore) in the middle of an epoch the run goes on from
    /// there; an epoch that single steps have just ended is told first. With early stopping the network is that of the best epoch.
    ///
    /// # Errors
    /// Those of [`step`](Self::step) and [`evaluate`](Self::evaluate). The network then stands where it stood before the step, or
    /// the validation, that failed, and the report tells of it: another `fit` tries the same batch again.
    pub fn fit(
        &mut self,
        data: &Dataset<T>,
        validation: Option<&Dataset<T>>,
        mut callback: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<&[Epoch], Error> {
        while let Some(epoch) = self.epoch(data, validation)? {
            self.place.stopped |= callback(&epoch).is_break();
        }
        Ok(&self.history)
    }

    /// Trains what is left of the epoch at hand; `None` where the run is over, and then, with early stopping, the network is that of the
    /// best epoch. For a caller who wants to do more between two epochs than [`fit`](Self::fit) has a callback for, such as taking a
    /// [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn epoch(&mut self, data: &Dataset<T>, validation: Option<&Dataset<T>>) -> Result<Option<Epoch>, Error> {
        // An epoch may be over and not told yet: single steps ended it, or its validation failed.
        if self.place.stopped || (!self.place.ended && self.place.epoch >= self.epochs) {
            if let Some(best) = self.best.take() {
                self.network.copy_from(&best.network)?;
            }
            return Ok(None);
        }
        while !self.place.ended {
            self.step(data)?;
        }
        let Place { step: steps, epoch, loss, rate, .. } = self.place;
        let validation = validation.map(|data| self.evaluate(data)).transpose()?;
        let epoch = Epoch { epoch: epoch - 1, steps, loss, rate, validation };
        self.place.begin_epoch();
        self.history.push(epoch);
        let judged = epoch.validation.map_or(epoch.loss, |validation| validation.loss);
        if let Some(stopping) = &self.stopping {
            self.place.stopped = stopping.judge(&mut self.best, epoch.epoch, judged, &self.network);
        }
        if let Some(plateau) = &self.plateau {
            plateau.judge(&mut self.place.plateau, judged);
        }
        Ok(Some(epoch))
    }

    /// Trains on the next batch of the epoch at hand; after the last batch the next epoch begins, in a new order.
    ///
    /// # Errors
    /// [`Error::Size`], [`Error::Targets`], [`Error::Class`] where the data do not fit network or loss; [`Error::NonFinite`] where a
    /// gradient is not finite and the policy is [`NonFinite::Stop`]; [`Error::Layer`] where a layer refuses the batch.
    pub fn step(&mut self, data: &Dataset<T>) -> Result<StepOutcome, Error> {
        Error::same_size("the numbers of an input row", self.network.n_in(), data.inputs().cols())?;
        if self.place.ended {
            // Nobody asked for the history of the epoch that was over.
            self.place.begin_epoch();
        }
        if self.place.rows >= data.rows() {
            // Another data set than that of the batches before.
            return Err(Error::Size {
                what: "the rows of the data set",
                expected: self.order.len(),
                found: data.rows(),
            });
        }
        self.arrange(data);
        let start = self.place.rows;
        let end = data.rows().min(start.saturating_add(self.batch));
        let (step, rate) = (self.place.step, self.rate());
        if let Some(watch) = &mut self.watch {
            watch.look(&self.network, data, step)?;
        }
        let (loss, divisor) = self.pass(data, start..end)?;
        if let Some(watch) = &mut self.watch {
            self.network.observe_gradients(&mut watch.monitor, &watch.names, &self.workspace)?;
        }
        let clipper = self.clipper.as_deref_mut().map(|clipper| clipper as &mut dyn GradientClipper<T>);
        let has_clipper = clipper.is_some();
        let verdict = self.non_finite.decide(clipper, &mut self.network.gradients(&mut self.workspace)?, step);
        let closely = self.looks_closely(end - start);
        // A gradient that a clipper has changed has lost its norm.
        let measured = self.workspace.gradient_norms().all(f64::is_finite);
        if let Ok(verdict) = &verdict
            && verdict.apply
        {
            let scale = verdict.clipped.pending;
            if closely {
                self.remember();
            }
            self.network.update(&*self.optimizer, &mut self.optimizer_state, &mut self.workspace, scale, rate)?;
        }
        if let (Some(watch), Ok(verdict)) = (&mut self.watch, &verdict) {
            if has_clipper {
                watch.monitor.clipped(&verdict.clipped);
            }
            if verdict.apply {
                self.network.observe_weights(&mut watch.monitor, &watch.names, &self.optimizer_state)?;
            }
        }
        if closely && verdict.as_ref().is_ok_and(|verdict| verdict.apply) {
            self.look_closely(data, start..end, loss, measured);
        }
        if let Some(watch) = &mut self.watch {
            watch.monitor.end(loss);
        }
        let verdict = verdict?;
        let ends_epoch = end == data.rows();
        let rows = end - start;
        let sum = self.place.loss + loss * divisor;
        self.place = Place {
            step: step + 1,
            epoch: self.place.epoch + u64::from(ends_epoch),
            rows: end,
            ended: ends_epoch,
            loss: if ends_epoch { sum / self.loss.divisor(data.targets()) } else { sum },
            rate,
            ..self.place
        };
        let (clipped, applied, zeroed) = (verdict.clipped, verdict.apply, verdict.zeroed);
        Ok(StepOutcome { step, loss, rows, clipped, applied, zeroed, ends_epoch })
    }

    /// Takes the rows of a batch, by their places in the epoch, forward and back, as many at a time as the workspace has room for. Gives
    /// the loss of the batch, and what it is divided by.
    fn pass(&mut self, data: &Dataset<T>, batch: Range<usize>) -> Result<(f64, f64), Error> {
        let order = &self.order[batch];
        let targets = match data.targets() {
            Targets::Classes(classes) => {
                self.classes.clear();
                self.classes.extend(order.iter().map(|&row| classes[row]));
                Targets::Classes(&self.classes)
            }
            Targets::Values(values) => {
                self.values.clear();
                self.values.extend(order.iter().flat_map(|&row| values.row(row)));
                Targets::Values(Rows::of(&self.values, values.cols()))
            }
        };
        let divisor = self.loss.divisor(targets);
        let mut loss = 0.0;
        for (part, rows) in order.chunks(self.workspace.capacity()).enumerate() {
            let first = part * self.workspace.capacity();
            let targets = targets.part(first..first + rows.len());
            gather(data, rows.iter().copied(), first, &mut self.workspace)?;
            self.network.forward_input(Mode::Train, &mut self.workspace)?;
            let share = self.network.loss_part(&*self.loss, targets, divisor, &mut self.workspace)?;
            self.network.backward(&mut self.workspace)?;
            if let Some(watch) = self.watch.as_mut().filter(|_| !share.is_finite()) {
                self.network.observe_breakdown(&mut watch.monitor, &watch.names, &self.workspace)?;
            }
            loss += share;
        }
        Ok((loss, divisor))
    }

    /// The learning rate of the step at hand.
    fn rate(&self) -> f64 {
        let reduced = self.plateau.map_or(1.0, |_| self.place.plateau.factor());
        self.optimizer.rate() * self.schedule.factor(self.place.step) * reduced
    }

    /// Puts the rows in the order of the epoch at hand: a function of seed, epoch and number of rows alone. Makes room for the targets of
    /// the largest batch, which has no more rows than the data.
    fn arrange(&mut self, data: &Dataset<T>) {
        let rows = data.rows();
        if self.order_of != Some((self.place.epoch, rows)) {
            self.order.clear();
            self.order.extend(0..rows);
            Generator::numbered(self.seed, "epoch", self.place.epoch).shuffle(&mut self.order);
            self.order_of = Some((self.place.epoch, rows));
            let largest = self.batch.min(rows);
            self.classes.clear();
            self.values.clear();
            match data.targets() {
                Targets::Classes(_) => self.classes.reserve_exact(largest),
                Targets::Values(values) => self.values.reserve_exact(largest * values.cols()),
            }
        }
    }

    /// Loss and accuracy on a data set.
    ///
    /// # Errors
    /// Those of [`evaluate`](crate::evaluate).
    pub fn evaluate(&mut self, data: &Dataset<T>) -> Result<Evaluation, Error> {
        evaluate(&self.network, &*self.loss, data, &mut self.workspace)
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// Ends training and hands the network out.
    pub fn into_network(self) -> Network<T> {
        self.network
    }

    /// The epochs so far.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// How many steps there were so far.
    pub fn steps(&self) -> u64 {
        self.place.step
    }

    /// What the monitor has seen, and what it means; `None` where the run is not watched.
    pub fn report(&self) -> Option<StabilityReport> {
        self.watch.as_ref().map(|watch| watch.monitor.report())
    }
}

impl<T: Float> Watch<T> {
    /// Begins a step and, where it is one that is looked at in full, shows the monitor the activations on the probe rows.
    fn look(&mut self, network: &Network<T>, data: &Dataset<T>, step: u64) -> Result<(), Error> {
        self.monitor.begin(step);
        if self.monitor.looking() {
            let count = self.probe.capacity().min(data.rows());
            let spaced = (0..count).map(|probe| probe * data.rows() / count);
            gather(data, spaced, 0, &mut self.probe)?;
            network.forward_input(Mode::Infer, &mut self.probe)?;
            network.observe_activations(&mut self.monitor, &self.names, &self.probe)?;
        }
        Ok(())
    }
}

/// Copies rows into the input of a workspace, and how long they are. The first of them is row `first` of its batch.
pub(super) fn gather<T: Float>(
    data: &Dataset<T>,
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    first: usize,
    workspace: &mut Workspace<T>,
) -> Result<(), Error> {
    let mut input = workspace.input_part(rows.len(), first)?;
    let from = data.inputs();
    input.iter_mut().zip(rows.clone()).for_each(|(to, row)| to.copy_from_slice(from.row(row)));
    match data.lengths() {
        [] => Ok(()),
        lengths => workspace.take_lengths(rows.map(|row| lengths[row])),
    }
}
