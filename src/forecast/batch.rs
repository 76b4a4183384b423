//! `Others`: how the gradients of rows and pixels hang together.

use super::parts::{Part, holds, pair_of};
use super::walk::Step;
use crate::{Float, InitMoments, Layer, Moments, Plan, Signal, Structure};

/// What the derivative of a layer does to what gradients of different rows and pixels have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Takes {
    Nothing,
    /// Nothing either, of a layer whose parameters are the weights of sums, and biases.
    Sums,
    /// Of every unit its mean over the batch, as a batch norm does whose normalized numbers have that mean square.
    Mean {
        normalized: f64,
    },
    /// A pool hands every gradient on, to one pixel or shared among some; so many outputs it has for each pixel.
    Spreads {
        outputs: f64,
    },
    /// Nobody knows: layers inside take off what they do.
    Something,
}

impl Takes {
    pub(super) fn of<T: Float>(
        layer: &dyn Layer<T>,
        plan: &Plan,
        n_in: usize,
        drawn: &[InitMoments],
        x: Option<Signal<'_>>,
        back: Option<f64>,
    ) -> Self {
        match layer.structure() {
            Structure::Convolution => Self::Sums,
            Structure::Pooling => Self::Spreads { outputs: plan.n_out as f64 / n_in as f64 },
            Structure::BatchNorm => {
                // What goes back is the square of the gain over variance and epsilon.
                let gain = drawn.first().map_or(1.0, |gain| gain.variance + gain.mean * gain.mean);
                let within = x.and_then(|x| x.within());
                within.zip(back).map_or(Self::Something, |(within, back)| match within * back / gain {
                    normalized if normalized.is_finite() => Self::Mean { normalized },
                    _ => Self::Something,
                })
            }
            _ if holds(layer, hangs_together) => Self::Something,
            _ => Self::Nothing,
        }
    }
}

/// The share of the taps of a pixel that two of them have in common where a border tells pixels apart: what they have in common behind weights of
/// mean 0, if they have all in common in front of them.
pub(super) fn overlap<T: Float>(layer: &dyn Layer<T>, plan: &Plan) -> Option<f64> {
    let one = Moments { mean: 0.0, second: 1.0 };
    let drawn = [1.0, 0.0].map(|variance| InitMoments { mean: 0.0, variance, kurtosis: None });
    let x = Signal { shared: Some(1.0), ..Signal::unknown(one) };
    let y = layer.propagate(plan, x, drawn.get(..plan.params.len())?)?.y;
    Some(y.shared? / y.moments.second)
}

/// Whether gradients in front of such a layer have something in common that they do not have behind it.
fn hangs_together(structure: Structure) -> bool {
    matches!(structure, Structure::BatchNorm | Structure::Pooling)
}

/// The sum of E\[g g'\] over the gradients g' by the same unit in all other rows of a batch, and at all other pixels of its channel: 0 where they
/// are as good as independent. In front of a batch norm all of them add up to 0, so that it is minus the square of one; in front of an average
/// pool the pixels of a window have the same, so that it is the square of one for each of them. `None` where it is not known.
///
/// Where a function has other slopes in every row part of it is lost: of two rows what it hands on has E\[f'(x) f'(x')\], of one E\[f'(x)^2\]
/// in common with itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Others(Option<f64>);

impl Others {
    pub(super) const APART: Self = Self(Some(0.0));
    pub(super) const UNKNOWN: Self = Self(None);

    pub(super) fn is_apart(self) -> bool {
        self.0 == Some(0.0)
    }

    /// How many times as large the square of a gradient by weights is, which sums products with what rows and pixels have in common.
    pub(super) fn factor_of_weights(self, step: &Step<'_>, square: f64) -> Option<f64> {
        if self.is_apart() {
            return Some(1.0);
        }
        let more = step.overlap() * self.0? * step.shared? / (square * step.x?.second);
        Some((1.0 + more).max(0.0)).filter(|factor| factor.is_finite())
    }

    /// The sum of the squares of the gradients by all parameters of a layer with so many outputs, of which `squares` are those by each where every
    /// gradient is on its own.
    pub(super) fn by_parameters(
        self,
        step: &Step<'_>,
        units: usize,
        square: f64,
        squares: Option<&[f64]>,
    ) -> Option<f64> {
        let of_biases = (square + self.0?).max(0.0);
        match (step.takes, squares) {
            // Gains lose a little as well where a function is right behind; they are one of as many parameters as the layer in front has inputs.
            (Takes::Mean { normalized }, _) if step.trains => Some(units as f64 * (normalized * square + of_biases)),
            (Takes::Mean { .. }, _) | (_, Some([])) => Some(0.0),
            (_, Some(squares)) if self.is_apart() => Some(squares.iter().sum()),
            (_, Some([weights, biases @ ..])) if step.is_sums() => {
                let biases = biases.iter().sum::<f64>() * (of_biases / square);
                Some(weights * self.factor_of_weights(step, square)? + biases)
            }
            _ => None,
        }
    }

    /// The same of the gradient by the inputs of a layer, whose square that is. Where positions are not alike, by what they have in the mean.
    pub(super) fn in_front_of(self, step: &Step<'_>, square: f64, square_in: f64) -> Self {
        let others = match (self.0, step.takes) {
            // A batch norm starts anew.
            (_, Takes::Mean { .. }) => return Self(Some(-square_in)),
            (Some(others), _) => others,
            (None, _) => return Self::UNKNOWN,
        };
        let scaled = || step.overlap() * others * (square_in / square);
        Self(match (step.takes, step.part) {
            (Takes::Something, _) => None,
            // The sum over all pixels stays.
            (Takes::Spreads { outputs }, _) => Some(outputs * (square + others) - square_in),
            _ if others == 0.0 => Some(0.0),
            (Takes::Sums, _) => Some(scaled()),
            // A pixel that a dense layer hands its gradient to hangs together with no other.
            (_, Part::Linear(_)) => (others < 0.0).then(scaled),
            (_, Part::Dropout(_)) => Some(others),
            (_, Part::Pointwise(function)) if step.of.is_some() => step.x.zip(step.shared).map(|(x, shared)| {
                // Where a pool chooses, both slopes are those at what it has chosen.
                let chosen = step.chosen * step.chosen;
                chosen * others * pair_of(function, x, Signal::correlation(x, shared)).slopes
            }),
            _ => None,
        })
    }
}
