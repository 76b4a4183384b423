//! `TruncatedNormal`: the bell curve without its tails.

use std::sync::LazyLock;

use rand::distr::{Distribution, StandardUniform};
use rand::{Rng, RngExt};

use super::{InitMoments, Initializer, check_size, squarable};
use crate::moments::{CutMoments, cut_normal};
use crate::random::CutNormal;
use crate::{Error, Float, Generator, Param};

/// Every entry drawn from N(mean, std^2), given that it lies between two bounds: `mean` plus and minus two `std`, unless told otherwise.
///
/// With phi and Phi the density and the distribution function of N(0, 1), Z = Phi(b) - Phi(a), and bounds of a and b standard deviations:
///
/// ```text
/// E[w] = mean + std (phi(a) - phi(b)) / Z
/// Var[w] = std^2 (1 + (a phi(a) - b phi(b)) / Z - ((phi(a) - phi(b)) / Z)^2)          0.7737 std^2 between -2 and 2
/// ```
///
/// ```
/// use evenkeel::{Generator, Initializer, Param, TruncatedNormal};
/// let mut weight = [0.0_f32; 600];
/// let truncated = TruncatedNormal::new(0.0, 0.01)?;
/// truncated.fill(&Param::weight(30, 20), &mut weight, &mut Generator::named(1, "weight"))?;
/// assert!(weight.iter().all(|w| w.abs() <= 0.02));
/// let narrower = Initializer::<f32>::moments(&truncated, &Param::weight(30, 20)).unwrap();
/// assert!((narrower.variance.sqrt() / 0.01 - 0.879_625_661).abs() < 1e-9);
/// // As wide as asked for, and so cut further out.
/// let corrected = truncated.variance_corrected()?;
/// let as_asked = Initializer::<f32>::moments(&corrected, &Param::weight(30, 20)).unwrap();
/// assert!((as_asked.variance.sqrt() / 0.01 - 1.0).abs() < 1e-12);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// The bounds count standard deviations from the mean, and hold after rounding. One uniform number makes one number, whatever the bounds: an
/// interval far out in a tail takes no longer than one around the mean, and its moments are as exact. Drawn in `f64` and rounded, so that
/// `f32` and `f64` networks of one seed start alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruncatedNormal {
    mean: f64,
    std: f64,
    low: f64,
    high: f64,
    corrected: bool,
}

const OF: &str = "TruncatedNormal";
const TOO_FAR: &str = "such that the deviation within the bounds is between 1e-140 and 1e140";

impl TruncatedNormal {
    /// Of that mean and standard deviation before it is cut at two standard deviations on either side; a deviation of 0 gives the
    /// constant `mean`.
    ///
    /// # Errors
    /// [`Error::Argument`] where `mean` is not finite, a bound overflows, or `std` is neither 0 nor between 1e-140 and 1e140.
    pub fn new(mean: f64, std: f64) -> Result<Self, Error> {
        let mean = Error::finite(OF, "mean", mean)?;
        let std = Error::not_negative(OF, "std", std)?;
        Self { mean, std, low: -2.0, high: 2.0, corrected: false }.checked()
    }

    /// Cut so many standard deviations above the mean (or, where negative, below it). Either bound may be infinite.
    ///
    /// # Errors
    /// [`Error::Argument`] where a bound is NaN, `high` is not above `low`, no finite number lies between them, a bound overflows, or f64
    /// does not hold the moments of what is left: bounds too far out, or too near to each other.
    pub fn bounds(self, low: f64, high: f64) -> Result<Self, Error> {
        Error::require(low < f64::INFINITY, OF, "low", low, "a number below infinity")?;
        Error::require(high > low && high > f64::NEG_INFINITY, OF, "high", high, "a number above `low`")?;
        Self { low, high, ..self }.checked()
    }

    /// Widened before it is cut, so that `std` is the standard deviation of what is drawn. The bounds move out with it.
    ///
    /// # Errors
    /// [`Error::Argument`] where a bound overflows, or f64 does not hold the moments.
    pub fn variance_corrected(self) -> Result<Self, Error> {
        Self { corrected: true, ..self }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        squarable(OF, "std", self.std)?;
        let CutMoments { mean, variance, kurtosis } = cut_normal(self.low, self.high);
        let fine = mean.is_finite() && variance.is_normal() && kurtosis.is_finite() && kurtosis >= 1.0;
        let must =
            "neither so far out, nor so near to the other bound, that f64 does not hold the moments of what is left";
        Error::require(fine, OF, "low", self.low, must)?;
        let deviation = self.sigma() * variance.sqrt();
        Error::require(squarable(OF, "std", deviation).is_ok(), OF, "std", self.std, TOO_FAR)?;
        let (low, high) = self.limits();
        // Infinite bounds stay what they are; finite ones must not become infinite.
        let fine = low.is_finite() == self.low.is_finite() && high.is_finite() == self.high.is_finite();
        let fine = self.std == 0.0 || (fine && self.sigma().is_finite());
        Error::require(fine, OF, "std", self.std, "small enough for the bounds to be finite").map(|_| self)
    }

