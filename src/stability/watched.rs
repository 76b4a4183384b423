//! What a monitor keeps of each thing it watches, besides its record.

use super::symmetry::Likeness;
use super::{Bounds, Thresholds, WeightShape};
use crate::linalg::Norm;
use crate::{Float, Role, Rows};

/// What is not finite, of one thing that is watched.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alarm {
    pub(super) count: u64,
    /// Where and when first: (order of discovery, step, index, value).
    pub(super) first: Option<(u64, u64, usize, f64)>,
}

#[derive(Debug, Clone)]
pub(super) struct WatchedParameter {
    pub(super) layer: usize,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) len: usize,
    pub(super) shape: WeightShape,
    pub(super) unit_axis: usize,
    /// For a weight: which of its units are alike.
    pub(super) likeness: Option<Likeness>,
    /// For a weight: the weight whose units are its inputs.
    pub(super) fed_by: Option<usize>,
    pub(super) gradient: Option<Norm>,
    pub(super) weight: Option<Norm>,
    pub(super) update: f64,
    pub(super) gradient_alarm: Alarm,
    pub(super) weight_alarm: Alarm,
}

#[derive(Debug, Clone)]
pub(super) struct WatchedActivation {
    pub(super) layer: usize,
    pub(super) bounds: Bounds,
    pub(super) width: usize,
    /// The units that are looked at one by one.
    pub(super) units: Vec<UnitCounts>,
    pub(super) alarm: Alarm,
}

/// The norms of a layer's gradients in one step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LayerSums {
    pub(super) gradient: Option<Norm>,
    pub(super) bias: Option<Norm>,
}

/// On how many rows a unit was off, at its floor, at its ceiling.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UnitCounts {
    pub(super) dead: usize,
    pub(super) low: usize,
    pub(super) high: usize,
}

impl Alarm {
    pub(super) fn scan<T: Float>(&mut self, numbers: &[T], step: u64, alarms: &mut u64) {
        for (index, number) in numbers.iter().enumerate().filter(|(_, number)| !number.is_finite()) {
            self.count += 1;
            if self.first.is_none() {
                self.first = Some((*alarms, step, index, number.get()));
                *alarms += 1;
            }
        }
    }
}

impl WatchedActivation {
    /// How many units are dead, and how many saturated, on these rows.
    pub(super) fn count<T: Float>(
        &mut self,
        rows: Rows<'_, T>,
        largest: f64,
        thresholds: &Thresholds,
    ) -> (usize, usize) {
        let Bounds { dead, low, high } = self.bounds;
        // Near zero means: small against the largest output of the layer, or against the distance between the bounds.
        let off = thresholds.off_margin * largest;
        let edge = thresholds.flat_margin * (high.unwrap_or(0.0) - low.unwrap_or(0.0)).abs();
        self.units.fill(UnitCounts::default());
        for row in rows.iter() {
            for (unit, &y) in self.units.iter_mut().zip(row) {
                let y = y.get();
                unit.dead += usize::from(dead.is_some_and(|dead| (y - dead).abs() <= off));
                unit.low += usize::from(low.is_some_and(|low| y <= low + edge));
                unit.high += usize::from(high.is_some_and(|high| y >= high - edge));
            }
        }
        let nearly_all = (thresholds.flat_rows * rows.rows() as f64).ceil() as usize;
        let dead = self.units.iter().filter(|unit| unit.dead == rows.rows()).count();
        (dead, self.units.iter().filter(|unit| unit.low + unit.high >= nearly_all).count())
    }
}

/// Mean and variance, and the largest absolute value; NaN where a number is not finite.
pub(super) fn moments<T: Float>(numbers: &[T]) -> (f64, f64, f64) {
    let count = numbers.len() as f64;
    // Divided before they are added up, so that the sum does not overflow.
    let mean = numbers.iter().map(|y| y.get() / count).sum::<f64>();
    let squares = numbers.iter().map(|y| (y.get() - mean).powi(2)).sum::<f64>();
    let largest = numbers.iter().fold(0.0_f64, |largest, y| largest.max(y.get().abs()));
    (mean, squares / count, largest)
}
