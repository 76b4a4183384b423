//! Initializers: where weights start.

mod constant;
mod critical;
mod delta;
mod eye;
mod normal;
mod orthogonal;
mod report;
mod scaled;
mod siren;
mod sparse;
mod truncated_normal;
mod uniform;
mod variance_scaling;

pub use constant::{Constant, Zeros};
pub use critical::Critical;
pub use delta::{DeltaOrthogonal, Dirac};
pub use eye::Eye;
pub use normal::Normal;
pub use orthogonal::Orthogonal;
pub(crate) use report::Target;
pub use report::{InitRecord, InitReport, InitVerdict};
pub use scaled::Scaled;
pub use siren::Siren;
pub use sparse::Sparse;
pub use truncated_normal::{TruncatedNormal, UnitTruncatedNormal};
pub use uniform::Uniform;
pub use variance_scaling::{FanMode, He, LeCun, UnitUniform, VarianceScaling, Xavier};

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::{Error, Float, Generator, Param};

/// The moments of the distribution that an initializer draws from.
///
/// ```
/// use evenkeel::{Initializer, Param, Xavier};
/// let moments = Initializer::<f32>::moments(&Xavier::uniform(), &Param::weight(300, 100)).unwrap();
/// assert_eq!(moments.mean, 0.0);
/// assert_eq!(moments.variance, 2.0 / 400.0);
/// assert_eq!(moments.kurtosis, Some(1.8));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitMoments {
    /// E\[w\].
    pub mean: f64,
    /// E\[(w - mean)^2\].
    pub variance: f64,
    /// E\[(w - mean)^4\] / variance^2 (3 for a normal distribution); `None` where it is not known, or the variance is 0.
    pub kurtosis: Option<f64>,
}

impl InitMoments {
    /// Of numbers of which that share is `number` and all others are 0.
    pub(crate) fn of_share(number: f64, share: f64) -> Self {
        let spread = share * (1.0 - share);
        let variance = number * number * spread;
        let kurtosis = (variance > 0.0).then(|| (1.0 - 3.0 * spread) / spread);
        Self { mean: number * share, variance, kurtosis }
    }
}

/// How the numbers that an initializer draws for one parameter hang together.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Draws {
    /// Mean and mean square are spread no more than those of independent numbers with the same moments.
    #[default]
    Independent,
    /// The sum of their squares does not depend on chance.
    FixedNorm,
    /// Nothing is left to chance: the same numbers for every seed.
    Fixed,
    /// As a whole they are a matrix drawn uniformly from all with orthonormal columns, or rows, times a number: the sum of their squares does
    /// not depend on chance either, nor does, where it does not narrow, the length of what it makes of a vector.
    Orthogonal,
    /// Every output repeats one input, times a number that is the same for all, and an input beyond the outputs is left out, as an output
    /// beyond the inputs is 0. Of a convolution that is said of its middle tap, and all other weights are 0.
    Identity,
    /// Of a convolution: its middle tap is [`Orthogonal`](Self::Orthogonal), and does not narrow; all other weights are 0.
    MiddleTap,
    /// All but so many of the weights of every unit are 0, however many inputs there are: sums of so few products are not normal at any width.
    /// Mean and mean square are spread no more than those of independent numbers.
    Sparse {
        /// How many are not.
        connections: usize,
    },
}

/// From so many products on sums are taken for normal. Where numbers behind a function differ in size, so do sums of `k` of their squares, by which
/// E\[tanh(z)^2\] of such a sum is about 1 / k of itself below that of a normal number: 2 % here.
const MANY: usize = 50;

impl Draws {
    /// Whether the sum of the squares is known beforehand.
    pub(crate) fn fixes_norm(self) -> bool {
        !matches!(self, Self::Independent | Self::Sparse { .. })
    }

    /// Whether sums of products with them have the moments that their own moments say, but are no normal numbers.
    pub(crate) fn sums_few(self) -> bool {
        matches!(self, Self::Sparse { connections } if connections < MANY)
    }

