//! What a trainer tells: about a step, and about an epoch.

use crate::{Clipped, Evaluation};

/// What came of one training step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// The step, counted from 0.
    pub step: u64,
    /// The loss of the batch, before the update.
    pub loss: f64,
    /// How many rows the batch had.
    pub rows: usize,
    /// What the clipper did, or what was measured where there is none.
    pub clipped: Clipped,
    /// Whether the update was applied; not where gradients were not finite and the policy is to skip.
    pub applied: bool,
    /// How many gradients were set to zero for not being finite.
    pub zeroed: usize,
    /// Whether this was the last batch of its epoch.
    pub ends_epoch: bool,
}

/// What came of one epoch: given to the callback, and kept as history.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Epoch {
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// How many steps there were so far.
    pub steps: u64,
    /// The loss of all its rows, as [`Evaluation::loss`], each as it was when its batch was trained.
    pub loss: f64,
    /// The learning rate of its last step.
    pub rate: f64,
    /// The loss on the validation part, where there is one.
    pub validation: Option<Evaluation>,
}
