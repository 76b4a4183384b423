//! `initializer`: do the weights have the moments that are claimed?

use std::fmt;

use super::Failure;
use super::sample::{RATE, Sample, follows, possible};
use crate::{Error, Fans, Float, Generator, Initializer, Param};

/// How many times each parameter is drawn.
const DRAWS: u64 = 16;

type Claim<'a> = Box<dyn Fn(&Param) -> f64 + 'a>;
type Law<'a> = Box<dyn Fn(&Param, f64) -> f64 + 'a>;

/// Checks an initializer: that it fills every entry with finite numbers, gives the same for the same seed and others for another, and
/// draws the mean and the variance that it claims, for parameters of different fans. One that says that its numbers are
/// [`Draws::Fixed`](crate::Draws::Fixed) or [`Draws::Identity`](crate::Draws::Identity) has to give the same for every seed, and exactly these moments.
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
    /// written or not finite, for numbers that do not depend on the seed alone, for moments that contradict a claim made here, and where
    /// nothing is claimed that could be judged; [`Failure::Network`] where the initializer refuses a parameter, there are no parameters or
    /// one has no numbers, or the rate is not above 0 and below 1.
    pub fn run<T: Float>(&self) -> Result<(), Failure>
    where
        I: Initializer<T>,
    {
        let rate = possible("check::initializer", self.rate)?;
        if self.params.is_empty() {
            return Err(Error::Empty { what: "the list of parameters" }.into());
        }
        // Mean and variance of each parameter, and its distribution.
        let allowed = rate / (3 * self.params.len()) as f64;
        self.params.iter().try_for_each(|param| self.one::<T>(param, allowed))
    }

    fn one<T: Float>(&self, param: &Param, allowed: f64) -> Result<(), Failure>
    where
        I: Initializer<T>,
    {
        let Fans { fan_in, fan_out } = param.fans;
        let what = format!("{} x {} numbers, fan-in {fan_in}, fan-out {fan_out}", param.rows, param.cols);
        let first = self.draw::<T>(param, &what, 0)?;
        let others = || "other numbers".to_owned();
        let again = self.draw::<T>(param, &what, 0)?;
        Failure::unless(first == again, || format!("{what}, twice from one seed"), "the same numbers", others)?;

        let claimed = self.claimed::<T>(param, &what)?;
        let (mean, variance) = (claimed.mean, claimed.variance);
        let claims = mean.is_some() || variance.is_some() || self.law.is_some();
        Failure::unless(claims, || what.clone(), "a claim to judge it by", || "neither moments nor a law".to_owned())?;
        if let (Some(mean), Some(0.0)) = (mean, variance) {
            let odd = first.iter().find(|w| **w != T::of(mean));
            return Failure::unless(odd.is_none(), || what, &format!("{mean:e} everywhere"), || format!("{odd:?}"));
        }
        if self.mine.draws(param).are_fixed() {
            let other = self.draw::<T>(param, &what, 1)?;
            Failure::unless(other == first, || format!("{what}, from two seeds"), "the same numbers", others)?;
            return claimed.exactly(&what, &first);
        }

        let mut numbers = Vec::new();
        for number in 0..DRAWS {
            let drawn = self.draw::<T>(param, &what, number)?;
            let repeats = number > 0 && drawn == first;
            let same = || "the same numbers".to_owned();
            Failure::unless(!repeats, || format!("{what}, from two seeds"), "other numbers", same)?;
            numbers.extend(drawn.iter().map(|w| w.get()));
        }
        claimed.likely(&what, &numbers, allowed)?;
        match &self.law {
            Some(law) => follows(&what, &mut numbers, |w| law(param, w), allowed),
            None => Ok(()),
        }
    }

    /// The numbers of one seed.
    fn draw<T: Float>(&self, param: &Param, what: &str, number: u64) -> Result<Vec<T>, Failure>
    where
        I: Initializer<T>,
    {
        let count = param.rows.checked_mul(param.cols).filter(|count| *count > 0);
        let Some(count) = count else { return Err(Error::Empty { what: "a parameter" }.into()) };
        // What is left as it was is found out for being no number.
        let mut out = vec![T::nan(); count];
        self.mine.fill(param, &mut out, &mut Generator::numbered(self.seed, "check.initializer", number))?;
        let bad = out.iter().position(|w| !w.is_finite());
        let found = || bad.map_or_else(String::new, |at| format!("{} in entry {at}", out[at].get()));
        Failure::unless(bad.is_none(), || what.to_owned(), "finite numbers everywhere", found)?;
        Ok(out)
    }

    /// What is claimed here, and else what the initializer says of itself, which must not contradict it.
    fn claimed<T: Float>(&self, param: &Param, what: &str) -> Result<Claimed, Failure>
    where
        I: Initializer<T>,
    {
        let known = self.mine.moments(param);
        let mean = self.mean.as_ref().map(|mean| mean(param));
        let variance = self.variance.as_ref().map(|variance| variance(param));
        let of = "check::initializer";
        mean.map_or(Ok(0.0), |mean| Error::finite(of, "mean", mean))?;
        variance.map_or(Ok(0.0), |variance| Error::not_negative(of, "variance", variance))?;
        let claims = [("mean", mean, known.map(|m| m.mean)), ("variance", variance, known.map(|m| m.variance))];
        for (of, claimed, known) in claims {
            let Some((claimed, known)) = claimed.zip(known) else { continue };
            let agree = (claimed - known).abs() <= 1e-9 * claimed.abs().max(known.abs());
            let what = || format!("{what}: {of} by `moments`");
            Failure::unless(agree, what, &format!("{claimed:e}"), || format!("{known:e}"))?;
        }
        let kurtosis = known.and_then(|m| m.kurtosis);
        let (mean, variance) = (mean.or(known.map(|m| m.mean)), variance.or(known.map(|m| m.variance)));
        Ok(Claimed { mean, variance, kurtosis })
    }
}

