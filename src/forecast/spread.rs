//! `Spread`: how far from its expectation a network of finite width is.

use super::parts::{Dense, Part, two_slopes};
use crate::moments::LogMoments;
use crate::{Expectations, Moments, Pointwise};

/// How the mean square of a row scatters from one draw of the weights to the next, on the scale of natural logarithms.
///
/// ```text
/// ln(mean square) is close to normal, with mean log_mean and variance log_variance
/// ```
///
/// ```
/// use evenkeel::*;
/// let layers = (0..10).fold(Network::<f64>::builder(64), |network, _| network.layer(Linear::new(64)).layer(Relu));
/// let forecast = Forecast::of(&layers.weights(He::normal()).build()?, 1.0)?;
/// let last = forecast.layers.last().expect("there are twenty");
/// let spread = last.spread.expect("theory says");
/// assert!(spread.exact);
/// // Nearly 5 / n for each layer; and a typical network is smaller than the mean of all.
/// assert!((spread.log_variance - 10.0 * 5.0 / 64.0).abs() < 0.05);
/// assert!(spread.log_mean < last.moments.expect("known").second.ln());
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Exact for normal or orthogonal weights without biases and functions with f(c x) = c f(x), that is ReLU, leaky ReLU and the identity: a
/// layer of n units multiplies the mean square by an independent factor, for normal weights and ReLU chi^2 / n with as many degrees of
/// freedom as units are active (Hanin, "Which neural net architectures give rise to exploding and vanishing gradients?", 2018; for ReLU on
/// the condition that not every unit is off). Orthogonal weights take the scatter of the length away, or where they narrow leave that of a
/// projection: a factor with a beta distribution. Of other functions, biases and weights it is right to first order in 1 / n (Roberts, Yaida
/// and Hanin, "The Principles of Deep Learning Theory", 2022). So it is of dropout, whose masks add (1 / kept - 1) m / n, with the fourth moment
/// m of what they leave out, relative to the square of its second; of a residual branch that ends in linear weights, where what both ways
/// have in common adds up before it is squared; and behind a norm over rows, which takes all scatter away. Layers in a
/// [`Sequential`](crate::Sequential) are followed one by one.
///
/// Theory here gives none for weights with a mean other than 0, whose sums have one large direction in common; for convolutions, since
/// neighbouring positions see the same pixels; for pooling, attention and recurrent layers; for gradients through a norm or a residual
/// branch, or a function right behind dropout; and for what a function makes of numbers that are no sums.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Spread {
    /// The mean of the logarithm of the mean square.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub log_mean: f64,
    /// Its variance: about that of the mean square relative to the square of its mean, where it is small.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub log_variance: f64,
    /// Whether both are exact, and not only to first order in 1 / width.
    pub exact: bool,
}

impl Spread {
    /// What is known for sure.
    fn certain(value: f64) -> Self {
        Self { log_mean: value.ln(), log_variance: 0.0, exact: true }
    }

    /// How many standard deviations of its logarithm a mean square is off.
    pub fn deviations(&self, mean_square: f64) -> f64 {
        let off = mean_square.ln() - self.log_mean;
        if off == 0.0 { 0.0 } else { off / self.log_variance.sqrt() }
    }

    /// The range of so many standard deviations: 1.96 for 95 %.
    pub fn range(&self, deviations: f64) -> [f64; 2] {
        [-1.0, 1.0].map(|sign| (self.log_mean + sign * deviations * self.log_variance.sqrt()).exp())
    }

    /// The same, right to first order only.
    fn first_order(self) -> Self {
        Self { exact: false, ..self }
    }

    /// Multiplied by an independent factor.
    fn times(self, factor: f64, scatter: LogMoments) -> Self {
        Self {
            log_mean: self.log_mean + factor.ln() + scatter.mean,
            log_variance: self.log_variance + scatter.variance,
            exact: self.exact,
        }
    }
}