    /// Whether the same numbers come of every seed.
    pub(crate) fn are_fixed(self) -> bool {
        matches!(self, Self::Fixed | Self::Identity)
    }

    /// Whether most of them are 0, so that an output is no sum of many independent products.
    pub(crate) fn is_sparse(self) -> bool {
        matches!(self, Self::Identity | Self::MiddleTap)
    }
}

/// The smallest and the largest size whose square is sure to stay what it is: also where a variance is a share of it, or a sum of many.
const SIZES: RangeInclusive<f64> = 1e-140..=1e140;

/// What [`squarable`] asks for.
const SQUARABLE: &str = "0, or of a size between 1e-140 and 1e140, so that f64 holds its square";

/// `value` where its square neither overflows nor vanishes; else an error that names the argument. A variance that became infinite, or 0,
/// would contradict the numbers that are drawn.
fn squarable(of: &'static str, argument: &'static str, value: f64) -> Result<f64, Error> {
    Error::require(value == 0.0 || SIZES.contains(&value.abs()), of, argument, value, SQUARABLE)
}

/// Nothing where `out` has room for every number of the parameter and no more; else an error that says both sizes. First of all in every `fill`:
/// what is left unwritten would be taken for drawn.
pub(crate) fn check_size<T>(param: &Param, out: &[T]) -> Result<(), Error> {
    Error::same_size("the numbers of a parameter", param.rows.saturating_mul(param.cols), out.len())
}

/// Fills a parameter before training.
///
/// One instance may fill any number of parameters: each is drawn from a generator of its own, so no two get the same numbers. A
/// user's own initializer is these two methods:
///
/// ```
/// use evenkeel::{Error, Generator, InitMoments, Initializer, Param};
/// use rand::RngExt;
///
/// /// Plus or minus `1 / sqrt(fan_in)`, with equal chance.
/// #[derive(Debug)]
/// struct Signs;
///
/// impl Initializer<f32> for Signs {
///     fn fill(&self, param: &Param, out: &mut [f32], rng: &mut Generator) -> Result<(), Error> {
///         let size = 1.0 / (param.fans.fan_in as f32).sqrt();
///         out.iter_mut().for_each(|w| *w = if rng.random() { size } else { -size });
///         Ok(())
///     }
///     fn moments(&self, param: &Param) -> Option<InitMoments> {
///         Some(InitMoments { mean: 0.0, variance: 1.0 / param.fans.fan_in as f64, kurtosis: Some(1.0) })
///     }
/// }
///
/// let mut w = [0.0; 8];
/// Signs.fill(&Param::weight(4, 2), &mut w, &mut Generator::named(1, "w"))?;
/// assert!(w.iter().all(|w| w.abs() == 0.5));
/// # Ok::<(), Error>(())
/// ```
pub trait Initializer<T: Float>: Debug + Send + Sync {
    /// Writes a starting value into every entry of `out`, which are the `rows * cols` numbers of `param`, row by row.
    ///
    /// # Errors
    /// Whatever makes this parameter impossible to fill, such as a shape the initializer is not made for; of those of this crate
    /// [`Error::Size`] where `out` has not `rows * cols` numbers.
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error>;

    /// The moments of what [`fill`](Self::fill) draws for this parameter; `None` where they are not known.
    fn moments(&self, param: &Param) -> Option<InitMoments>;

    /// How the numbers that [`fill`](Self::fill) draws for this parameter hang together: what an [`InitReport`] may expect of them.
    fn draws(&self, _param: &Param) -> Draws {
        Draws::Independent
    }
}

/// An initializer whose type is only known when the program runs.
impl<T: Float> Initializer<T> for Box<dyn Initializer<T>> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        (**self).fill(param, out, rng)
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        (**self).moments(param)
    }

    fn draws(&self, param: &Param) -> Draws {
        (**self).draws(param)
    }
}

/// One initializer that several networks share.
impl<T: Float> Initializer<T> for Arc<dyn Initializer<T>> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        (**self).fill(param, out, rng)
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        (**self).moments(param)
    }

    fn draws(&self, param: &Param) -> Draws {
        (**self).draws(param)
    }
}
