//! The passes of a recurrent layer: forward through the steps, and back.
//!
//! Inside, steps come first and rows second, so that the rows of one step are neighbours: the inputs of all steps are multiplied in one
//! product, each step adds one more, and the gradients of the weights are products over all steps at once.

use super::cell::{Cell, Step, StepBack};
use super::sequence::Lengths;
use super::{Pass, Recurrent};
use crate::linalg::{Matrix, Start, multiply};
use crate::{Error, Float, Rows, RowsMut};

/// What forward saves, cut into its parts.
struct Saved<'a, T> {
    /// The inputs, step by step; at the end of backward the derivatives by them.
    inputs: &'a mut [T],
    /// The gates, step by step; after backward the derivatives by what goes into them.
    gates: &'a mut [T],
    /// The states: that before the first step, and after each.
    states: &'a mut [T],
    /// What the cell keeps: before the first step, and after each.
    kept: &'a mut [T],
    /// Room for the transpose of the recurrent weight.
    transposed: &'a mut [T],
    /// How many lags there are, and the norm at each.
    lags: &'a mut [T],
}

impl<T: Float, C: Cell<T>> Recurrent<T, C> {
    /// How many numbers inputs, gates, states, and what the cell keeps take for so many rows.
    pub(super) fn rooms(&self, rows: usize) -> [usize; 4] {
        let times = |a: usize, b: usize| a.saturating_mul(b);
        let (steps, states) = (times(self.steps, rows), times(self.steps.saturating_add(1), rows));
        let states = times(states, self.hidden);
        [times(steps, self.width), times(steps, self.gates()), states, times(states, C::KEPT)]
    }

