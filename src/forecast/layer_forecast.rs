//! `LayerForecast`: one layer's line of the table.

use super::Spread;
use crate::Moments;

/// What is expected of one layer.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerForecast {
    /// Its name, such as `0.linear`.
    pub name: String,
    /// How many numbers an output row has.
    pub units: usize,
    /// The moments of its output: of sums, if it is linear; `None` where theory does not say, and behind what is beyond `f64`.
    pub moments: Option<Moments>,
    /// How the mean square of an output row scatters from network to network; `None` where theory does not say.
    pub spread: Option<Spread>,
    /// The mean square of the gradient by its output, relative to that by the network's output.
    pub gradient: Option<f64>,
    /// How the mean square of that gradient scatters from network to network; `None` where theory does not say: it does for ReLU, leaky ReLU and
    /// linear networks, with dropout or without.
    pub gradient_spread: Option<Spread>,
    /// The mean square of the gradient by its weights, of one row, relative to that by the network's output (its first ones, where
    /// layers are inside it); `None` where it has none, or theory does not say.
    pub weight_gradient: Option<f64>,
    /// The correlation E\[x x'\] / E\[x^2\] of the outputs of two inputs, where it was asked for and is known.
    pub correlation: Option<f64>,
}
