//! `LayerRecord`: what is known about one layer over a run.

use super::{Bounds, CloseLook, Series, ThroughTime};

/// The shape of a layer's weights: what their size is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WeightShape {
    /// Inputs.
    pub rows: usize,
    /// Units.
    pub cols: usize,
}

/// What was recorded about one layer. A series is empty where the layer has nothing of the kind.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerRecord {
    /// The layer's name.
    pub name: String,
    /// The Euclidean norm of the gradient of all its parameters, before clipping; every step.
    pub gradient: Series,
    /// That of its biases alone: the derivative by the layer's sums, added up over the batch. Unlike the gradient of the weights it
    /// does not contain the size of the layer's inputs, so it shows how the gradient changes from layer to layer.
    pub bias_gradient: Series,
    /// The Euclidean norm of its weights: before training where that was shown, then after each update that was looked at.
    pub weight: Series,
    /// The norm of an update of its weights, divided by that of the weights it leaves.
    pub update_ratio: Series,
    /// The mean of its outputs on the probe rows.
    pub mean: Series,
    /// The variance of its outputs on the probe rows.
    pub variance: Series,
    /// The fraction of its units that are switched off on every probe row.
    pub dead: Series,
    /// The fraction of its units that sit at a flat end of their activation on nearly every probe row.
    pub saturated: Series,
    /// How many of its units share their weights, incoming and outgoing, with another unit.
    pub tied: Series,
    /// What looks told that cost more, and are rare.
    pub close: CloseLook,
    /// How the derivative by its state fares on its way back through the steps; of a recurrent layer alone.
    pub through_time: Option<ThroughTime>,
    /// How many different units there are among those at the last look; `None` before the first look, or where none can be told apart.
    pub distinct: Option<usize>,
    /// The shape of its weights, where it has any.
    pub weights: Option<WeightShape>,
    /// Where its outputs stop reacting.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub bounds: Bounds,
}

impl LayerRecord {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            gradient: Series::new(),
            bias_gradient: Series::new(),
            weight: Series::new(),
            update_ratio: Series::new(),
            mean: Series::new(),
            variance: Series::new(),
            dead: Series::new(),
            saturated: Series::new(),
            tied: Series::new(),
            close: CloseLook::default(),
            through_time: None,
            distinct: None,
            weights: None,
            bounds: Bounds::NONE,
        }
    }

    /// Whether it has parameters that were watched.
    pub fn trains(&self) -> bool {
        !self.gradient.is_empty()
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        let Self { gradient, bias_gradient, weight, update_ratio, mean, variance, dead, saturated, tied, .. } = self;
        let series = [gradient, bias_gradient, weight, update_ratio, mean, variance, dead, saturated, tied];
        self.name.capacity()
            + series.map(Series::heap).iter().sum::<usize>()
            + self.close.heap()
            + self.through_time.as_ref().map_or(0, ThroughTime::heap)
    }
}
