//! `Concern` and `Outlook`: what a forecast amounts to.

use std::fmt;

use super::walk::Walk;
use super::{FixedPoint, Forecast, NumberFormat};
use crate::Thresholds;
use crate::stability::short;

/// The verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Outlook {
    /// Nothing stands against training.
    Sound,
    /// It may train, or not: see the concerns.
    Doubtful,
    /// Theory does not reach through the network.
    Unknown,
    /// Signals or gradients vanish.
    Vanishing,
    /// Signals or gradients explode.
    Exploding,
    /// Units start equal, and stay equal.
    Symmetric,
}

impl Outlook {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Doubtful => "doubtful",
            Self::Unknown => "unknown",
            Self::Vanishing => "vanishing",
            Self::Exploding => "exploding",
            Self::Symmetric => "symmetric",
        }
    }
}

/// Something that stands against training. Factors are those of root mean squares.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case", tag = "kind"))]
#[non_exhaustive]
pub enum Concern {
    /// Units of these layers start with equal weights, and so do those behind them.
    TiedUnits {
        /// The layers, by name.
        layers: Vec<String>,
    },
    /// The signal grows from the first to the last hidden layer; infinite where it is beyond `f64`.
    SignalExplodes {
        /// By this factor.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
        factor: f64,
    },
    /// The gradient grows from the last to the first layer with parameters.
    GradientExplodes {
        /// By this factor.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
        factor: f64,
    },
    /// Numbers leave the range of single precision.
    LeavesRange {
        /// Which format.
        format: NumberFormat,
        /// The first layer where they do.
        layer: String,
        /// Whether these are gradients, or signals.
        gradient: bool,
    },
    /// The input is 0 everywhere: no weight of the first layer has a gradient.
    NoInput,
    /// The loss has no gradient by any output.
    NoGradient,
    /// The signal shrinks from the first to the last hidden layer.
    SignalVanishes {
        /// To this share.
        factor: f64,
    },
    /// The gradient shrinks from the last to the first layer with parameters.
    GradientVanishes {
        /// To this share.
        factor: f64,
    },
    /// There are more blocks than information passes through.
    TooDeep {
        /// How many there are.
        blocks: usize,
        /// How many there may be.
        limit: f64,
    },
    /// The second moment is driven away from its fixed point.
    Repelling {
        /// By what a deviation from it grows from block to block.
        chi_parallel: f64,
    },
    /// Networks drawn alike differ much from each other: the layers are too narrow for so many of them.
    Scatter {
        /// The variance of the logarithm of the mean square of a signal, or of a gradient.
        log_variance: f64,
    },
    /// Theory does not say what comes after this layer, or before it for the gradient.
    Unknown {
        /// Its name.
        layer: String,
    },
}

impl Concern {
    /// What it makes of the outlook.
    pub fn outlook(&self) -> Outlook {
        match self {
            Self::TiedUnits { .. } => Outlook::Symmetric,
            Self::SignalExplodes { .. } | Self::GradientExplodes { .. } => Outlook::Exploding,
            Self::NoInput | Self::NoGradient | Self::SignalVanishes { .. } | Self::GradientVanishes { .. } => {
                Outlook::Vanishing
            }
            Self::LeavesRange { .. } | Self::TooDeep { .. } | Self::Repelling { .. } | Self::Scatter { .. } => {
                Outlook::Doubtful
            }
            Self::Unknown { .. } => Outlook::Unknown,
        }
    }

    fn rank(&self) -> u8 {
        match self.outlook() {
            Outlook::Symmetric => 0,
            Outlook::Exploding => 1,
            Outlook::Vanishing => 2,
            Outlook::Doubtful => 3,
            Outlook::Unknown => 4,
            Outlook::Sound => 5,
        }
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TiedUnits { layers } => {
                write!(f, "all units of {} start equal, and stay equal", layers.join(", "))
            }
            Self::SignalExplodes { factor } if factor.is_infinite() => write!(f, "the signal grows beyond f64"),
            Self::SignalExplodes { factor } => {
                write!(f, "the signal grows by {} through the hidden layers", short(*factor))
            }
            Self::GradientExplodes { factor } => {
                write!(f, "the gradient grows by {} from the last to the first layer", short(*factor))
            }
            Self::LeavesRange { format, layer, gradient } => {
                let what = if *gradient { "the gradient" } else { "the signal" };
                write!(f, "{what} leaves the range of {} at {layer}", format.name())
            }
            Self::NoInput => write!(f, "the input is 0 everywhere: nothing can be learned from it"),
            Self::NoGradient => write!(f, "the loss has no gradient by any output: nothing is learned"),
            Self::SignalVanishes { factor } => {
                write!(f, "the signal shrinks to {} of itself through the hidden layers", short(*factor))
            }
            Self::GradientVanishes { factor } => {
                write!(f, "the gradient shrinks to {} of itself from the last to the first layer", short(*factor))
            }
            Self::TooDeep { blocks, limit } => {
                write!(f, "{blocks} hidden layers, but information passes through about {limit:.0}")
            }
            Self::Repelling { chi_parallel } => {
                write!(f, "the size of the signal is not stable: a deviation grows by {chi_parallel:.3} a layer")
            }
            Self::Scatter { log_variance } => {
                let factor = (1.96 * log_variance.sqrt() / 2.0).exp();
                write!(
                    f,
                    "too narrow for its depth: one network of 20 is off by more than a factor of {}",
                    short(factor)
                )
            }
            Self::Unknown { layer } => write!(f, "theory does not say what {layer} does"),
        }
    }
}