/// What is carried from layer to layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Carried {
    /// Normal numbers, so many: the spread is that of their variance, over all that lies before.
    Sums(Spread, usize),
    /// Numbers that point anywhere with the same chance, as normal ones do: the spread is that of their mean square. And whether they are known
    /// to have mean 0.
    Turned(Spread, bool),
    /// Normal numbers of which some are left out, whatever they are: the spread of their mean square, and their kurtosis.
    Masked(Spread, f64),
    /// Numbers whose mean square has that spread; and the fourth moment of one over the square of its second, where it is known.
    Values(Spread, Option<f64>),
    Unknown,
}

/// The laws of layers that come again and again.
#[derive(Debug, Default)]
pub(super) struct Laws(Vec<(usize, [f64; 2], LogMoments)>);

impl Laws {
    fn of_two_slopes(&mut self, units: usize, slopes: [f64; 2]) -> LogMoments {
        if let Some((.., law)) = self.0.iter().find(|(of, with, _)| (*of, *with) == (units, slopes)) {
            return *law;
        }
        let law = LogMoments::of_two_slopes(units, slopes);
        self.0.push((units, slopes, law));
        law
    }

    /// From the input of a layer to its output.
    pub(super) fn forward(
        &mut self,
        carried: Carried,
        part: &Part<'_>,
        (x, y): (Moments, Moments),
        of: Option<Expectations>,
        units: usize,
    ) -> Carried {
        match (part, of) {
            (Part::Linear(dense), _) => linear(carried, dense, x, y),
            (Part::Dropout(kept), _) => dropout(carried, *kept, units),
            (Part::Norm { is_centred }, _) => norm(carried, y, *is_centred),
            (Part::Pointwise(function), Some(of)) => match (carried, two_slopes(*function)) {
                (_, Some(slopes)) => self.two_slopes(carried, units, slopes),
                (Carried::Sums(spread, _), None) if x.mean == 0.0 => any(spread, x.second, of, units),
                (Carried::Turned(spread, is_centred), None) if x.mean == 0.0 => {
                    let tilt = if is_centred { tilt(*function, x.second) } else { 0.0 };
                    any_turned(spread, x.second, of, units, tilt)
                }
                _ => Carried::Unknown,
            },
            _ => Carried::Unknown,
        }
    }

    /// From the gradient by the output of a layer to that by its input.
    pub(super) fn backward(&mut self, carried: Carried, part: &Part<'_>, units: usize) -> Carried {
        match part {
            Part::Linear(dense) if dense.is_centred() => {
                let factor = dense.n_out as f64 * dense.weight.variance;
                values(carried).map_or(Carried::Unknown, |spread| {
                    let spread = Spread { exact: spread.exact && dense.is_exact_back(), ..spread };
                    if dense.is_orthogonal {
                        let share = LogMoments::of_projection(dense.n_out, dense.n_in);
                        Carried::Turned(spread.times(factor, share), false)
                    } else {
                        Carried::Sums(spread.times(factor, LogMoments::NONE), dense.n_in)
                    }
                })
            }
            Part::Dropout(kept) => dropout(carried, *kept, units),
            Part::Pointwise(function) => {
                two_slopes(*function).map_or(Carried::Unknown, |slopes| self.two_slopes(carried, units, slopes))
            }
            _ => Carried::Unknown,
        }
    }

