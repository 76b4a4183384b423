//! `Lengths`: which steps of a batch there are; and the norms of derivatives at each lag from its ends.

use crate::Float;
use crate::linalg::norm;

/// How many steps of each row there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths<'a> {
    /// One a row; empty where all steps of all rows are there.
    lengths: &'a [usize],
    rows: usize,
    steps: usize,
    /// The most that a row has.
    pub(super) longest: usize,
}

impl<'a> Lengths<'a> {
    /// Those of `rows` rows of up to `steps` steps, which forward has [checked](crate::Pass::check_lengths).
    pub(super) fn new(lengths: &'a [usize], rows: usize, steps: usize) -> Self {
        Self { lengths, rows, steps, longest: lengths.iter().copied().max().unwrap_or(steps) }
    }

    /// How many steps that row has.
    pub(super) fn of(&self, row: usize) -> usize {
        self.lengths.get(row).copied().unwrap_or(self.steps)
    }

    /// The rows that are over at that step.
    pub(super) fn over(&self, step: usize) -> impl Iterator<Item = usize> {
        self.lengths.iter().enumerate().filter(move |&(_, &length)| length <= step).map(|(row, _)| row)
    }

    /// Takes the norm of the derivatives by the states after that step, each row's at its lag from its own end.
    pub(super) fn take_norms<T: Float>(&self, step: usize, deltas: &[T], norms: &mut [T]) {
        if self.lengths.is_empty() {
            norms[self.steps - 1 - step] = T::of(norm(deltas).value());
            return;
        }
        let rows = deltas.chunks_exact(deltas.len() / self.rows).zip(self.lengths);
        for (delta, &length) in rows.filter(|&(_, &length)| length > step) {
            let sum = &mut norms[length - 1 - step];
            let own = T::of(norm(delta).value());
            // `hypot` would take an infinity beside a NaN for the whole.
            *sum = if sum.is_nan() || own.is_nan() { T::nan() } else { sum.hypot(own) };
        }
    }

    /// Scales the norm at each lag up to all rows, where some are too short to have it.
    pub(super) fn even_out<T: Float>(&self, norms: &mut [T]) {
        if !self.lengths.is_empty() {
            for (lag, norm) in norms.iter_mut().enumerate() {
                let there = self.lengths.iter().filter(|&&length| length > lag).count().max(1);
                *norm *= T::of((self.rows as f64 / there as f64).sqrt());
            }
        }
    }
}
