//! `Inside`: what a layer that is made of others hands on to them.

use crate::random::{GOLDEN, mixed};
use crate::{Float, Mode, Param, Pass, Plan};

/// What is left of a pass for the layers inside: each takes its part, from the first on in forward, from the last on in backward.
///
/// Their parameters and states stand one after the other, as in the plan around them, and so does what they save.
#[derive(Debug)]
pub(super) struct Inside<'a, T> {
    rows: usize,
    mode: Mode,
    lengths: &'a [usize],
    first_row: usize,
    fresh: bool,
    seed: u64,
    step: u64,
    params: &'a [T],
    state: &'a [T],
    saved: &'a mut [T],
}

impl<'a, T: Float> Inside<'a, T> {
    /// All that a pass over so many rows has for the layers inside, and its scratch, which is for all of them alike.
    pub(super) fn of<'b>(pass: &'b mut Pass<'a, T>, rows: usize) -> (Inside<'b, T>, &'b mut [T]) {
        let &mut Pass { mode, lengths, first_row, fresh, step, params, state, .. } = pass;
        // Mixed, so that a layer within a layer never has the seed of one elsewhere: the seeds of neighbours differ by few bits.
        let seed = mixed(pass.seed);
        (
            Inside { rows, mode, lengths, first_row, fresh, seed, step, params, state, saved: &mut *pass.saved },
            &mut *pass.scratch,
        )
    }

    /// So many of the saved numbers, kept by the layer around: they stand before those of the layers inside.
    pub(super) fn keep(&mut self, count: usize) -> &'a mut [T] {
        first(&mut self.saved, count)
    }

    /// So many parameters, of the layer around: they stand behind those of the layers inside.
    pub(super) fn own(&mut self, count: usize) -> &'a [T] {
        self.params.split_off(self.params.len() - count..).unwrap_or_default()
    }

    /// What the next layer may read and write.
    pub(super) fn first<'s>(&mut self, index: usize, plan: &'s Plan, scratch: &'s mut [T]) -> Pass<'s, T>
    where
        'a: 's,
    {
        let params = self.params.split_off(..count(plan)).unwrap_or_default();
        let state = self.state.split_off(..plan.state.len()).unwrap_or_default();
        let saved = first(&mut self.saved, plan.saved_for(self.rows));
        self.pass(index, plan, [params, state], saved, scratch)
    }

    /// What the layer before those that had their turn may read and write, and its gradients, the last of `gradients`.
    pub(super) fn last<'s, 'g>(
        &mut self,
        index: usize,
        plan: &'s Plan,
        scratch: &'s mut [T],
        gradients: &mut &'g mut [T],
    ) -> (Pass<'s, T>, &'g mut [T])
    where
        'a: 's,
    {
        let count = count(plan);
        let params = self.params.split_off(self.params.len() - count..).unwrap_or_default();
        let state = self.state.split_off(self.state.len() - plan.state.len()..).unwrap_or_default();
        let saved = last(&mut self.saved, plan.saved_for(self.rows));
        let gradients = last(gradients, count);
        // The layer around may write its gradients; one inside may not know how to.
        if self.fresh && !plan.writes_gradients {
            gradients.fill(T::zero());
        }
        (self.pass(index, plan, [params, state], saved, scratch), gradients)
    }

    fn pass<'s>(
        &self,
        index: usize,
        plan: &'s Plan,
        [params, state]: [&'s [T]; 2],
        saved: &'s mut [T],
        scratch: &'s mut [T],
    ) -> Pass<'s, T>
    where
        'a: 's,
    {
        Pass {
            plan,
            mode: self.mode,
            params,
            state,
            saved,
            scratch: &mut scratch[..self.rows * plan.scratch_per_row],
            lengths: self.lengths,
            first_row: self.first_row,
            fresh: self.fresh && plan.writes_gradients,
            seed: self.seed ^ (index as u64 + 1).wrapping_mul(GOLDEN),
            step: self.step,
        }
    }
}

/// How many numbers the parameters of a layer have.
pub(super) fn count(plan: &Plan) -> usize {
    plan.params.iter().filter_map(Param::count).sum()
}

/// Cuts off the first numbers; there are as many.
pub(super) fn first<'a, T>(numbers: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    numbers.split_off_mut(..count).unwrap_or_default()
}

/// Cuts off the last numbers; there are as many.
pub(super) fn last<'a, T>(numbers: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    numbers.split_off_mut(numbers.len() - count..).unwrap_or_default()
}
