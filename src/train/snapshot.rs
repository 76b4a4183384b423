//! `Snapshot`: everything that a run needs to go on as if nothing had happened.

use super::early_stopping::Best;
use crate::schedule::Plateau;
use crate::{Epoch, Error, Float, Network, OptimizerState, Trainer};

/// Everything that a run needs to go on, bit by bit as if it had never been interrupted: made by
/// [`Trainer::snapshot`](crate::Trainer::snapshot), in memory.
///
/// It holds parameters, state, what optimizer, clipper and schedule remember, the seeds, the place in the epoch, and the best epoch so
/// far. The order of the rows follows from seed and epoch, so it need not be kept. The monitor is not part of it: watching changes nothing.
#[derive(Debug, Clone)]
pub struct Snapshot<T> {
    pub(super) network: Network<T>,
    pub(super) optimizer: OptimizerState<T>,
    pub(super) clipper: Vec<f64>,
    pub(super) place: Place,
    /// What the order of the rows follows from.
    pub(super) seed: u64,
    pub(super) best: Option<Best<T>>,
    pub(super) history: Vec<Epoch>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Place {
    /// How many steps there were.
    pub(super) step: u64,
    /// The epoch at hand, counted from 0.
    pub(super) epoch: u64,
    /// How many of its rows were trained.
    pub(super) rows: usize,
    /// Whether these were its last.
    pub(super) ended: bool,
    /// The sum of their losses; once these were the last, the loss of all of them.
    pub(super) loss: f64,
    /// The learning rate of the last step.
    pub(super) rate: f64,
    /// Whether early stopping, or the callback, has ended the run.
    pub(super) stopped: bool,
    /// What the losses of the epochs so far have made of the learning rate.
    pub(super) plateau: Plateau,
}

impl Place {
    /// Forgets the rows of an epoch that is over.
    pub(super) fn begin_epoch(&mut self) {
        (self.rows, self.ended, self.loss) = (0, false, 0.0);
    }
}

impl<T: Float> Trainer<T> {
    /// Everything that the run needs to go on from here.
    pub fn snapshot(&self) -> Snapshot<T> {
        Snapshot {
            network: self.network.clone(),
            optimizer: self.optimizer_state.clone(),
            clipper: self.clipper.as_ref().map(|clipper| clipper.memory()).unwrap_or_default(),
            place: self.place,
            seed: self.seed,
            best: self.best.clone(),
            history: self.history.clone(),
        }
    }

    /// Goes back to a snapshot of this run, or of one with the same network, optimizer and clipper. The monitor starts anew.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the network has another shape, or optimizer or clipper remember something else. Nothing is changed then.
    pub fn restore(&mut self, snapshot: &Snapshot<T>) -> Result<(), Error> {
        if !self.optimizer_state.fits(&snapshot.optimizer) {
            return Err(Error::Foreign { what: "the optimizer's state" });
        }
        let mut network = self.network.clone();
        network.copy_from(&snapshot.network)?;
        match &mut self.clipper {
            Some(clipper) => clipper.restore(&snapshot.clipper)?,
            None if !snapshot.clipper.is_empty() => return Err(Error::Foreign { what: "the clipper's memory" }),
            None => {}
        }
        if let Some(watch) = &mut self.watch {
            // What was seen before belongs to another run.
            watch.monitor = watch.monitor.anew();
            watch.names = network.watch(&mut watch.monitor)?;
        }
        self.network = network;
        self.optimizer_state.clone_from(&snapshot.optimizer);
        self.place = snapshot.place;
        (self.seed, self.order_of) = (snapshot.seed, None);
        self.best.clone_from(&snapshot.best);
        self.history.clone_from(&snapshot.history);
        Ok(())
    }
}