/// The moments that the numbers of one parameter should have.
struct Claimed {
    mean: Option<f64>,
    variance: Option<f64>,
    kurtosis: Option<f64>,
}

impl Claimed {
    /// Fails where chance does not explain how far mean and variance of independent numbers are from the claim. What is not claimed is
    /// taken as it is measured.
    fn likely(&self, what: &str, numbers: &[f64], allowed: f64) -> Result<(), Failure> {
        let (center, spread) = measured(numbers);
        let mean = self.mean.unwrap_or(center);
        let variance = self.variance.unwrap_or(spread);
        if variance == 0.0 {
            let off = (center - mean).abs() > 1e-6 * mean.abs();
            return Failure::unless(!off, || format!("{what}: mean"), &format!("{mean:e}"), || format!("{center:e}"));
        }
        let mut sample = Sample::new();
        numbers.iter().for_each(|w| sample.push((w - mean) / variance.sqrt(), self.kurtosis));
        match self.variance {
            Some(_) => sample.judge(what, mean, variance, allowed),
            None => sample.judge_mean(what, mean, variance, allowed),
        }
    }

    /// Fails where mean and variance of numbers that leave nothing to chance are not those claimed, up to rounding.
    fn exactly<T: Float>(&self, what: &str, numbers: &[T]) -> Result<(), Failure> {
        let numbers: Vec<f64> = numbers.iter().map(|w| w.get()).collect();
        let (mean, variance) = measured(&numbers);
        // Each number is rounded to half an epsilon of itself, and each sum of n in f64 to n of f64's.
        let summed = numbers.len() as f64 * f64::EPSILON;
        let (second, epsilon) = (mean * mean + variance, 4.0 * T::epsilon().get() + 2.0 * summed);
        let pairs = [("mean", self.mean, mean, second.sqrt()), ("variance", self.variance, variance, second)];
        for (of, claimed, found, size) in pairs {
            let Some(claimed) = claimed else { continue };
            let same = (claimed - found).abs() <= epsilon * size;
            let what = || format!("{what}: {of}, the same for every seed");
            Failure::unless(same, what, &format!("{claimed:e}"), || format!("{found:e}"))?;
        }
        Ok(())
    }
}

/// Mean and variance of some numbers.
fn measured(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().map(|w| w / n).sum::<f64>();
    (mean, numbers.iter().map(|w| (w - mean).powi(2) / n).sum())
}
