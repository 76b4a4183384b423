//! `Xavier`, `He` and `LeCun`: weights whose variance fits the fans.

use std::any::TypeId;
use std::fmt::Debug;

use rand::distr::{Distribution, StandardUniform};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::{InitMoments, Initializer, SIZES, UnitTruncatedNormal, check_size, squarable};
use crate::{Error, Float, Generator, Param};

/// Which number of summands the variance is divided by.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FanMode {
    /// The fan-in: keeps the size of the signal on its way forward.
    In,
    /// The fan-out: keeps the size of the gradient on its way back.
    Out,
    /// The mean of both.
    Average,
    /// The geometric mean of both, sqrt(n_in n_out): what multiplies the signal forwards divides by as much what multiplies the gradient back.
    GeometricMean,
}

/// The uniform distribution with mean 0 and variance 1: between -sqrt(3) and sqrt(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitUniform;

impl Distribution<f64> for UnitUniform {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let unit: f64 = StandardUniform.sample(rng);
        3.0_f64.sqrt() * (2.0 * unit - 1.0)
    }
}

/// Weights with mean 0 and variance `scale / fan`, drawn from any distribution with mean 0 and variance 1.
///
/// w = sqrt(scale / fan) * d, with d drawn from `D`; `fan` as [`FanMode`] says. Only mean and variance matter for how signals and
/// gradients grow from layer to layer, so the shape of the distribution is the user's choice.
///
/// ```
/// use evenkeel::{FanMode, Initializer, Param, VarianceScaling};
/// let mine = VarianceScaling::new(1.5, FanMode::In, rand_distr::StandardNormal)?;
/// let moments = Initializer::<f32>::moments(&mine, &Param::weight(300, 100)).unwrap();
/// assert_eq!(moments.variance, 1.5 / 300.0);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// The family is Keras's `VarianceScaling`; its members by name are [`Xavier`], [`He`] and [`LeCun`]. Drawn in `f64` and rounded,
/// so that `f32` and `f64` networks of one seed start alike. [`StandardNormal`], [`UnitUniform`] and [`UnitTruncatedNormal`] are drawn in
/// blocks, in a few nanoseconds each at most; any other distribution is asked for one number at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceScaling<D> {
    scale: f64,
    fan: FanMode,
    unit: D,
    kurtosis: Option<f64>,
}

const OF: &str = "VarianceScaling";

/// Whether that is no variance that overflows or vanishes when it is divided by a fan.
fn holds(scale: f64) -> bool {
    scale == 0.0 || scale > 0.0 && SIZES.contains(&scale.sqrt())
}

impl<D> VarianceScaling<D> {
    /// Variance `scale / fan`, drawn from `unit`, which must have mean 0 and variance 1.
    ///
    /// # Errors
    /// [`Error::Argument`] where `scale` is negative or not finite.
    pub fn new(scale: f64, fan: FanMode, unit: D) -> Result<Self, Error> {
        Error::not_negative(OF, "scale", scale)?;
        Ok(Self { scale, fan, unit, kurtosis: None })
    }

    /// The same weights, multiplied by `gain`.
    ///
    /// ```
    /// use evenkeel::{He, Initializer, Param};
    /// let wide = He::normal().gain(1.5)?;
    /// let moments = Initializer::<f32>::moments(&wide, &Param::weight(100, 100)).unwrap();
    /// assert_eq!(moments.variance, 1.5 * 1.5 * 2.0 / 100.0);
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] where `gain` is neither 0 nor between 1e-140 and 1e140, or its square makes a scale of a variance that is not
    /// between 1e-280 and 1e280.
    pub fn gain(self, gain: f64) -> Result<Self, Error> {
        Error::not_negative(OF, "gain", gain)?;
        squarable(OF, "gain", gain)?;
        let scale = gain * gain * self.scale;
        // One gain after another may leave what each of them does not.
        let fine = holds(scale) && (scale > 0.0 || gain == 0.0 || self.scale == 0.0);
        Error::require(
            fine,
            OF,
            "gain",
            gain,
            "such that its square times the scale is 0, or between 1e-280 and 1e280",
        )?;
        Ok(Self { scale, ..self })
    }

    /// States the fourth moment of the unit distribution, which the crate cannot know of a user's own.
    ///
    /// # Errors
    /// [`Error::Argument`] where `kurtosis` is below 1, which no distribution has, or not finite.
    pub fn kurtosis(self, kurtosis: f64) -> Result<Self, Error> {
        let fine = kurtosis.is_finite() && kurtosis >= 1.0;
        let kurtosis = Error::require(fine, OF, "kurtosis", kurtosis, "finite and at least 1")?;
        Ok(Self { kurtosis: Some(kurtosis), ..self })
    }

    fn variance(&self, param: &Param) -> Result<f64, Error> {
        let (fan_in, fan_out) = (param.fans.fan_in as f64, param.fans.fan_out as f64);
        let fan = match self.fan {
            FanMode::In => fan_in,
            FanMode::Out => fan_out,
            FanMode::Average => (fan_in + fan_out) / 2.0,
            FanMode::GeometricMean => (fan_in * fan_out).sqrt(),
        };
        Error::require(fan > 0.0, OF, "fan", fan, "above 0").map(|fan| self.scale / fan)
    }
}

