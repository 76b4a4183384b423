//! `Regime`: which phase a deep network of its layers is in, and how deep it may be.

use super::parts::{Dense, Part, pair, two_slopes};
use super::walk::Walk;
use crate::{Expectations, Pointwise};

/// Whether gradients fade, last or grow from layer to layer, judged at the depth that the network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Phase {
    /// They fade, and signals of different inputs become alike: chi_1 is below 1.
    Ordered,
    /// Over the whole network the mean square of the gradient changes by less than a factor e: chi_1 is as good as 1.
    Critical,
    /// They grow, and signals of inputs that were nearly equal become different: chi_1 is above 1.
    Chaotic,
}

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Critical => "critical",
            Self::Chaotic => "chaotic",
        }
    }
}

/// What one block, a linear layer and the activation behind it, does to what passes through many of them.
///
/// ```text
/// chi_1 = n_in v E[f'(z)^2]        chi_parallel = n_in v dE[f(z)^2]/dq        z ~ N(0, q)
/// ```
///
/// ```
/// use evenkeel::*;
/// let layers = (0..60).fold(Network::<f32>::builder(100), |network, _| network.layer(Linear::new(100)).layer(Tanh));
/// let start = LeCun::normal().gain(1.3_f64.sqrt())?;
/// let network = layers.weights(start).biases(Normal::new(0.0, 0.05_f64.sqrt())?).build()?;
/// let regime = Forecast::of(&network, 1.0)?.regime.expect("there are blocks");
/// assert_eq!(regime.phase, Phase::Ordered);
/// assert!((regime.chi_1 - 0.880_164).abs() < 1e-5);
/// assert!((regime.correlation_depth.expect("known") - 7.834).abs() < 1e-2);
/// assert!(regime.trainable_depth() < 60.0); // 47: too deep
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Poole and others, 2016, and Schoenholz and others, "Deep information propagation", 2017, who found that networks train up to about six
/// times the depth to which correlations reach.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Regime {
    /// The linear layer of the block that is looked at: the last hidden one that is fed by hidden units, else the last there is.
    pub layer: String,
    /// The activation behind it, as it prints itself.
    pub activation: String,
    /// How many such blocks the network has.
    pub blocks: usize,
    /// n_in times the variance of a weight.
    pub weight_variance: f64,
    /// The variance of a bias.
    pub bias_variance: f64,
    /// The second moment q of the sums there.
    pub second_moment: f64,
    /// What a block of equal widths multiplies the mean square of the gradient by.
    pub chi_1: f64,
    /// What it multiplies a small deviation of the second moment by.
    pub chi_parallel: f64,
    /// The phase.
    pub phase: Phase,
    /// Whether q comes back layer after layer, but a network that is a little off is driven away from it, one to nothing and the next to
    /// infinity: so it is with GELU, SiLU and Mish at the gain that keeps the second moment.
    pub repelling: bool,
    /// Over how many blocks the mean square of the gradient changes by a factor e: 1 / |ln chi_1|.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub gradient_depth: f64,
    /// Over how many blocks a deviation of the second moment fades by a factor e (or grows, where chi_parallel is above 1).
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub signal_depth: f64,
    /// The depth xi_c over which the correlation of two inputs approaches its limit by a factor e. In the ordered phase it is the gradient's;
    /// in the chaotic one it is known where a [correlation](super::ForecastBuilder::correlation) was asked for. `None` there without, and
    /// where the second moment has no fixed point.
    pub correlation_depth: Option<f64>,
}

/// How near to its fixed point a second moment must be for the correlations there to be told: within a tenth of itself.
const SETTLED: f64 = 0.1;

impl Regime {
    /// Six times the depth to which correlations reach, or the gradient where those are not known: networks of more blocks do not train.
    pub fn trainable_depth(&self) -> f64 {
        6.0 * self.correlation_depth.unwrap_or(self.gradient_depth)
    }

    /// Of the last block that stands for a deep network.
    pub(super) fn of(walk: &Walk<'_>, with_correlations: bool) -> Option<Self> {
        let blocks = || walk.steps.windows(2).enumerate().filter_map(|(index, pair)| Block::of(index, pair));
        // The first layer is fed by data, not by units.
        let block = blocks().rfind(|block| block.index > 0).or_else(|| blocks().next_back())?;
        let count = blocks().count();
        let Block { index, dense, function, q, of } = block;
        let (weight_variance, bias_variance) = (dense.weight_variance(), dense.bias.variance);
        let (chi_1, chi_parallel) = (weight_variance * of.slope_second, weight_variance * of.growth);
        let next = weight_variance * of.second + bias_variance;
        let settled = (next / q - 1.0).abs() < SETTLED;
        let gradient_depth = chi_1.ln().abs().recip();
        let phase = match chi_1 {
            _ if count as f64 <= gradient_depth => Phase::Critical,
            _ if chi_1 < 1.0 => Phase::Ordered,
            _ => Phase::Chaotic,
        };
        let correlation_depth = match two_slopes(function) {
            // Correlations of what has no scale do not depend on the variance of the weights, only the gradient does.
            Some(_) if bias_variance == 0.0 => None,
            _ if chi_1 <= 1.0 => Some(gradient_depth),
            _ if with_correlations && settled => {
                let (c, slope) = limit(function, q, weight_variance, bias_variance);
                // At the edge itself the limit is 1.
                Some(if c >= 1.0 { gradient_depth } else { slope.ln().abs().recip() })
            }
            _ => None,
        };
        Some(Self {
            layer: walk.layers[index].name.clone(),
            activation: format!("{function:?}"),
            blocks: count,
            weight_variance,
            bias_variance,
            second_moment: q,
            chi_1,
            chi_parallel,
            phase,
            // Beyond rounding: of what has no scale it is 1 itself.
            repelling: settled && chi_parallel > 1.0 + 1e-6 && two_slopes(function).is_none(),
            gradient_depth,
            signal_depth: chi_parallel.abs().ln().abs().recip(),
            correlation_depth,
        })
    }
}

/// A linear layer and the activation behind it.
struct Block<'a> {
    index: usize,
    dense: Dense,
    function: &'a dyn Pointwise,
    q: f64,
    of: Expectations,
}

impl<'a> Block<'a> {
    fn of(index: usize, pair: &[super::walk::Step<'a>]) -> Option<Self> {
        let [first, second] = pair else { return None };
        let (Some(&dense), Part::Pointwise(function)) = (first.part.sums(), second.part) else { return None };
        let (x, of) = (second.x?, second.of?);
        (dense.is_centred() && x.second > 0.0).then_some(Self { index, dense, function, q: x.second, of })
    }
}

/// The correlation that two inputs end with in the chaotic phase, and by what a small deviation from it is multiplied: the map of correlations
/// lies above the diagonal at 0 and below it next to 1, so that it is found by halving.
fn limit(function: &dyn Pointwise, q: f64, weight_variance: f64, bias_variance: f64) -> (f64, f64) {
    let whole = weight_variance * pair(function, q, 1.0).product + bias_variance;
    let map = |c: f64| (weight_variance * pair(function, q, c).product + bias_variance) / whole;
    let (mut low, mut high) = (0.0, 1.0 - 1e-6);
    if map(high) >= high {
        return (1.0, 1.0);
    }
    while high - low > 1e-9 {
        let middle = f64::midpoint(low, high);
        if map(middle) > middle { low = middle } else { high = middle }
    }
    let c = f64::midpoint(low, high);
    (c, weight_variance * pair(function, q, c).slopes * q / whole)
}
