//! `initializer`: do the weights have the moments that are claimed?

use std::fmt;

use super::Failure;
use super::sample::{RATE, Sample, follows};
use crate::{Fans, Float, Generator, Initializer, Param};

/// How many times each parameter is drawn.
const DRAWS: u64 = 16;

type Claim<'a> = Box<dyn Fn(&Param) -> f64 + 'a>;
type Law<'a> = Box<dyn Fn(&Param, f64) -> f64 + 'a>;

/// Checks an initializer: that it fills every entry with finite numbers, gives the same for the same seed and others for another, and
/// draws the mean and the variance that it claims, for parameters of different fans.
///
/// What it claims are its [`moments`](Initializer::moments), and what is said here besides. An initializer whose moments make the same
/// mistake as its numbers is only caught by a claim from elsewhere: say [`variance`](InitializerCheck::variance).
///
/// ```
/// use evenkeel::{LeCun, check};
/// check::initializer(&LeCun::uniform()).variance(|param| 1.0 / param.fans.fan_in as f64).run::<f64>()?;
/// let not_he = check::initializer(&LeCun::uniform()).variance(|param| 2.0 / param.fans.fan_in as f64).run::<f64>();
/// println!("{}", not_he.unwrap_err());
/// # Ok::<(), check::Failure>(())
/// ```
pub fn initializer<I: ?Sized>(mine: &I) -> InitializerCheck<'_, I> {
    let convolution = Param { fans: Fans { fan_in: 72, fan_out: 216 }, ..Param::weight(72, 64) };
    let params = vec![Param::weight(48, 112), Param::weight(112, 48), Param::weight(80, 80), convolution];
    InitializerCheck { mine, params, mean: None, variance: None, law: None, rate: RATE, seed: 0 }
}

/// What is claimed of an initializer; made by [`initializer`].
pub struct InitializerCheck<'a, I: ?Sized> {
    mine: &'a I,
    params: Vec<Param>,
    mean: Option<Claim<'a>>,
    variance: Option<Claim<'a>>,
    law: Option<Law<'a>>,
    rate: f64,
    seed: u64,
}

impl<I: ?Sized> fmt::Debug for InitializerCheck<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitializerCheck")
            .field("params", &self.params)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl<'a, I: ?Sized> InitializerCheck<'a, I> {
    /// Claims that mean, for each parameter.
    pub fn mean(self, mean: impl Fn(&Param) -> f64 + 'a) -> Self {
        Self { mean: Some(Box::new(mean)), ..self }
    }

    /// Claims that variance, for each parameter.
    pub fn variance(self, variance: impl Fn(&Param) -> f64 + 'a) -> Self {
        Self { variance: Some(Box::new(variance)), ..self }
    }

    /// Claims that the numbers are independent and follow that continuous distribution: the probability that a number of the parameter is
    /// at most the second argument.
    pub fn follows(self, cdf: impl Fn(&Param, f64) -> f64 + 'a) -> Self {
        Self { law: Some(Box::new(cdf)), ..self }
    }

    /// Looks at these parameters, in place of four weights of different fans with some 5000 numbers each. Fewer than 1000 numbers make
    /// a variance less normal than the rate assumes.
    pub fn params(self, params: &[Param]) -> Self {
        Self { params: params.to_vec(), ..self }
    }

    /// How often, at most, what is right may fail; 1e-6 unless given.
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// The seed of all draws; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Draws and judges.
    ///
    /// # Errors
    /// [`Failure::Unlikely`] for a mean, a variance or a distribution that is not as claimed; [`Failure::Broken`] for an entry that is not
    /// written or not finite, for numbers that do not depend on the seed alone, and for moments that contradict a claim made here;
    /// [`Failure::Network`] where the initializer refuses a parameter.
    pub fn run<T: Float>(&self) -> Result<(), Failure>
    where
        I: Initializer<T>,
    {
        // Mean and variance of each parameter, and its distribution.
        let allowed = self.rate / (3 * self.params.len().max(1)) as f64;
        self.params.iter().try_for_each(|param| self.one::<T>(param, allowed))
    }

    fn one<T: Float>(&self, param: &Param, allowed: f64) -> Result<(), Failure>
    where
        I: Initializer<T>,
    {
        let Fans { fan_in, fan_out } = param.fans;
        let what = format!("{} x {} numbers, fan-in {fan_in}, fan-out {fan_out}", param.rows, param.cols);
        let draw = |number| {
            // What is left as it was is found out for being no number.
            let mut out = vec![T::nan(); param.rows * param.cols];
            self.mine.fill(param, &mut out, &mut Generator::numbered(self.seed, "check.initializer", number))?;
            let bad = out.iter().position(|w| !w.is_finite());
            let found = || bad.map_or_else(String::new, |at| format!("{} in entry {at}", out[at].get()));
            Failure::unless(bad.is_none(), || what.clone(), "finite numbers everywhere", found)?;
            Ok::<_, Failure>(out)
        };
        let first = draw(0)?;
        let others = || "other numbers".to_owned();
        Failure::unless(first == draw(0)?, || format!("{what}, twice from one seed"), "the same numbers", others)?;

        let known = self.mine.moments(param);
        let mean = self.mean.as_ref().map(|mean| mean(param));
        let variance = self.variance.as_ref().map(|variance| variance(param));
        let claims = [("mean", mean, known.map(|m| m.mean)), ("variance", variance, known.map(|m| m.variance))];
        for (of, claimed, known) in claims {
            let Some((claimed, known)) = claimed.zip(known) else { continue };
            let agree = (claimed - known).abs() <= 1e-9 * claimed.abs().max(known.abs());
            Failure::unless(
                agree,
                || format!("{what}: {of} by `moments`"),
                &format!("{claimed:e}"),
                || format!("{known:e}"),
            )?;
        }
        let mean = mean.or(known.map(|m| m.mean));
        let variance = variance.or(known.map(|m| m.variance));
        if let (Some(mean), Some(0.0)) = (mean, variance) {
            let odd = first.iter().find(|w| **w != T::of(mean));
            return Failure::unless(odd.is_none(), || what, &format!("{mean:e} everywhere"), || format!("{odd:?}"));
        }

        let mut sample = Sample::new();
        let mut numbers = Vec::new();
        for number in 0..DRAWS {
            let drawn = draw(number)?;
            let repeats = number > 0 && drawn == first;
            let same = || "the same numbers".to_owned();
            Failure::unless(!repeats, || format!("{what}, from two seeds"), "other numbers", same)?;
            numbers.extend(drawn.iter().map(|w| w.get()));
        }
        if let Some(variance) = variance {
            let mean = mean.unwrap_or(0.0);
            let kurtosis = known.and_then(|m| m.kurtosis);
            numbers.iter().for_each(|w| sample.push((w - mean) / variance.sqrt(), kurtosis));
            sample.judge(&what, mean, variance, allowed)?;
        }
        match &self.law {
            Some(law) => follows(&what, &mut numbers, |w| law(param, w), allowed),
            None => Ok(()),
        }
    }
}