impl<T: Float, D: Distribution<f64> + Debug + Send + Sync + 'static> Initializer<T> for VarianceScaling<D> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let std = self.variance(param)?.sqrt();
        // The generator draws these in blocks, many times faster than one by one as any other. To ask for the type, where a trait
        // would do it more neatly, lets every `Distribution` of `rand` be a unit distribution; the compiler leaves one branch.
        let unit = TypeId::of::<D>();
        if unit == TypeId::of::<StandardNormal>() {
            rng.fill_normal(0.0, std, out);
        } else if unit == TypeId::of::<UnitUniform>() {
            let bound = 3.0_f64.sqrt() * std;
            rng.fill_uniform(-bound, 2.0 * bound, out);
        } else if unit == TypeId::of::<UnitTruncatedNormal>() {
            UnitTruncatedNormal::fill(std, out, rng);
        } else {
            out.iter_mut().for_each(|w| *w = T::of(std * rng.sample(&self.unit)));
        }
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let variance = self.variance(param).ok()?;
        let kurtosis = self.kurtosis.or_else(kurtosis_of::<D>).filter(|_| variance > 0.0);
        Some(InitMoments { mean: 0.0, variance, kurtosis })
    }
}

/// That of the unit distributions which the crate knows.
fn kurtosis_of<D: 'static>() -> Option<f64> {
    let unit = TypeId::of::<D>();
    if unit == TypeId::of::<StandardNormal>() {
        Some(3.0)
    } else if unit == TypeId::of::<UnitUniform>() {
        Some(1.8)
    } else if unit == TypeId::of::<UnitTruncatedNormal>() {
        Some(UnitTruncatedNormal::kurtosis())
    } else {
        None
    }
}

/// Xavier initialization: variance 2 / (n_in + n_out), the middle ground between the forward and the backward pass.
///
/// A sum over n_in inputs multiplies the second moment of the signal by n_in * sigma^2 on its way forward, and a sum over n_out
/// outputs that of the gradient by n_out * sigma^2 on its way back. Both are 1 only where n_in = n_out, so Xavier asks it of
/// their average: (n_in + n_out) * sigma^2 / 2 = 1.
///
/// ```
/// use evenkeel::Xavier;
/// let normal = Xavier::normal();
/// let uniform = Xavier::uniform(); // between -a and a, with a = sqrt(6 / (n_in + n_out))
/// let laplace = Xavier::with(MyLaplace); // any distribution with mean 0 and variance 1
/// # #[derive(Debug, Clone, Copy)] struct MyLaplace;
/// # impl rand::distr::Distribution<f64> for MyLaplace {
/// #     fn sample<R: rand::Rng + ?Sized>(&self, rng: &mut R) -> f64 {
/// #         use rand::RngExt;
/// #         let (sign, size): (bool, f64) = (rng.random(), rng.sample(rand_distr::Exp1));
/// #         if sign { size / 2_f64.sqrt() } else { -size / 2_f64.sqrt() }
/// #     }
/// # }
/// # let _ = (normal, uniform, laplace);
/// ```
///
/// # Notes
/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010. Right for tanh and other
/// activations with slope 1 at zero; for ReLU, which passes half of the signal, see [`He`].
#[derive(Debug, Clone, Copy)]
pub enum Xavier {}