    /// The standard deviation before the cut.
    fn sigma(&self) -> f64 {
        if self.corrected { self.std / cut_normal(self.low, self.high).variance.sqrt() } else { self.std }
    }

    /// The bounds of what is drawn.
    fn limits(&self) -> (f64, f64) {
        let sigma = self.sigma();
        (self.mean + sigma * self.low, self.mean + sigma * self.high)
    }
}

impl<T: Float> Initializer<T> for TruncatedNormal {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        if self.std == 0.0 {
            out.fill(T::of(self.mean));
            return Ok(());
        }
        let Some(limits) = inside(self.limits()) else {
            let must = "large enough for a number of the network's type to lie between the bounds";
            return Err(Error::Argument { of: OF, argument: "std", value: self.std, must });
        };
        fill_cut(&CutNormal::new(self.low, self.high), (self.mean, self.sigma()), limits, out, rng);
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        if self.std == 0.0 {
            return Some(InitMoments { mean: self.mean, variance: 0.0, kurtosis: None });
        }
        let CutMoments { mean, variance, kurtosis } = cut_normal(self.low, self.high);
        let sigma = self.sigma();
        let mean = self.mean + sigma * mean;
        Some(InitMoments { mean, variance: sigma * sigma * variance, kurtosis: Some(kurtosis) })
    }
}

/// The least and the largest number of the type between two bounds, where there are any.
fn inside<T: Float>((low, high): (f64, f64)) -> Option<(T, T)> {
    let (mut first, mut last) = (T::of(low), T::of(high));
    if first.get() < low {
        first = first.next_up();
    }
    if last.get() > high {
        last = last.next_down();
    }
    (first <= last).then_some((first, last))
}

/// Fills `out` with `mean + sigma * z`, kept between limits that only rounding could cross.
fn fill_cut<T: Float>(
    cut: &CutNormal,
    (mean, sigma): (f64, f64),
    (first, last): (T, T),
    out: &mut [T],
    rng: &mut Generator,
) {
    let mut numbers = [0.0; 1024];
    for part in out.chunks_mut(numbers.len()) {
        let numbers = &mut numbers[..part.len()];
        rng.fill_uniform(0.0, 1.0, numbers);
        cut.quantiles(numbers);
        for (place, number) in part.iter_mut().zip(&*numbers) {
            *place = T::of(mean + sigma * number).max(first).min(last);
        }
    }
}

/// The normal distribution with mean 0, cut at two of its standard deviations and then widened to variance 1: between -2.2737 and 2.2737.
///
/// ```
/// use evenkeel::{FanMode, Initializer, Param, UnitTruncatedNormal, VarianceScaling};
/// let mine = VarianceScaling::new(2.0, FanMode::GeometricMean, UnitTruncatedNormal)?;
/// let moments = Initializer::<f32>::moments(&mine, &Param::weight(16, 4)).unwrap();
/// assert_eq!(moments.variance, 2.0 / 8.0);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitTruncatedNormal;

/// The moments of what is cut at two standard deviations.
static CUT_AT_2: LazyLock<CutMoments> = LazyLock::new(|| cut_normal(-2.0, 2.0));

impl UnitTruncatedNormal {
    /// Fills `out` with numbers of that standard deviation.
    pub(super) fn fill<T: Float>(std: f64, out: &mut [T], rng: &mut Generator) {
        let sigma = std / CUT_AT_2.variance.sqrt();
        // There is always a number between limits on either side of 0.
        let (first, last) = inside((-2.0 * sigma, 2.0 * sigma)).unwrap_or((T::zero(), T::zero()));
        fill_cut(&CutNormal::new(-2.0, 2.0), (0.0, sigma), (first, last), out, rng);
    }

    pub(super) fn kurtosis() -> f64 {
        CUT_AT_2.kurtosis
    }
}

