//! `Record`: what networks show of a layer, beside what was expected of it.

use super::deviations::Deviations;
use crate::check::Failure;
use crate::layer::mean_of;
use crate::{Moments, Passed, Rows};

/// In so many networks it is looked at how a map bends.
const BENT: usize = 64;
/// By how much, relative to the second moment, a map is bent for that.
const STEP: f64 = 0.1;
/// Where the fourth moment is further from that of a normal number, relative to it, first order says nothing.
const NEARLY_NORMAL: f64 = 0.2;

/// What is expected of the numbers between two layers, given what went into the last random weights.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Row by row, position by position; a single entry where all positions are alike.
    pub(super) rows: Vec<Vec<Moments>>,
    /// Whether they are sums over many independent weights.
    pub(super) is_normal: bool,
    /// Whether the weights that they come from are inside of the residual branch that is being looked at.
    pub(super) is_fresh: bool,
    /// How many numbers a position has, where it is known.
    pub(super) channels: Option<usize>,
}

/// Where a layer's numbers come from, if not straight from random weights.
pub(super) struct Source<'a> {
    /// What is expected of what goes in.
    pub(super) state: &'a State,
    /// Whether every number is treated by itself.
    pub(super) is_pointwise: bool,
    /// What the layer says it makes of moments.
    pub(super) map: &'a dyn Fn(Moments) -> Option<Moments>,
}

/// What is known of one layer.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    second: Deviations,
    mean: Deviations,
    /// How far, relative to the expected second moment and its root, moments of second order may shift both.
    bends: Vec<[f64; 2]>,
    /// The scatter of what goes in: of a function of every number, how far its fourth moment is from that of a normal one, else the variance
    /// of the mean square.
    scatter: f64,
    scatters: f64,
    is_pointwise: bool,
    units: usize,
}

impl Record {
    pub(super) fn new(name: String, units: usize, is_pointwise: bool) -> Self {
        let [second, mean] = [Deviations::default(), Deviations::default()];
        Self { name, second, mean, bends: Vec::new(), scatter: 0.0, scatters: 0.0, is_pointwise, units }
    }

    /// How many independent numbers a network shows of it.
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// What one network shows: `y` is what was expected.
    pub(super) fn watch(&mut self, passed: &Passed<'_, f64>, y: &[Vec<Moments>], from: Option<Source<'_>>) {
        let over_rows = |rows: &[Vec<Moments>]| mean_of(&rows.iter().map(|row| mean_of(row)).collect::<Vec<_>>());
        let expected = over_rows(y);
        let found = over_rows(&measured(passed.y, None));
        let size = expected.second.sqrt();
        self.second.push(found.second, expected.second, expected.second);
        self.mean.push(found.mean, expected.mean, size);
        let Some(Source { state: x, map, .. }) = from else { return };
        if self.is_pointwise {
            for (row, numbers) in x.rows.iter().zip(passed.x.iter()) {
                let each = numbers.len() / row.len().max(1);
                for (moments, numbers) in row.iter().zip(numbers.chunks(each.max(1))) {
                    let variance = moments.variance();
                    if variance > 0.0 {
                        let fourths: f64 = numbers.iter().map(|z| (z - moments.mean).powi(4)).sum();
                        self.scatter += fourths / (3.0 * variance * variance) - numbers.len() as f64;
                        self.scatters += numbers.len() as f64;
                    }
                }
            }
        } else {
            let (expected, found) = (over_rows(&x.rows).second, over_rows(&measured(passed.x, None)).second);
            if expected > 0.0 {
                self.scatter += (found / expected - 1.0).powi(2);
                self.scatters += 1.0;
            }
        }
        if self.bends.len() < BENT && expected.second > 0.0 {
            let at = over_rows(&x.rows);
            let moved = |by: f64| map(Moments { mean: at.mean, second: at.second + by * at.variance() });
            if let (Some(below), Some(here), Some(above)) = (moved(-STEP), moved(0.0), moved(STEP)) {
                let bend = |of: fn(Moments) -> f64, size: f64| {
                    (of(above) - 2.0 * of(here) + of(below)).abs() / (2.0 * STEP * STEP * size)
                };
                self.bends.push([bend(|y| y.second, here.second), bend(|y| y.mean, here.second.sqrt())]);
            }
        }
    }

    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        let scatter = if self.scatters > 0.0 { (self.scatter / self.scatters).abs() } else { 0.0 };
        if self.is_pointwise && scatter > NEARLY_NORMAL {
            return Ok(());
        }
        let mean_bend = |at: usize| {
            let sum: f64 = self.bends.iter().map(|bend| bend[at]).sum();
            if self.bends.is_empty() { 0.0 } else { sum / self.bends.len() as f64 }
        };
        let what = |of: &str| format!("{of} of {}, over {} networks", self.name, self.second.count());
        self.second.judge(&what("mean square"), mean_bend(0) * scatter, allowed)?;
        self.mean.judge(&what("mean"), mean_bend(1) * scatter, allowed)
    }
}

/// The moments of what is there, row by row, and position by position where it is known how many numbers one has.
pub(super) fn measured(x: Rows<'_, f64>, channels: Option<usize>) -> Vec<Vec<Moments>> {
    let of = |numbers: &[f64]| {
        let count = numbers.len() as f64;
        let (sum, squares) = numbers.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        Moments { mean: sum / count, second: squares / count }
    };
    let channels = channels.filter(|&channels| channels > 0 && x.cols().is_multiple_of(channels)).unwrap_or(x.cols());
    x.iter().map(|row| row.chunks_exact(channels).map(of).collect()).collect()
}
