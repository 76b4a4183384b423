//! `OfBatch`: how the gradients of the rows of a batch hang together.

use super::parts::{Part, pair_of};
use super::walk::Step;
use crate::{Float, InitMoments, Layer, Moments, Signal};

/// What the derivative of a layer takes off the gradients of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Takes {
    Nothing,
    /// Nothing either, of a layer whose parameters are the weights of sums, and biases.
    Sums,
    /// Of every unit its mean over the batch, as a batch norm does whose normalized numbers have that mean square.
    Mean {
        normalized: f64,
    },
    /// Nobody knows: layers inside take off what they do.
    Something,
}

impl Takes {
    pub(super) fn of<T: Float>(
        layer: &dyn Layer<T>,
        drawn: &[InitMoments],
        x: Option<Signal<'_>>,
        back: Option<f64>,
    ) -> Self {
        match layer.kind() {
            "conv2d" => Self::Sums,
            "batch_norm" => {
                // What goes back is the square of the gain over variance and epsilon.
                let gain = drawn.first().map_or(1.0, |gain| gain.variance + gain.mean * gain.mean);
                let within = x.and_then(|x| x.within());
                within.zip(back).map_or(Self::Something, |(within, back)| match within * back / gain {
                    normalized if normalized.is_finite() => Self::Mean { normalized },
                    _ => Self::Something,
                })
            }
            _ if has_batch_norm(layer) => Self::Something,
            _ => Self::Nothing,
        }
    }

    pub(super) fn is_norm(self) -> bool {
        matches!(self, Self::Mean { .. })
    }
}

fn has_batch_norm<T: Float>(layer: &dyn Layer<T>) -> bool {
    layer.kind() == "batch_norm" || layer.children().into_iter().any(has_batch_norm)
}

/// By how much the mean square of the sum of all rows' gradients by a unit, over their number, is smaller than that of a row. Behind a batch norm
/// they are as good as independent; in front of it they add up to 0, and so all of it is gone. `None` where it is not known.
///
/// Where a function has other slopes in every row part of it comes back: of two rows what it hands on has E\[f'(x) f'(x')\], of one E\[f'(x)^2\]
/// in common with itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfBatch(Option<f64>);

impl OfBatch {
    pub(super) const APART: Self = Self(Some(0.0));
    pub(super) const UNKNOWN: Self = Self(None);

    pub(super) fn is_apart(self) -> bool {
        self.0 == Some(0.0)
    }

    /// The share that is left of the square of a gradient by weights, which sums products with what rows have in common.
    pub(super) fn left_of_weights(self, square: f64, x: Option<Moments>, shared: Option<f64>) -> Option<f64> {
        let gone = self.0? * shared? / (square * x?.second);
        Some((1.0 - gone).max(0.0)).filter(|left| left.is_finite())
    }

    /// The sum of the squares of the gradients by all parameters of a layer with so many outputs, over the rows of the batch.
    pub(super) fn by_parameters(self, step: &Step<'_>, units: usize, square: f64) -> Option<f64> {
        let of_biases = (square - self.0?).max(0.0);
        match (step.takes, step.squares.as_deref()) {
            // Gains lose a little as well where a function is right behind; they are one of as many parameters as the layer in front has inputs.
            (Takes::Mean { normalized }, _) if step.trains => Some(units as f64 * (normalized * square + of_biases)),
            (Takes::Mean { .. }, _) | (_, Some([])) => Some(0.0),
            (_, Some([weights, biases @ ..])) if step.is_sums() => {
                let left = self.left_of_weights(square, step.x, step.shared)?;
                Some(weights * square * left + biases.iter().sum::<f64>() * of_biases)
            }
            _ => None,
        }
    }

    /// The same of the gradient by the inputs of a layer, whose positions are alike or not.
    pub(super) fn in_front_of(self, step: &Step<'_>, square: f64, alike: bool) -> Self {
        let Self(Some(gone)) = self else {
            // A batch norm starts anew.
            return Self(step.back.filter(|_| step.takes.is_norm()).map(|back| square * back));
        };
        let handed_on = match (step.takes, step.part) {
            (Takes::Mean { .. }, _) => return Self(step.back.map(|back| square * back)),
            (Takes::Something, _) => None,
            _ if gone == 0.0 => Some(0.0),
            (_, Part::Linear(_)) | (Takes::Sums, _) => step.back,
            (_, Part::Dropout(_)) => Some(1.0),
            (_, Part::Pointwise(function)) if step.of.is_some() => {
                step.x.zip(step.shared).map(|(x, shared)| pair_of(function, x, Signal::correlation(x, shared)).slopes)
            }
            _ => None,
        };
        Self(handed_on.filter(|_| alike || gone == 0.0).map(|handed_on| gone * handed_on))
    }
}