impl Distribution<f64> for UnitTruncatedNormal {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let unit: f64 = rng.sample(StandardUniform);
        // 2^-54 more, half a step: so the middle of the step is as far from either end.
        CutNormal::new(-2.0, 2.0).quantile(unit + f64::EPSILON / 4.0) / CUT_AT_2.variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_makes_no_sense() {
        for (mean, std, culprit) in [
            (f64::NAN, 1.0, "mean"),
            (0.0, -1.0, "std"),
            (0.0, f64::NAN, "std"),
            (0.0, 1.5e308, "std"),
            (0.0, 1e200, "std"),
            (0.0, 1e-200, "std"),
        ] {
            let refused = TruncatedNormal::new(mean, std);
            assert!(matches!(refused, Err(Error::Argument { argument, .. }) if argument == culprit), "{refused:?}");
        }
        let unit = TruncatedNormal::new(0.0, 1.0).unwrap();
        for (low, high, culprit) in [
            (f64::NAN, 1.0, "low"),
            (0.0, f64::NAN, "high"),
            (1.0, 1.0, "high"),
            (1.0, -1.0, "high"),
            (f64::INFINITY, f64::INFINITY, "low"),
            (f64::NEG_INFINITY, f64::NEG_INFINITY, "high"),
        ] {
            let refused = unit.bounds(low, high);
            assert!(matches!(refused, Err(Error::Argument { argument, .. }) if argument == culprit), "{refused:?}");
        }
        for (low, high, culprit) in [
            (1e308, f64::INFINITY, "low"),
            (f64::NEG_INFINITY, -1e308, "low"),
            (0.0, 1e-200, "low"),
            (1e160, f64::INFINITY, "low"),
            (1e145, f64::INFINITY, "std"),
        ] {
            let refused = unit.bounds(low, high);
            assert!(matches!(refused, Err(Error::Argument { argument, .. }) if argument == culprit), "{refused:?}");
        }
        assert!(TruncatedNormal::new(1e308, 1e140).unwrap().bounds(1.0, 3.0).is_ok());
        assert!(TruncatedNormal::new(f64::MAX, 1e140).unwrap().bounds(1.0, 1e150).is_ok());
        assert!(TruncatedNormal::new(f64::MAX, 1e140).unwrap().bounds(1.0, 1e154).is_err());
        for (low, high) in [(1e100, f64::INFINITY), (0.0, 1e-100), (-1e-9, 1e-9), (f64::NEG_INFINITY, f64::INFINITY)] {
            let moments = Initializer::<f64>::moments(&unit.bounds(low, high).unwrap(), &Param::bias(1)).unwrap();
            let kurtosis = moments.kurtosis.unwrap();
            assert!(moments.mean.is_finite() && moments.variance.is_normal() && kurtosis >= 1.0, "{moments:?}");
        }
    }

    fn filled<T: Float>(truncated: TruncatedNormal, count: usize) -> Result<Vec<T>, Error> {
        let mut out = vec![T::nan(); count];
        truncated.fill(&Param::bias(count), &mut out, &mut Generator::named(1, "x")).map(|()| out)
    }

    #[test]
    fn no_number_is_outside_even_after_rounding() {
        for (mean, std, low, high) in [
            (0.1, 1e-8, -2.0, 2.0),
            (0.1, 0.3, 8.0, 9.0),
            (-7.0, 1e-6, 3.0, f64::INFINITY),
            (1.0, 0.7, 40.0, 41.0),
            (0.0, 1e-45, -2.0, 2.0),
            (3.0, 1e30, -1e-3, f64::INFINITY),
        ] {
            let truncated = TruncatedNormal::new(mean, std).unwrap().bounds(low, high).unwrap();
            let (least, most) = (mean + std * low, mean + std * high);
            let within = |w: f64| w.is_finite() && least <= w && w <= most;
            assert!(filled::<f32>(truncated, 5000).unwrap().into_iter().all(|w| within(f64::from(w))), "{truncated:?}");
            assert!(filled::<f64>(truncated, 5000).unwrap().into_iter().all(within), "{truncated:?}");
        }
        // Between 0.1 - 2e-12 and 0.1 + 2e-12 there is no f32.
        let narrow = TruncatedNormal::new(0.1, 1e-12).unwrap();
        assert!(filled::<f64>(narrow, 3).is_ok());
        assert!(matches!(filled::<f32>(narrow, 3), Err(Error::Argument { argument: "std", .. })));
        assert_eq!(filled::<f32>(TruncatedNormal::new(0.1, 0.0).unwrap(), 2).unwrap(), [0.1; 2]);
    }

    #[test]
    fn f32_is_f64_rounded() {
        let truncated = TruncatedNormal::new(0.5, 2.0).unwrap();
        let (single, double) = (filled::<f32>(truncated, 3000).unwrap(), filled::<f64>(truncated, 3000).unwrap());
        assert!(single.iter().zip(&double).all(|(&s, &d)| s == d as f32));
        assert_eq!(filled::<f64>(truncated, 100).unwrap(), double[..100]);
    }
}