    fn two_slopes(&mut self, carried: Carried, units: usize, slopes: [f64; 2]) -> Carried {
        let [above, below] = slopes.map(|slope| slope * slope);
        let half = (above + below) / 2.0;
        // The fourth moment of a slope over the square of its second: it is that of a normal number times as much.
        let tail = (above * above + below * below) / 2.0 / (half * half);
        match carried {
            _ if half == 0.0 => Carried::Unknown,
            Carried::Sums(spread, _) => {
                Carried::Values(spread.times(half, self.of_two_slopes(units, slopes)), Some(3.0 * tail))
            }
            // Signs that do not depend on how large a number is choose the slope.
            Carried::Masked(spread, kurtosis) => {
                let scatter = gamma(units, (tail - 1.0) * kurtosis);
                Carried::Values(spread.times(half, scatter).first_order(), Some(tail * kurtosis))
            }
            Carried::Turned(spread, is_centred) => {
                // The length of a normal vector does not depend on where it points, so that the logarithms of both add up.
                let (both, length) = (self.of_two_slopes(units, slopes), LogMoments::of_normal(units));
                let mut scatter = both;
                scatter.mean -= length.mean;
                scatter.variance = (both.variance - length.variance).max(0.0);
                if is_centred {
                    // What is left, sums of z |z|, has 8 / (3 pi) of its variance in common with that of z, which is 0.
                    let left = 1.0 - 8.0 / (3.0 * std::f64::consts::PI);
                    scatter = LogMoments { mean: left * scatter.mean, variance: left * scatter.variance };
                }
                let spread = spread.times(half, scatter);
                let spread = if is_centred { spread.first_order() } else { spread };
                Carried::Values(spread, Some(3.0 * tail))
            }
            Carried::Values(spread, fourth) if above == below => {
                Carried::Values(spread.times(half, LogMoments::NONE), fourth)
            }
            _ => Carried::Unknown,
        }
    }
}

impl Carried {
    /// Of an input row, or of the gradient by an output, of that mean square.
    pub(super) fn certain(value: f64) -> Self {
        if value > 0.0 && value.is_finite() { Self::Values(Spread::certain(value), None) } else { Self::Unknown }
    }

    /// As it is seen in one row.
    pub(super) fn spread(self) -> Option<Spread> {
        values(self).filter(|spread| spread.log_mean.is_finite() && spread.log_variance.is_finite())
    }
}

/// The spread of the mean square of the numbers themselves.
fn values(carried: Carried) -> Option<Spread> {
    match carried {
        Carried::Sums(spread, units) => Some(spread.times(1.0, LogMoments::of_normal(units))),
        Carried::Values(spread, _) | Carried::Turned(spread, _) | Carried::Masked(spread, _) => Some(spread),
        Carried::Unknown => None,
    }
}

/// The variance of sums is n v times the mean square of what is summed, plus that of the bias, which does not scatter: a = n v q / q' of it does.
fn linear(carried: Carried, dense: &Dense, x: Moments, y: Moments) -> Carried {
    let Some(spread) = values(carried).filter(|_| dense.is_centred()) else { return Carried::Unknown };
    let share = if dense.bias.variance == 0.0 { 1.0 } else { dense.weight_variance() * x.second / y.second };
    let off = spread.log_mean - x.second.ln();
    let bend = share * (1.0 - share) / 2.0;
    let of_sums = Spread {
        log_mean: y.second.ln() + share * off + bend * (spread.log_variance + off * off),
        log_variance: share * share * spread.log_variance,
        exact: spread.exact && dense.is_exact() && dense.bias.variance == 0.0,
    };
    if !dense.is_orthogonal {
        return Carried::Sums(of_sums, dense.n_out);
    }
    // With a bias the lengths of both add up, and so does to first order their scatter; what they have in common scatters as normal numbers do.
    let (turned, normal) = (LogMoments::of_projection(dense.n_in, dense.n_out), LogMoments::of_normal(dense.n_out));
    let weighted = |turned: f64, normal: f64| share * share * turned + (1.0 - share * share) * normal;
    let scatter = if share == 1.0 {
        turned
    } else {
        LogMoments { mean: weighted(turned.mean, normal.mean), variance: weighted(turned.variance, normal.variance) }
    };
    Carried::Turned(of_sums.times(1.0, scatter), false)
}

