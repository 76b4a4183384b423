//! `Regime`: which phase a deep network of its layers is in, and how deep it may be.

use super::FixedPoint;
use super::block::{self, Placed};
use super::walk::Walk;

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

/// What one block, a linear layer or a convolution and the activation behind it, does to what passes through many of them.
///
/// ```text
/// chi_1 = n_in v E[f'(z)^2] / kept        chi_parallel = n_in v dE[f(z)^2]/dq / kept        z ~ N(0, q)
/// ```
///
/// with the share of numbers that dropout between blocks keeps, 1 without.
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
/// times the depth to which correlations reach. Xiao and others, "Dynamical isometry and a mean field theory of CNNs", 2018, found the same chi_1
/// for convolutions, where n_in is what a window sees; borders, which fade, are left out.
///
/// With dropout two inputs never become equal, nor does one seen twice: the correlation ends below 1, there is no edge of chaos, and it
/// approaches its end over a few layers whatever the weights (Schoenholz and others, section 5). Blocks with a norm between the two are no blocks
/// here, and those inside other layers are not looked for.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Regime {
    /// The linear layer or convolution of the block that is looked at: the last hidden one that is fed by hidden units, else the last there is.
    pub layer: String,
    /// The activation behind it, as it prints itself.
    pub activation: String,
    /// How many such blocks the network has.
    pub blocks: usize,
    /// n_in times the variance of a weight.
    pub weight_variance: f64,
    /// The variance of a bias.
    pub bias_variance: f64,
    /// The share of numbers that dropout in front of the block keeps, or behind it where there is but one; 1 without.
    pub kept: f64,
    /// The second moment q of the sums there.
    pub second_moment: f64,
    /// What a block of equal widths multiplies the mean square of the gradient by.
    pub chi_1: f64,
    /// What it multiplies a small deviation of the second moment by.
    pub chi_parallel: f64,
    /// The phase.
    pub phase: Phase,
    /// The fixed point of such blocks to which q is led, or from which it is driven away to nothing or to infinity; `None` where there is none
    /// above 0, and where every q is one or none, as with ReLU without biases.
    pub fixed_point: Option<FixedPoint>,
    /// Whether that fixed point is repelling: a network that is a little off is driven away from it, one to nothing and the next to infinity.
    /// So it is with GELU, SiLU and Mish at the gain that keeps the second moment. It is a concern where over the whole network a
    /// deviation grows by more than a factor e.
    pub repelling: bool,
    /// Over how many blocks the mean square of the gradient changes by a factor e: 1 / |ln chi_1|.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub gradient_depth: f64,
    /// Over how many blocks a deviation of the second moment fades by a factor e (or grows, where chi_parallel is above 1).
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub signal_depth: f64,
    /// The depth xi_c over which the correlation of two inputs approaches its limit by a factor e, at the fixed point. In the ordered phase it is
    /// the gradient's there; in the chaotic one it is known where a [correlation](super::ForecastBuilder::correlation) was asked for, and with
    /// dropout always. `None` where q is led to no fixed point, but for what has no scale with dropout, whose correlations do not ask for one.
    pub correlation_depth: Option<f64>,
}

impl Regime {
    /// Six times the depth to which correlations reach, or the gradient where those are not known: networks of more blocks do not train.
    pub fn trainable_depth(&self) -> f64 {
        6.0 * self.correlation_depth.unwrap_or(self.gradient_depth)
    }

    /// Of the block that stands for a deep network.
    pub(super) fn of(walk: &Walk<'_>, with_correlations: bool) -> Option<Self> {
        let Placed { index, block, q, of } = block::that_stands_for_all(&walk.steps)?;
        let blocks = block::count(&walk.steps);
        let (chi_1, chi_parallel) = (block.factor() * of.slope_second, block.factor() * of.growth);
        let gradient_depth = block::depth(chi_1);
        let phase = match chi_1 {
            _ if blocks as f64 <= gradient_depth => Phase::Critical,
            _ if chi_1 < 1.0 => Phase::Ordered,
            _ => Phase::Chaotic,
        };
        let fixed_point = block.fixed_point(q);
        Some(Self {
            layer: walk.layers[index].name.clone(),
            activation: format!("{:?}", block.function),
            blocks,
            weight_variance: block.weight_variance,
            bias_variance: block.bias_variance,
            kept: block.kept,
            second_moment: q,
            chi_1,
            chi_parallel,
            phase,
            fixed_point,
            repelling: fixed_point.is_some_and(|point| point.is_repelling()),
            gradient_depth,
            signal_depth: block::depth(chi_parallel),
            correlation_depth: block.correlation_depth(fixed_point, with_correlations),
        })
    }
}
