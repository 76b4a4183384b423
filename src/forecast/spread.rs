//! `Spread`: how far from its expectation a network of finite width is.

use super::parts::{Dense, Part, two_slopes};
use crate::moments::LogMoments;
use crate::{Expectations, Moments};

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
/// and Hanin, "The Principles of Deep Learning Theory", 2022).
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
    /// Numbers that point anywhere with the same chance, as normal ones do: the spread is that of their mean square.
    Turned(Spread),
    /// Numbers whose mean square has that spread.
    Values(Spread),
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
            (Part::Pointwise(function), Some(of)) => match (carried, two_slopes(*function)) {
                (_, Some(slopes)) => self.two_slopes(carried, units, slopes),
                (Carried::Sums(spread, _), None) if x.mean == 0.0 => any(spread, x.second, of, units),
                (Carried::Turned(spread), None) if x.mean == 0.0 => any_turned(spread, x.second, of, units),
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
                        Carried::Turned(spread.times(factor, share))
                    } else {
                        Carried::Sums(spread.times(factor, LogMoments::NONE), dense.n_in)
                    }
                })
            }
            Part::Pointwise(function) => {
                two_slopes(*function).map_or(Carried::Unknown, |slopes| self.two_slopes(carried, units, slopes))
            }
            _ => Carried::Unknown,
        }
    }

    fn two_slopes(&mut self, carried: Carried, units: usize, slopes: [f64; 2]) -> Carried {
        let [above, below] = slopes.map(|slope| slope * slope);
        let half = (above + below) / 2.0;
        match carried {
            _ if half == 0.0 => Carried::Unknown,
            Carried::Sums(spread, _) => Carried::Values(spread.times(half, self.of_two_slopes(units, slopes))),
            Carried::Turned(spread) => {
                // The length of a normal vector does not depend on where it points, so that the logarithms of both add up.
                let (both, length) = (self.of_two_slopes(units, slopes), LogMoments::of_normal(units));
                let variance = (both.variance - length.variance).max(0.0);
                Carried::Values(spread.times(half, LogMoments { mean: both.mean - length.mean, variance }))
            }
            Carried::Values(spread) if above == below => Carried::Values(spread.times(half, LogMoments::NONE)),
            _ => Carried::Unknown,
        }
    }
}

impl Carried {
    /// Of an input row, or of the gradient by an output, of that mean square.
    pub(super) fn certain(value: f64) -> Self {
        if value > 0.0 && value.is_finite() { Self::Values(Spread::certain(value)) } else { Self::Unknown }
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
        Carried::Values(spread) | Carried::Turned(spread) => Some(spread),
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
    Carried::Turned(of_sums.times(1.0, scatter))
}

/// Any function of normal numbers of variance q: to first order in its scatter, on the scale of logarithms, with g(ln q) = ln E\[f^2\]; and
/// the mean over finitely many units scatters as a gamma variable of the same mean and variance does.
fn any(spread: Spread, q: f64, of: Expectations, units: usize) -> Carried {
    let slope = q * of.growth / of.second;
    let bend = (q * q * of.curvature + q * of.growth) / of.second - slope * slope;
    let square = of.fourth / (of.second * of.second) - 1.0;
    let scatter = if square > 0.0 { LogMoments::of_gamma(units as f64 / square) } else { LogMoments::NONE };
    let off = spread.log_mean - q.ln();
    Carried::Values(Spread {
        log_mean: of.second.ln() + slope * off + 0.5 * bend * (spread.log_variance + off * off) + scatter.mean,
        log_variance: slope * slope * spread.log_variance + scatter.variance,
        exact: false,
    })
}

/// As [`any`], of numbers whose mean square q is known to be just that: what normal numbers scatter only since theirs does is not there, and
/// the mean lacks what the curvature makes of that.
fn any_turned(spread: Spread, q: f64, of: Expectations, units: usize) -> Carried {
    let n = units as f64;
    let slope = q * of.growth / of.second;
    let bend = (q * q * of.curvature + q * of.growth) / of.second - slope * slope;
    let square = of.fourth / (of.second * of.second) - 1.0 - 2.0 * slope * slope;
    let scatter = if square > 0.0 { LogMoments::of_gamma(n / square) } else { LogMoments::NONE };
    let off = spread.log_mean - q.ln();
    let lacks = q * q * of.curvature / of.second / n;
    Carried::Values(Spread {
        log_mean: of.second.ln() + slope * off + 0.5 * bend * (spread.log_variance + off * off) + scatter.mean - lacks,
        log_variance: slope * slope * spread.log_variance + scatter.variance,
        exact: false,
    })
}
