//! `Snapshot`: everything that a run needs to go on as if nothing had happened.

use super::early_stopping::Best;
use crate::schedule::Plateau;
use crate::{Epoch, Network, OptimizerState};

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