/// Networks scatter too much where the logarithm of a mean square has a larger variance than this: sizes then differ by e from one network
/// to the next. Hanin and Rolnick, "How to start training", 2018, found that ReLU networks train late or never where the sum of
/// 1 / width is about 1: a variance of 5.
const SCATTER: f64 = 4.0;

/// All concerns about a forecast, the worst first; with the layers whose units are tied.
pub(super) fn of(forecast: &Forecast, walk: &Walk<'_>, tied: Vec<String>) -> Vec<Concern> {
    let thresholds = Thresholds::default();
    let mut concerns = Vec::new();
    let trained: Vec<usize> = (0..walk.steps.len()).filter(|&index| walk.steps[index].trains).collect();
    if forecast.input.second == 0.0 {
        concerns.push(Concern::NoInput);
    }
    if forecast.loss.is_some_and(|loss| loss.slope_second == 0.0) {
        concerns.push(Concern::NoGradient);
    }
    if !tied.is_empty() {
        concerns.push(Concern::TiedUnits { layers: tied });
    }
    if let [first, .., last] = trained[..] {
        let size = |index: usize| forecast.layers[index].moments.map(|moments| moments.second.sqrt());
        let gradient = |index: usize| forecast.layers[index].gradient.map(f64::sqrt);
        if let Some((start, end)) = size(first).zip(size(last - 1)).filter(|&(start, _)| start > 0.0) {
            let factor = end / start;
            if factor > thresholds.exploded {
                concerns.push(Concern::SignalExplodes { factor });
            } else if factor < thresholds.signal_vanished {
                concerns.push(Concern::SignalVanishes { factor });
            }
        }
        let whole = gradient(first).zip(gradient(last)).filter(|&(_, end)| end > 0.0).map(|(start, end)| start / end);
        let factor = if walk.steps[last].is_zero() { walk.handed_back(first + 1..last).map(f64::sqrt) } else { whole };
        if let Some(factor) = factor {
            if factor > thresholds.exploded {
                concerns.push(Concern::GradientExplodes { factor });
            } else if factor < thresholds.vanished {
                concerns.push(Concern::GradientVanishes { factor });
            }
        }
    }
    for (_, layer) in walk.steps.iter().zip(&forecast.layers).filter(|(step, _)| step.beyond) {
        let second = layer.moments.map_or(0.0, |moments| moments.second);
        let explodes = second.is_nan() || second > 1.0;
        let known = concerns.iter().any(|concern| matches!(concern, Concern::SignalExplodes { .. }));
        match explodes {
            true if !known => concerns.push(Concern::SignalExplodes { factor: f64::INFINITY }),
            false => concerns.push(Concern::SignalVanishes { factor: second.sqrt() }),
            true => {}
        }
    }
    if let Some(range) = forecast.formats.iter().find(|of| of.format == NumberFormat::F32) {
        let of_signal = range.signal_overflows.as_ref().or(range.signal_underflows.as_ref());
        let of_gradient = range.gradient_overflows.as_ref().or(range.gradient_underflows.as_ref());
        for (layer, gradient) in [(of_signal, false), (of_gradient, true)] {
            concerns.extend(layer.map(|layer| Concern::LeavesRange {
                format: range.format,
                layer: layer.clone(),
                gradient,
            }));
        }
    }
    if let Some(regime) = &forecast.regime {
        let limit = regime.trainable_depth();
        if regime.blocks as f64 > limit {
            concerns.push(Concern::TooDeep { blocks: regime.blocks, limit });
        }
        // Over fewer blocks a deviation grows by less than a factor e.
        let repels = |point: &FixedPoint| point.is_repelling() && regime.blocks as f64 > point.depth();
        if let Some(FixedPoint { chi_parallel, .. }) = regime.fixed_point.filter(repels) {
            concerns.push(Concern::Repelling { chi_parallel });
        }
    }
    // The mean square of a few outputs scatters by itself, and says nothing of the layers before them.
    let output = walk.steps.iter().rposition(|step| step.trains).unwrap_or(0);
    let signals = forecast.layers[..output].iter().filter_map(|layer| layer.spread);
    let spreads = signals.chain(forecast.layers.iter().filter_map(|layer| layer.gradient_spread));
    let widest = spreads.map(|spread| spread.log_variance).fold(0.0, f64::max);
    if widest > SCATTER {
        concerns.push(Concern::Scatter { log_variance: widest });
    }
    let beyond = walk.steps.iter().any(|step| step.beyond);
    let unknown = forecast.layers.iter().find(|layer| layer.moments.is_none()).filter(|_| !beyond);
    // Before the first layer nobody asks for a gradient.
    let no_gradient = || forecast.layers.iter().rposition(|layer| layer.gradient.is_none()).filter(|_| !beyond);
    let layer = unknown.or_else(|| no_gradient().map(|index| &forecast.layers[index + 1]));
    concerns.extend(layer.map(|layer| Concern::Unknown { layer: layer.name.clone() }));
    concerns.sort_by_key(Concern::rank);
    concerns
}
