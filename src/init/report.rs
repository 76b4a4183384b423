//! `InitReport`: whether the parameters started as they were meant to.

use std::fmt;

use super::{Draws, InitMoments};
use crate::linalg::{first_non_finite, moments};
use crate::{Float, Param};

/// How often, at most, a report finds anything wrong with a network that started right.
const RATE: f64 = 1e-6;

/// Mean and standard deviation of every parameter of a network, beside those that its initializer draws from.
///
/// Made by [`Network::init_report`](crate::Network::init_report), right after the network is built or its parameters were set.
///
/// ```
/// use evenkeel::{Linear, Network, Relu};
/// let mut network = Network::<f32>::builder(64).layer(Linear::new(32)).layer(Relu).layer(Linear::new(10)).build()?;
/// assert!(network.init_report().is_on_target());
/// network.parameter_mut("0.linear.weight")?.data_mut().iter_mut().for_each(|w| *w *= 1.2);
/// let report = network.init_report();
/// println!("{report}"); // a line a parameter
/// assert_eq!(report.off_target().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["0.linear.weight"]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Of n numbers with variance s^2 and kurtosis k, and x = ln(2 t / 10^-6), where t is the number of tests in all, two a parameter:
///
/// ```text
/// |mean - target| <= s (sqrt(2 x / n) + x / n)
/// |variance - target| <= s^2 (sqrt(2 v x / n) + c x / n + (sqrt(2 x) + x / sqrt(n))^2 / n)
/// v = 2 and c = 4 where k <= 3, else v = k - 1 and c = max((1 + x + ln n)^2 / 3, k)
/// ```
///
/// So a network that started right is reported with a probability of 10^-6 at most, whatever its size. Both bounds are Bernstein's
/// (Boucheron, Lugosi and Massart, "Concentration inequalities", 2013, theorem 2.10). The first has the moments of the exponential
/// distribution, the heaviest tails of all whose density is log-concave: [`Normal`](crate::Normal), [`Uniform`](crate::Uniform),
/// [`TruncatedNormal`](crate::TruncatedNormal) wherever it is cut, and whatever is made of them. The second has, where k <= 3, the moments
/// of squares of a normal distribution, cut anywhere or not, with room to spare; else, for what is more skewed, it rests on none of n
/// numbers with a log-concave density being further than 1 + x + ln n deviations from the mean, but for a probability of e^-x. Its last
/// term makes up for the variance being taken around the mean that was measured. A user's own distribution with heavier tails may be
/// reported more often.
///
/// Where only some numbers are not zero, or hang together as those of [`Orthogonal`](crate::Orthogonal) do, these hold all the more; where
/// the sum of the squares is known exactly it has to be that, but for rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct InitReport {
    /// A record a parameter, in the order of the network's layout.
    pub parameters: Vec<InitRecord>,
}

/// One parameter in an [`InitReport`].
#[derive(Debug, Clone, PartialEq)]
pub struct InitRecord {
    /// Its full name, such as `0.linear.weight`.
    pub name: String,
    /// How many numbers it has.
    pub count: usize,
    /// What its initializer draws from; `None` where that is not known.
    pub target: Option<InitMoments>,
    /// The mean of its numbers; not finite where one of them is not.
    pub mean: f64,
    /// The variance of its numbers around their mean.
    pub variance: f64,
    /// How far the mean may be from the target.
    pub mean_tolerance: Option<f64>,
    /// How far the variance (where the sum of the squares is known, their mean) may be from the target; `None` also where the kurtosis is
    /// not known.
    pub variance_tolerance: Option<f64>,
    /// What comes of it.
    pub verdict: InitVerdict,
}

/// Whether a parameter started as it was meant to.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InitVerdict {
    /// Mean and variance are as near to the target as chance brings them.
    OnTarget,
    /// The mean is, and of the variance it cannot be said, since the kurtosis is not known.
    MeanOnTarget,
    /// Its moments are not known.
    Unknown,
    /// The mean is off target.
    MeanOff,
    /// The variance is off target.
    VarianceOff,
    /// Both are off target.
    BothOff,
    /// A number is NaN or infinite.
    NonFinite,
}

impl InitVerdict {
    /// Whether something is wrong.
    pub fn is_off(self) -> bool {
        matches!(self, Self::MeanOff | Self::VarianceOff | Self::BothOff | Self::NonFinite)
    }
}

impl fmt::Display for InitVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnTarget => "on target",
            Self::MeanOnTarget => "mean on target, kurtosis not known",
            Self::Unknown => "target not known",
            Self::MeanOff => "MEAN OFF",
            Self::VarianceOff => "DEVIATION OFF",
            Self::BothOff => "MEAN AND DEVIATION OFF",
            Self::NonFinite => "NOT FINITE",
        })
    }
}

/// What is known of how a parameter started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) moments: Option<InitMoments>,
    pub(crate) draws: Draws,
}

impl InitReport {
    /// Of so many parameters, each with its target and its numbers.
    pub(crate) fn of<'a, T: Float>(parameters: impl ExactSizeIterator<Item = (&'a Param, Target, &'a [T])>) -> Self {
        let x = (2.0 * 2.0 * parameters.len().max(1) as f64 / RATE).ln();
        let record = |(param, target, values): (&Param, Target, &[T])| InitRecord::of(&param.name, target, values, x);
        Self { parameters: parameters.map(record).collect() }
    }

    /// The parameters of which something is wrong.
    pub fn off_target(&self) -> impl Iterator<Item = &InitRecord> {
        self.parameters.iter().filter(|record| record.verdict.is_off())
    }

    /// Whether nothing is wrong with any of them.
    pub fn is_on_target(&self) -> bool {
        self.off_target().next().is_none()
    }
}