/// E\[f(x)^2 z\] of x = sqrt(q) z: sqrt(q) times the derivative of E\[f^2\] by the mean of x.
fn tilt(function: &dyn Pointwise, q: f64) -> f64 {
    // Of a difference, the cubic term is some STEP^2 of it, and rounding 1e-13 / STEP.
    const STEP: f64 = 1e-4;
    let at = |z: f64| function.expected(z * q.sqrt(), q).second;
    (at(STEP) - at(-STEP)) / (2.0 * STEP)
}

/// The scatter of a mean over so many units, each of that variance relative to the square of its mean.
fn gamma(units: usize, variance: f64) -> LogMoments {
    if variance > 0.0 { LogMoments::of_gamma(units as f64 / variance) } else { LogMoments::NONE }
}

/// Numbers of which a share is kept, and made up for: 1 / kept is the second moment of what each is multiplied by, 1 / kept^3 the fourth.
fn dropout(carried: Carried, kept: f64, units: usize) -> Carried {
    let more = 1.0 / kept;
    match carried {
        Carried::Sums(spread, _) => {
            Carried::Masked(spread.times(more, gamma(units, 3.0 * more - 1.0)).first_order(), 3.0 * more)
        }
        Carried::Turned(spread, _) => {
            Carried::Masked(spread.times(more, gamma(units, 3.0 * (more - 1.0))).first_order(), 3.0 * more)
        }
        Carried::Masked(spread, kurtosis) => {
            Carried::Masked(spread.times(more, gamma(units, (more - 1.0) * kurtosis)), more * kurtosis)
        }
        Carried::Values(spread, Some(fourth)) => {
            Carried::Values(spread.times(more, gamma(units, (more - 1.0) * fourth)).first_order(), Some(more * fourth))
        }
        Carried::Values(_, None) | Carried::Unknown => Carried::Unknown,
    }
}

/// A norm leaves the mean square no scatter, whatever it had, but for its epsilon.
fn norm(carried: Carried, y: Moments, is_centred: bool) -> Carried {
    let certain = Spread { log_mean: y.second.ln(), log_variance: 0.0, exact: false };
    match carried {
        _ if !(y.second > 0.0 && y.second.is_finite()) => Carried::Unknown,
        Carried::Sums(..) | Carried::Turned(..) => Carried::Turned(certain, is_centred),
        _ => Carried::Values(certain, None),
    }
}

/// The sum of what passes by a branch and of what comes out of it.
#[derive(Debug)]
pub(super) struct Joined {
    /// What goes into both.
    pub(super) x: Carried,
    /// What comes out of each where x is what it is, and where its logarithm is certain, and where it is certain and moved by [`MOVED`].
    pub(super) skip: [Carried; 3],
    pub(super) branch: [Carried; 3],
    /// The share of the branch in the second moment of the sum.
    pub(super) share: f64,
}

/// By how much the logarithm of what goes into a branch is moved to see how much of that comes out.
pub(super) const MOVED: f64 = 1e-3;

impl Carried {
    /// Each number times a constant, of which this is the square.
    pub(super) fn multiplied(self, square: f64) -> Self {
        let times = |spread: Spread| spread.times(square, LogMoments::NONE);
        match self {
            Self::Sums(spread, units) => Self::Sums(times(spread), units),
            Self::Turned(spread, is_centred) => Self::Turned(times(spread), is_centred),
            Self::Masked(spread, kurtosis) => Self::Masked(times(spread), kurtosis),
            Self::Values(spread, fourth) => Self::Values(times(spread), fourth),
            Self::Unknown => Self::Unknown,
        }
    }