/// He initialization: variance 2 / n_in, which makes up for the half of the signal that ReLU drops.
///
/// ```
/// use evenkeel::{He, Initializer, Param};
/// let moments = Initializer::<f32>::moments(&He::normal(), &Param::weight(64, 128)).unwrap();
/// assert_eq!(moments.variance, 2.0 / 64.0);
/// ```
///
/// # Notes
/// He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
#[derive(Debug, Clone, Copy)]
pub enum He {}

/// LeCun initialization: variance 1 / n_in, which keeps the second moment of the signal where the activation does.
///
/// ```
/// use evenkeel::{Initializer, LeCun, Param};
/// let moments = Initializer::<f32>::moments(&LeCun::normal(), &Param::weight(64, 128)).unwrap();
/// assert_eq!(moments.variance, 1.0 / 64.0);
/// ```
///
/// # Notes
/// LeCun, Bottou, Orr and Mueller, "Efficient BackProp", 1998; what SELU asks for (Klambauer and others, 2017).
#[derive(Debug, Clone, Copy)]
pub enum LeCun {}

/// Gives a member of the family its ways to be made.
///
/// A macro, since Rust has no way to share associated functions between types that hold no value.
macro_rules! member {
    ($name:ident, $scale:expr, $fan:expr) => {
        impl $name {
            /// Drawn from a normal distribution.
            pub fn normal() -> VarianceScaling<StandardNormal> {
                Self::with(StandardNormal)
            }

            /// Drawn from a uniform distribution.
            pub fn uniform() -> VarianceScaling<UnitUniform> {
                Self::with(UnitUniform)
            }

            /// Drawn from a normal distribution cut at two of its standard deviations, and widened to have its variance again.
            pub fn truncated() -> VarianceScaling<UnitTruncatedNormal> {
                Self::with(UnitTruncatedNormal)
            }

            /// Drawn from any distribution with mean 0 and variance 1: only these two matter.
            pub fn with<D: Distribution<f64>>(unit: D) -> VarianceScaling<D> {
                VarianceScaling { scale: $scale, fan: $fan, unit, kurtosis: None }
            }
        }
    };
}

member!(Xavier, 1.0, FanMode::Average);
member!(He, 2.0, FanMode::In);
member!(LeCun, 1.0, FanMode::In);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fans;

    #[test]
    fn refuses_what_makes_no_sense() {
        assert!(VarianceScaling::new(-1.0, FanMode::In, UnitUniform).is_err());
        assert!(VarianceScaling::new(f64::NAN, FanMode::In, UnitUniform).is_err());
        assert!(He::normal().gain(f64::INFINITY).is_err());
        for gain in [1e200, 1e-200, -0.5] {
            assert!(matches!(He::normal().gain(gain), Err(Error::Argument { argument: "gain", .. })), "{gain}");
        }
        // Each can be squared, but not both.
        for gain in [1e-100, 1e100] {
            assert!(He::normal().gain(gain).unwrap().gain(gain).is_err(), "{gain}");
        }
        assert_eq!(He::normal().gain(0.0).unwrap().scale, 0.0);
        for kurtosis in [f64::NAN, f64::INFINITY, -5.0, 0.99] {
            let refused = He::normal().kurtosis(kurtosis);
            assert!(matches!(refused, Err(Error::Argument { argument: "kurtosis", .. })), "{refused:?}");
        }
        assert!(He::normal().kurtosis(1.0).is_ok());
        let no_fan = Param { fans: Fans { fan_in: 0, fan_out: 3 }, ..Param::bias(3) };
        let filled = He::normal().fill(&no_fan, &mut [0.0_f32; 3], &mut Generator::named(1, "x"));
        assert!(matches!(filled, Err(Error::Argument { argument: "fan", .. })));
    }

    #[test]
    fn the_uniform_bound_is_the_papers() {
        let mut weight = vec![0.0_f64; 40 * 20];
        Xavier::uniform().fill(&Param::weight(40, 20), &mut weight, &mut Generator::named(1, "w")).unwrap();
        let largest = weight.iter().fold(0.0_f64, |l, w| l.max(w.abs()));
        let bound = (6.0_f64 / 60.0).sqrt();
        // 800 draws: below 0.98 of the bound with probability 0.98^800 < 1e-7.
        assert!(largest <= bound && largest > 0.98 * bound);
    }
}