impl InitRecord {
    fn of<T: Float>(name: &str, target: Target, values: &[T], x: f64) -> Self {
        let measured = moments(values);
        let tolerances = target.moments.map(|moments| Tolerances::of::<T>(moments, target.draws, values.len(), x));
        let off = |found: f64, expected: f64, tolerance: f64| {
            // What is no number is off.
            let near = (found - expected).abs() <= tolerance;
            !near
        };
        let verdict = match (target.moments, tolerances) {
            _ if first_non_finite(values).is_some() => InitVerdict::NonFinite,
            (Some(InitMoments { mean, variance: 0.0, .. }), _) => {
                // A constant is known to the last bit.
                let all_are = |number: T| values.iter().all(|w| *w == number);
                match values.first() {
                    _ if all_are(T::of(mean)) => InitVerdict::OnTarget,
                    Some(&first) if all_are(first) => InitVerdict::MeanOff,
                    _ => InitVerdict::VarianceOff,
                }
            }
            (Some(moments), Some(Tolerances { mean, variance })) => {
                let mean_off = off(measured.mean, moments.mean, mean);
                // Where the squares are known, around 0.
                let around = |mean: f64| if target.draws.fixes_norm() { mean * mean } else { 0.0 };
                let found = measured.variance + around(measured.mean);
                let expected = moments.variance + around(moments.mean);
                let variance_off = variance.map(|variance| off(found, expected, variance));
                match (mean_off, variance_off) {
                    (false, Some(false)) => InitVerdict::OnTarget,
                    (false, None) => InitVerdict::MeanOnTarget,
                    (true, Some(true)) => InitVerdict::BothOff,
                    (true, _) => InitVerdict::MeanOff,
                    (false, Some(true)) => InitVerdict::VarianceOff,
                }
            }
            _ => InitVerdict::Unknown,
        };
        Self {
            name: name.to_owned(),
            count: values.len(),
            target: target.moments,
            mean: measured.mean,
            variance: measured.variance,
            mean_tolerance: tolerances.map(|tolerances| tolerances.mean),
            variance_tolerance: tolerances.and_then(|tolerances| tolerances.variance),
            verdict,
        }
    }
}

/// How far mean and variance of a parameter may be from their targets, each but for a probability of 2 e^-x.
#[derive(Debug, Clone, Copy)]
struct Tolerances {
    mean: f64,
    variance: Option<f64>,
}

impl Tolerances {
    fn of<T: Float>(target: InitMoments, draws: Draws, count: usize, x: f64) -> Self {
        if target.variance == 0.0 {
            return Self { mean: 0.0, variance: Some(0.0) };
        }
        let n = count as f64;
        let std = target.variance.sqrt();
        let (epsilon, size) = (T::epsilon().get(), target.mean.abs() + std);
        // The numbers are rounded to half an epsilon of themselves; in f64 the sums are as well.
        let rounding = 4.0 * epsilon * size;
        let mean = std * ((2.0 * x / n).sqrt() + x / n) + rounding;
        // By how much the square of a number of that size moves with it.
        let of_square = |size: f64| (2.0 * size + rounding) * rounding;
        let from_mean = ((2.0 * x).sqrt() + x / n.sqrt()).powi(2) / n;
        let variance = match (draws, target.kurtosis) {
            // The mean of the squares is exact, and computed in f64 to far below that.
            _ if draws.fixes_norm() => Some(1e-11 * size * size + of_square(size)),
            (_, None) => None,
            (_, Some(kurtosis)) => {
                let (v, c) = if kurtosis <= 3.0 {
                    (2.0, 4.0)
                } else {
                    (kurtosis - 1.0, ((1.0 + x + n.ln()).powi(2) / 3.0).max(kurtosis))
                };
                let relative = (2.0 * v * x / n).sqrt() + c * x / n + from_mean;
                Some(target.variance * relative + of_square(std))
            }
        };
        Self { mean, variance }
    }
}

/// The columns of the table: heading and width.
const COLUMNS: [(&str, usize); 7] =
    [("numbers", 9), ("mean", 12), ("target", 12), ("+-", 10), ("deviation", 12), ("target", 12), ("+-", 10)];

impl fmt::Display for InitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.parameters.iter().map(|record| record.name.len()).max().unwrap_or(0).max("parameter".len());
        write!(f, "{:longest$}", "parameter")?;
        for (heading, width) in COLUMNS {
            write!(f, "{heading:>width$}")?;
        }
        for record in &self.parameters {
            let deviation = record.target.map(|target| target.variance.sqrt());
            // How much larger than the target the deviation may be.
            let above = record.target.zip(record.variance_tolerance).map(|(target, tolerance)| {
                let most = (target.variance + tolerance).sqrt();
                if tolerance > 0.0 { tolerance / (most + target.variance.sqrt()) } else { 0.0 }
            });
            let cells = [
                record.count.to_string(),
                number(Some(record.mean)),
                number(record.target.map(|target| target.mean)),
                number(record.mean_tolerance),
                number(Some(record.variance.sqrt())),
                number(deviation),
                number(above),
            ];
            write!(f, "\n{:longest$}", record.name)?;
            for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
                write!(f, "{cell:>width$}")?;
            }
            write!(f, "  {}", record.verdict)?;
        }
        let off: Vec<&str> = self.off_target().map(|record| record.name.as_str()).collect();
        if off.is_empty() { write!(f, "\nnone off target") } else { write!(f, "\noff target: {}", off.join(", ")) }
    }
}

/// Three digits, or a dash where there is no number.
fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(value) if value.is_finite() => format!("{value:.2e}"),
        Some(value) => value.to_string(),
    }
}
