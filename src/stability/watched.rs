//! What a monitor keeps of each thing it watches, besides its record.

use super::held::Held;
use super::symmetry::Likeness;
use super::{Bounds, Thresholds, WeightShape};
use crate::linalg::{Norm, Places, idle_columns};
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
    pub(super) held: Held,
    pub(super) gradient_alarm: Alarm,
    pub(super) weight_alarm: Alarm,
}

#[derive(Debug, Clone)]
pub(super) struct WatchedActivation {
    pub(super) layer: usize,
    pub(super) bounds: Bounds,
    pub(super) width: usize,
    pub(super) alarm: Alarm,
    /// Where units can be off: the step since which each of them is. The step of the first look, once there was one.
    pub(super) off_since: Vec<Option<u64>>,
    pub(super) first_look: Option<u64>,
}

/// The norms of a layer's gradients in one step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LayerSums {
    pub(super) gradient: Option<Norm>,
    pub(super) bias: Option<Norm>,
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
    pub(super) fn count<T: Float>(&self, rows: Rows<'_, T>, largest: f64, thresholds: &Thresholds) -> (usize, usize) {
        let Bounds { dead, low, high, .. } = self.bounds;
        // Near zero means: small against the largest output of the layer, or against the distance between the bounds.
        let edge = thresholds.flat_margin * (high.unwrap_or(0.0) - low.unwrap_or(0.0)).abs();
        let places = Places {
            off: dead,
            margin: thresholds.off_margin * largest,
            low: low.map(|low| low + edge),
            high: high.map(|high| high - edge),
        };
        let nearly_all = (thresholds.flat_rows * rows.rows() as f64).ceil() as usize;
        idle_columns(rows, places, nearly_all)
    }

    /// Notes which units are off on all of these rows, and since when. A unit that is on is known by one of its first rows.
    pub(super) fn note_deaths<T: Float>(
        &mut self,
        rows: Rows<'_, T>,
        largest: f64,
        step: u64,
        thresholds: &Thresholds,
    ) {
        let Some(dead) = self.bounds.dead else { return };
        let margin = thresholds.off_margin * largest;
        self.first_look.get_or_insert(step);
        for (unit, since) in self.off_since.iter_mut().enumerate() {
            let off = rows.iter().all(|row| (row[unit].get() - dead).abs() <= margin);
            *since = off.then(|| since.unwrap_or(step));
        }
    }
}
