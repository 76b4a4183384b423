//! `Record`: what networks show of a layer, beside what was expected of it.

use super::deviations::Deviations;
use crate::check::Failure;
use crate::layer::mean_of;
use crate::{Moments, Rows};

/// What is known of one layer.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    second: Deviations,
    mean: Deviations,
    /// How far, relative to the expected second moment and its root, theory may be off.
    slack: f64,
    units: usize,
    /// What always holds of it, and did not.
    broken: Option<String>,
}

impl Record {
    pub(super) fn new(name: String, units: usize, slack: f64) -> Self {
        let [second, mean] = [Deviations::default(), Deviations::default()];
        Self { name, second, mean, slack, units, broken: None }
    }

    /// The layer's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many independent numbers a network shows of it.
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// What one network shows, beside what was expected.
    pub(super) fn watch(&mut self, found: Moments, expected: Moments) {
        self.second.push(found.second, expected.second, expected.second);
        self.mean.push(found.mean, expected.mean, expected.second.sqrt());
    }

    /// An output that is not what the layer's function makes of its input.
    pub(super) fn breaks(&mut self, found: String) {
        self.broken.get_or_insert(found);
    }

    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        let what = |of: &str| format!("{of} of {}, over {} networks", self.name, self.second.count());
        let broken = || self.broken.clone().unwrap_or_default();
        let of_outputs = || format!("outputs of {}", self.name);
        Failure::unless(self.broken.is_none(), of_outputs, "what its function makes of every input", broken)?;
        self.second.judge(&what("mean square"), self.slack, allowed)?;
        self.mean.judge(&what("mean"), self.slack, allowed)
    }
}

/// The moments of some numbers.
pub(super) fn moments_of<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Moments {
    let add = |(n, sum, squares): (f64, f64, f64), x: &f64| (n + 1.0, sum + x, squares + x * x);
    let (count, sum, squares) = numbers.into_iter().fold((0.0, 0.0, 0.0), add);
    Moments { mean: sum / count, second: squares / count }
}

/// The moments of what is there, row by row, and position by position where it is known how many numbers one has.
pub(super) fn measured(x: Rows<'_, f64>, channels: Option<usize>) -> Vec<Vec<Moments>> {
    let channels = channels.filter(|&channels| channels > 0 && x.cols().is_multiple_of(channels)).unwrap_or(x.cols());
    x.iter().map(|row| row.chunks_exact(channels).map(moments_of).collect()).collect()
}

/// Those of all rows and positions.
pub(super) fn overall(rows: &[Vec<Moments>]) -> Moments {
    mean_of(&rows.iter().map(|row| mean_of(row)).collect::<Vec<_>>())
}
