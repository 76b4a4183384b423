//! `CloseLook`: what is recorded where a single look costs more than a step may, and so is rare.

use super::{ForeignChange, GradientSizes, Series};

/// What is known of a layer from looks that cost more: its units compared with each other, its outputs with each other, and the sizes of
/// single entries of its gradient.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CloseLook {
    /// How much its units are alike: the mean, over pairs of units, of the absolute cosine of the angle between their incoming weights.
    /// 1 where all of them lie on one line; sqrt(2 / (pi n)) for random directions in n dimensions.
    pub likeness: Series,
    /// The [effective rank](crate::effective_rank) of its outputs on the probe rows.
    pub rank: Series,
    /// How large the entries of its gradient are, over the whole run; every step that is looked at in full.
    pub gradient: GradientSizes,
    /// Which of its units are off, and since when; of a layer whose units can be.
    pub deaths: Option<Deaths>,
    /// The first change of one of its parameters that no updates explain.
    pub changed: Option<ForeignChange>,
}

/// Which units of a layer are off on every probe row, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Deaths {
    /// How many units there are.
    pub units: usize,
    /// How many were off at the first look, and have been ever since.
    pub born: usize,
    /// How many were on at some look, and are off now.
    pub died: usize,
    /// The step at which the first of these went off for good.
    pub first: u64,
    /// The step by which half of these had.
    pub median: u64,
}

impl Deaths {
    /// Counts, given the step since which each unit is off. `at_birth` is the step of the first look.
    pub(super) fn count(off_since: &[Option<u64>], at_birth: u64) -> Self {
        let mut died: Vec<u64> = off_since.iter().copied().flatten().filter(|&step| step > at_birth).collect();
        died.sort_unstable();
        Self {
            units: off_since.len(),
            born: off_since.iter().filter(|&&step| step == Some(at_birth)).count(),
            died: died.len(),
            first: died.first().copied().unwrap_or(0),
            median: died.get(died.len() / 2).copied().unwrap_or(0),
        }
    }
}

impl CloseLook {
    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        self.likeness.heap() + self.rank.heap() + self.gradient.heap()
    }
}
