//! A layer alone, without a network: what it computes, and its derivative by everything.
#![allow(dead_code, reason = "each test file uses its own part")]

use evenkeel::*;

/// What a pass through a layer left.
#[derive(Debug, Clone)]
pub struct Left<T> {
    pub plan: Plan,
    pub y: Vec<T>,
    pub saved: Vec<T>,
    pub dx: Vec<T>,
    pub gradients: Vec<T>,
}

/// What goes into a pass.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a, T> {
    pub x: &'a [T],
    pub n_in: usize,
    pub mode: Mode,
    pub params: &'a [T],
    pub state: &'a [T],
    pub lengths: &'a [usize],
}

impl<'a, T: Float> Given<'a, T> {
    /// Rows of training, all steps of which are there.
    pub fn rows(x: &'a [T], n_in: usize, params: &'a [T]) -> Self {
        Self { x, n_in, mode: Mode::Train, params, state: &[], lengths: &[] }
    }

    /// Forward. Whatever memory the layer is given holds NaN before, so that nothing shows that was not written.
    pub fn forward(self, layer: &dyn Layer<T>) -> Result<Left<T>, Error> {
        let (plan, rows) = (layer.plan(self.n_in)?, self.x.len() / self.n_in);
        let nan = |len: usize| vec![T::nan(); len];
        let mut left = Left {
            y: nan(rows * plan.n_out),
            saved: nan(plan.saved_for(rows)),
            dx: nan(self.x.len()),
            gradients: nan(self.params.len()),
            plan,
        };
        let mut scratch = nan(rows * left.plan.scratch_per_row);
        let mut pass = self.pass(&left.plan, &mut left.saved, &mut scratch, false);
        layer.forward(Rows::new(self.x, self.n_in)?, RowsMut::new(&mut left.y, left.plan.n_out)?, &mut pass)?;
        Ok(left)
    }

    /// Forward and backward. The gradients are written, and once more added to what is there: both must come to the same.
    pub fn passes(self, layer: &dyn Layer<T>, dy: &[T]) -> Result<Left<T>, Error> {
        let mut left = self.forward(layer)?;
        let rows = self.x.len() / self.n_in;
        let y = left.y.clone();
        let mut backward = |fresh: bool, gradients: &mut [T], dx: &mut [T]| {
            let mut scratch = vec![T::nan(); rows * left.plan.scratch_per_row];
            let mut pass = self.pass(&left.plan, &mut left.saved, &mut scratch, fresh);
            let (x, n_out) = (Rows::new(self.x, self.n_in).unwrap(), left.plan.n_out);
            let (y, dy) = (Rows::new(&y, n_out).unwrap(), Rows::new(dy, n_out).unwrap());
            layer.backward(x, y, dy, Some(RowsMut::new(dx, self.n_in).unwrap()), gradients, &mut pass);
        };
        backward(true, &mut left.gradients, &mut left.dx);
        let mut added = vec![T::one(); self.params.len()];
        backward(false, &mut added, &mut left.dx.clone());
        let largest = left.gradients.iter().fold(1.0, |largest, x| x.get().abs().max(largest));
        for (added, written) in added.iter().zip(&left.gradients) {
            let error = (added.get() - 1.0 - written.get()).abs();
            // One rounding a term of a sum that starts at 1: some hundred terms.
            assert!(
                written.is_nan() || error <= 300.0 * T::epsilon().get() * largest,
                "{added}, but written {written}"
            );
        }
        Ok(left)
    }

    fn pass<'p>(&'p self, plan: &'p Plan, saved: &'p mut [T], scratch: &'p mut [T], fresh: bool) -> Pass<'p, T> {
        let Self { mode, params, state, lengths, .. } = *self;
        Pass { plan, mode, params, state, saved, scratch, lengths, first_row: 0, fresh, seed: 0, step: 0 }
    }
}

impl<T: Float> Left<T> {
    /// The state after what the pass left is committed.
    pub fn committed(&self, layer: &dyn Layer<T>, given: Given<'_, T>) -> Vec<T> {
        let mut state = given.state.to_vec();
        let (x, y) = (Rows::new(given.x, given.n_in).unwrap(), Rows::new(&self.y, self.plan.n_out).unwrap());
        layer.commit(&Passed { plan: &self.plan, x, y, saved: &self.saved }, &mut state);
        state
    }
}