    /// The same mean, without any scatter, moved by so much.
    pub(super) fn settled(self, by: f64) -> Self {
        let settle = |spread: Spread| Spread { log_mean: spread.log_mean + by, log_variance: 0.0, ..spread };
        match self {
            // What normal numbers scatter of themselves is not the draw's any more.
            Self::Sums(spread, _) => Self::Turned(settle(spread), false),
            Self::Turned(spread, is_centred) => Self::Turned(settle(spread), is_centred),
            Self::Masked(spread, _) | Self::Values(spread, _) => Self::Values(settle(spread), None),
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Joined {
    /// Both ways have the scatter of x in common, each as much as it lets through; besides, the branch has that of its own weights, and where
    /// its sums meet what passes by there is a product of both, of variance 4 p r / n for shares p and r.
    pub(super) fn carried(&self, units: usize) -> Carried {
        let [Carried::Sums(..), ..] = self.branch else { return Carried::Unknown };
        let known = |way: [Carried; 3]| {
            let [all, settled, moved] = way.map(values);
            let (all, settled, moved) = (all?, settled?, moved?);
            Some((all, settled, (moved.log_mean - settled.log_mean) / MOVED))
        };
        let (Some(x), Some(skip), Some(branch)) = (values(self.x), known(self.skip), known(self.branch)) else {
            return Carried::Unknown;
        };
        let (r, p) = (self.share, 1.0 - self.share);
        let slope = p * skip.2 + r * branch.2;
        let own = p * p * skip.1.log_variance + r * r * branch.1.log_variance;
        let log_variance = slope * slope * x.log_variance + own + 4.0 * p * r / units as f64;
        // Means add up, not their logarithms.
        let mean_of = |spread: Spread| (spread.log_mean + spread.log_variance / 2.0).exp();
        let mean = mean_of(skip.0) + mean_of(branch.0);
        let spread = Spread { log_mean: mean.ln() - log_variance / 2.0, log_variance, exact: false };
        let normal = LogMoments::of_normal(units);
        match self.skip[0] {
            // Normal numbers on both ways: their sum is normal as well.
            Carried::Sums(..) if log_variance > normal.variance => Carried::Sums(
                Spread {
                    log_mean: spread.log_mean - normal.mean,
                    log_variance: log_variance - normal.variance,
                    exact: false,
                },
                units,
            ),
            _ => Carried::Values(spread, None),
        }
    }
}

/// Any function of normal numbers of variance q: to first order in its scatter, on the scale of logarithms, with g(ln q) = ln E\[f^2\]; and
/// the mean over finitely many units scatters as a gamma variable of the same mean and variance does.
fn any(spread: Spread, q: f64, of: Expectations, units: usize) -> Carried {
    let slope = q * of.growth / of.second;
    let bend = (q * q * of.curvature + q * of.growth) / of.second - slope * slope;
    let square = of.fourth / (of.second * of.second) - 1.0;
    let scatter = gamma(units, square);
    let off = spread.log_mean - q.ln();
    let spread = Spread {
        log_mean: of.second.ln() + slope * off + 0.5 * bend * (spread.log_variance + off * off) + scatter.mean,
        log_variance: slope * slope * spread.log_variance + scatter.variance,
        exact: false,
    };
    Carried::Values(spread, Some(of.fourth / (of.second * of.second)))
}

/// As [`any`], of numbers whose mean square q is known to be just that: what normal numbers scatter only since theirs does is not there, and
/// the mean lacks what the curvature makes of that. `tilt` is what squares of f have in common with numbers whose mean is known to be 0.
fn any_turned(spread: Spread, q: f64, of: Expectations, units: usize, tilt: f64) -> Carried {
    let n = units as f64;
    let slope = q * of.growth / of.second;
    let bend = (q * q * of.curvature + q * of.growth) / of.second - slope * slope;
    let tilt = tilt / of.second;
    let square = of.fourth / (of.second * of.second) - 1.0 - 2.0 * slope * slope - tilt * tilt;
    let scatter = gamma(units, square);
    let off = spread.log_mean - q.ln();
    let lacks = q * q * of.curvature / of.second / n;
    let spread = Spread {
        log_mean: of.second.ln() + slope * off + 0.5 * bend * (spread.log_variance + off * off) + scatter.mean - lacks,
        log_variance: slope * slope * spread.log_variance + scatter.variance,
        exact: false,
    };
    Carried::Values(spread, Some(of.fourth / (of.second * of.second)))
}
