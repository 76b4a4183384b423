//! `Cell`: what happens to a state in one step, and back.

use std::fmt::Debug;

use super::moments::{Unfolded, Unrolled};
use crate::linalg::{PIECE, join};
use crate::{Bounds, Float, Initializer, Role};

/// What happens to the states of a batch in one step. The layer computes the products, and the cell what is done number by number.
pub trait Cell<T: Float>: Debug + Clone + Default + Send + Sync {
    /// The layer's name in messages.
    const NAME: &'static str;
    /// The layer's kind.
    const KIND: &'static str;
    /// How many gates there are: how many numbers a unit needs of the products.
    const GATES: usize;
    /// How many numbers a unit keeps at each step, besides its gates and its state.
    const KEPT: usize;
    /// How many numbers of scratch a unit of a row needs.
    const SCRATCH: usize;
    /// Whether a state reaches the last gate by a product of its own, with a bias of its own, and the next state also directly.
    const SPLITS_CANDIDATE: bool = false;

    /// The state after the step.
    fn forward(&self, step: Step<'_, T>);

    /// From the derivative by that state to those by the gates and by what the step before left.
    fn backward(&self, step: StepBack<'_, T>);

    /// How a parameter starts where nobody says otherwise; `recurrent` says whether it is the weight of the state.
    fn initializer(&self, role: Role, recurrent: bool) -> Option<Box<dyn Initializer<T>>>;

    /// What it makes of moments, where theory says it.
    fn moments(&self, _: &Unrolled) -> Option<Unfolded> {
        None
    }

    /// Where a state stops reacting.
    fn bounds(&self) -> Bounds {
        Bounds::NONE
    }

    /// Whether a state has no smooth derivative where it begins to be above 0.
    fn has_kinks(&self) -> bool {
        false
    }
}

/// One step of some rows. Each slice holds row after row.
#[derive(Debug)]
pub struct Step<'a, T> {
    pub(super) hidden: usize,
    /// What the gates get from the inputs, and the state too unless it is in `mixed`; then their values.
    pub(super) gates: &'a mut [T],
    /// What the gates get from the state, of a cell that splits its candidate; and the bias of that.
    pub(super) mixed: &'a [T],
    pub(super) mixed_bias: &'a [T],
    /// The state before the step, and after it.
    pub(super) before: &'a [T],
    pub(super) state: &'a mut [T],
    /// What the step before kept, and what this one keeps.
    pub(super) kept_before: &'a [T],
    pub(super) kept: &'a mut [T],
}

/// The way back through one step of some rows.
#[derive(Debug)]
pub struct StepBack<'a, T> {
    pub(super) hidden: usize,
    /// The values of the gates; then the derivative by what they got from the state.
    pub(super) gates: &'a mut [T],
    pub(super) before: &'a [T],
    pub(super) state: &'a [T],
    pub(super) kept_before: &'a [T],
    /// What the step kept; of a cell that splits its candidate then the derivative by what that got from the inputs.
    pub(super) kept: &'a mut [T],
    /// The derivative by the state after the step; then that by the state before it, as far as it reaches it directly.
    pub(super) delta: &'a mut [T],
    /// The derivative by what else goes on from step to step: by the one after, then by the one before.
    pub(super) carried: &'a mut [T],
}

impl<T: Float> Step<'_, T> {
    /// Computes it, on as many threads as are idle where it is worth it: rows know nothing of each other.
    pub(super) fn shared(self, cell: &impl Cell<T>) {
        let rows = self.state.len() / self.hidden;
        if self.gates.len() <= PIECE || rows < 2 {
            return cell.forward(self);
        }
        let Self { hidden, gates, mixed, mixed_bias, before, state, kept_before, kept } = self;
        let at = |len: usize| len / rows * (rows / 2);
        let (gates, other_gates) = gates.split_at_mut(at(gates.len()));
        let (mixed, other_mixed) = mixed.split_at(at(mixed.len()));
        let (before, other_before) = before.split_at(at(before.len()));
        let (state, other_state) = state.split_at_mut(at(state.len()));
        let (kept_before, other_kept_before) = kept_before.split_at(at(kept_before.len()));
        let (kept, other_kept) = kept.split_at_mut(at(kept.len()));
        let step = Step { hidden, gates, mixed, mixed_bias, before, state, kept_before, kept };
        let other = Step {
            hidden,
            gates: other_gates,
            mixed: other_mixed,
            mixed_bias,
            before: other_before,
            state: other_state,
            kept_before: other_kept_before,
            kept: other_kept,
        };
        join(|| step.shared(cell), || other.shared(cell));
    }
}

impl<T: Float> StepBack<'_, T> {
    /// Computes it, on as many threads as are idle where it is worth it.
    pub(super) fn shared(self, cell: &impl Cell<T>) {
        let rows = self.state.len() / self.hidden;
        if self.gates.len() <= PIECE || rows < 2 {
            return cell.backward(self);
        }
        let Self { hidden, gates, before, state, kept_before, kept, delta, carried } = self;
        let at = |len: usize| len / rows * (rows / 2);
        let (gates, other_gates) = gates.split_at_mut(at(gates.len()));
        let (before, other_before) = before.split_at(at(before.len()));
        let (state, other_state) = state.split_at(at(state.len()));
        let (kept_before, other_kept_before) = kept_before.split_at(at(kept_before.len()));
        let (kept, other_kept) = kept.split_at_mut(at(kept.len()));
        let (delta, other_delta) = delta.split_at_mut(at(delta.len()));
        let (carried, other_carried) = carried.split_at_mut(at(carried.len()));
        let step = StepBack { hidden, gates, before, state, kept_before, kept, delta, carried };
        let other = StepBack {
            hidden,
            gates: other_gates,
            before: other_before,
            state: other_state,
            kept_before: other_kept_before,
            kept: other_kept,
            delta: other_delta,
            carried: other_carried,
        };
        join(|| step.shared(cell), || other.shared(cell));
    }
}