    fn cut<'a>(&self, saved: &'a mut [T], rows: usize) -> Saved<'a, T> {
        let [inputs, gates, states, kept] = self.rooms(rows);
        let (inputs, rest) = saved.split_at_mut(inputs);
        let (gates, rest) = rest.split_at_mut(gates);
        let (states, rest) = rest.split_at_mut(states);
        let (kept, rest) = rest.split_at_mut(kept);
        let (transposed, lags) = rest.split_at_mut(self.hidden * self.gates());
        Saved { inputs, gates, states, kept, transposed, lags }
    }

    /// The parameters (or their gradients): weight, recurrent weight, bias, and recurrent bias.
    fn parts(&self) -> [usize; 3] {
        [self.width * self.gates(), self.hidden * self.gates(), self.gates()]
    }

    pub(super) fn run(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (rows, hidden, all) = (x.rows(), self.hidden, self.gates());
        pass.check_lengths(rows, self.steps)?;
        let lengths = Lengths::new(pass.lengths, rows, self.steps);
        let [weight, recurrent, bias] = self.parts();
        let (weight, rest) = pass.params.split_at(weight);
        let (recurrent, rest) = rest.split_at(recurrent);
        let (bias, mixed_bias) = rest.split_at(bias);
        let Saved { inputs, gates, states, kept, lags, .. } = self.cut(pass.saved, rows);
        lags[0] = T::zero();

        for (row, x) in x.iter().enumerate() {
            for (step, x) in x.chunks_exact(self.width).enumerate().take(lengths.longest) {
                let input = &mut inputs[(step * rows + row) * self.width..][..self.width];
                // What is not there may be anything, even NaN.
                if step < lengths.of(row) { input.copy_from_slice(x) } else { input.fill(T::zero()) }
            }
        }
        let there = lengths.longest * rows;
        let inputs = Matrix::new(&inputs[..there * self.width], self.width);
        multiply(inputs, Matrix::new(weight, all), &mut gates[..there * all], Start::Row(bias));

        if !pass.lengths.is_empty() {
            y.data_mut().fill(T::zero());
        }
        let recurrent = Matrix::new(recurrent, all);
        let (state_len, kept_len) = (rows * hidden, rows * hidden * C::KEPT);
        states[..state_len].fill(T::zero());
        kept[..kept_len].fill(T::zero());
        let mixed = if C::SPLITS_CANDIDATE { rows * all } else { 0 };
        for (step, gates) in gates.chunks_exact_mut(rows * all).enumerate().take(lengths.longest) {
            let (before, state) = states[step * state_len..][..2 * state_len].split_at_mut(state_len);
            let (kept_before, kept) = kept[step * kept_len..][..2 * kept_len].split_at_mut(kept_len);
            let from_state = Matrix::new(before, hidden);
            if C::SPLITS_CANDIDATE {
                multiply(from_state, recurrent, &mut pass.scratch[..mixed], Start::Zero);
            } else {
                multiply(from_state, recurrent, gates, Start::There);
            }
            let mixed = &pass.scratch[..mixed];
            Step { hidden, gates, mixed, mixed_bias, before, state, kept_before, kept }.shared(&self.cell);
            for row in lengths.over(step) {
                // From zeros nothing grows beyond all bounds while the others go on.
                state[row * hidden..][..hidden].fill(T::zero());
                kept[row * hidden * C::KEPT..][..hidden * C::KEPT].fill(T::zero());
            }
            for (row, (y, state)) in y.iter_mut().zip(state.chunks_exact(hidden)).enumerate() {
                if !self.last {
                    y[step * hidden..][..hidden].copy_from_slice(state);
                } else if step + 1 == lengths.of(row) {
                    y.copy_from_slice(state);
                }
            }
        }
        Ok(())
    }

    pub(super) fn run_back(
        &self,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let (rows, hidden, all) = (dy.rows(), self.hidden, self.gates());
        let lengths = Lengths::new(pass.lengths, rows, self.steps);
        let [weight, recurrent, bias] = self.parts();
        let (weight_gradient, rest) = gradients.split_at_mut(weight);
        let (recurrent_gradient, rest) = rest.split_at_mut(recurrent);
        let (bias_gradient, mixed_gradient) = rest.split_at_mut(bias);
        let saved = self.cut(pass.saved, rows);
        transpose(&pass.params[weight..][..recurrent], all, saved.transposed);
        self.steps_back(dy, &lengths, saved, pass.scratch);

        let Saved { inputs, gates, states, kept, .. } = self.cut(pass.saved, rows);
        let there = lengths.longest * rows;
        let (inputs, gates) = (&mut inputs[..there * self.width], &mut gates[..there * all]);
        let start = if pass.fresh { Start::Zero } else { Start::There };
        // The states before each step.
        let before = Matrix::new(&states[..there * hidden], hidden);
        multiply(before.transposed(), Matrix::new(gates, all), recurrent_gradient, start);
        let one = T::one();
        let ones = Matrix::repeated(&one, 1, there);
        if C::SPLITS_CANDIDATE {
            let sums = &mut pass.scratch[..all];
            multiply(ones, Matrix::new(gates, all), sums, Start::Zero);
            let sums = sums[all - hidden..].iter();
            mixed_gradient
                .iter_mut()
                .zip(sums)
                .for_each(|(gradient, &sum)| *gradient = if pass.fresh { sum } else { *gradient + sum });
            // From here on the derivative by what the candidate got from the inputs.
            let kept = kept[rows * hidden..].chunks_exact(hidden);
            gates.chunks_exact_mut(all).zip(kept).for_each(|(gates, own)| gates[all - hidden..].copy_from_slice(own));
        }
        let back = Matrix::new(gates, all);
        multiply(Matrix::new(inputs, self.width).transposed(), back, weight_gradient, start);
        multiply(ones, back, bias_gradient, start);
        if let Some(mut dx) = dx {
            // The inputs are not needed any more.
            multiply(back, Matrix::new(&pass.params[..weight], all).transposed(), inputs, Start::Zero);
            for (row, dx) in dx.iter_mut().enumerate() {
                for (step, dx) in dx.chunks_exact_mut(self.width).enumerate() {
                    if step < lengths.of(row) {
                        dx.copy_from_slice(&inputs[(step * rows + row) * self.width..][..self.width]);
                    } else {
                        dx.fill(T::zero());
                    }
                }
            }
        }
    }

    /// From the last step to the first: gates become derivatives.
    fn steps_back(&self, dy: Rows<'_, T>, lengths: &Lengths<'_>, saved: Saved<'_, T>, scratch: &mut [T]) {
        let Saved { gates, states, kept, transposed, lags, .. } = saved;
        let (rows, hidden, all) = (dy.rows(), self.hidden, self.gates());
        let (state_len, kept_len) = (rows * hidden, rows * hidden * C::KEPT);
        let (delta, carried) = scratch[..2 * state_len].split_at_mut(state_len);
        delta.fill(T::zero());
        carried.fill(T::zero());
        lags.fill(T::zero());
        for (step, gates) in gates.chunks_exact_mut(rows * all).enumerate().take(lengths.longest).rev() {
            for (row, (delta, dy)) in delta.chunks_exact_mut(hidden).zip(dy.iter()).enumerate() {
                let dy = match self.last {
                    true if step + 1 == lengths.of(row) => dy,
                    false if step < lengths.of(row) => &dy[step * hidden..][..hidden],
                    _ => continue,
                };
                delta.iter_mut().zip(dy).for_each(|(delta, &dy)| *delta += dy);
            }
            lengths.take_norms(step, delta, &mut lags[1..]);
            let (before, state) = states[step * state_len..][..2 * state_len].split_at_mut(state_len);
            let (kept_before, kept) = kept[step * kept_len..][..2 * kept_len].split_at_mut(kept_len);
            StepBack { hidden, gates, before, state, kept_before, kept, delta, carried }.shared(&self.cell);
            for row in lengths.over(step) {
                gates[row * all..][..all].fill(T::zero());
                kept[row * hidden * C::KEPT..][..hidden * C::KEPT].fill(T::zero());
                delta[row * hidden..][..hidden].fill(T::zero());
                carried[row * hidden..][..hidden].fill(T::zero());
            }
            if step == 0 {
                break;
            }
            // Besides what the cell has left there.
            let start = if C::SPLITS_CANDIDATE { Start::There } else { Start::Zero };
            multiply(Matrix::new(gates, all), Matrix::new(transposed, hidden), delta, start);
            let cut = |row: usize| step < lengths.of(row) && (lengths.of(row) - step).is_multiple_of(self.reach);
            for row in (0..rows).filter(|&row| cut(row)) {
                delta[row * hidden..][..hidden].fill(T::zero());
                carried[row * hidden..][..hidden].fill(T::zero());
            }
        }
        let count = lengths.longest.min(self.reach);
        lags[0] = T::of(count as f64);
        lengths.even_out(&mut lags[1..=count]);
    }
}

/// The transpose of a matrix of `cols` columns: made once, where every step would have to.
fn transpose<T: Float>(matrix: &[T], cols: usize, transposed: &mut [T]) {
    let rows = matrix.len() / cols;
    for (row, line) in matrix.chunks_exact(cols).enumerate() {
        for (&entry, column) in line.iter().zip(transposed.chunks_exact_mut(rows)) {
            column[row] = entry;
        }
    }
}
