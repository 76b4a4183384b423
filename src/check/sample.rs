//! `Sample`: independent numbers that should have mean 0 and variance 1, and how unlikely they are.

use super::Failure;
use crate::Error;

/// The false-alarm rate of a check unless told otherwise.
pub(super) const RATE: f64 = 1e-6;

/// A false-alarm rate, where it is one: with none, or with 1, nothing would be judged.
pub(super) fn possible(of: &'static str, rate: f64) -> Result<f64, Error> {
    Error::require(rate > 0.0 && rate < 1.0, of, "rate", rate, "above 0 and below 1")
}

/// How far a share of the numbers may be off for having been rounded to `f32`: matters only where chance has no say.
const ROUNDING: f64 = 1e-6;

/// Power sums of numbers with a claimed mean of 0 and a claimed variance of 1.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    count: f64,
    sum: f64,
    squares: f64,
    fourths: f64,
    /// The sum of the numbers' kurtoses, where all are known.
    kurtoses: Option<f64>,
}

impl Sample {
    pub(super) fn new() -> Self {
        Self { kurtoses: Some(0.0), ..Self::default() }
    }

    /// One more number, drawn from a distribution of that kurtosis.
    pub(super) fn push(&mut self, number: f64, kurtosis: Option<f64>) {
        let square = number * number;
        self.count += 1.0;
        self.sum += number;
        self.squares += square;
        self.fourths += square * square;
        self.kurtoses = self.kurtoses.zip(kurtosis).map(|(sum, kurtosis)| sum + kurtosis);
    }

    /// Fails where the variance, or else the mean, is further from the claim than chance takes it with probability `allowed`.
    ///
    /// Mean and variance of n numbers are nearly normal, with variances 1 / n and (kurtosis - 1) / n; a kurtosis that nobody knows is
    /// measured. Their skewness s, sqrt(8 / n) for the squares of normal numbers, makes the two tails beyond z standard deviations
    /// cosh(s z^3 / 6) times as likely to first order (Cramer, 1938): for n = 10,000 and z = 6 that is 1.6, so both probabilities are
    /// doubled.
    pub(super) fn judge(&self, what: &str, mean: f64, variance: f64, allowed: f64) -> Result<(), Failure> {
        let n = self.count;
        let measured = self.fourths * n / (self.squares * self.squares);
        let kurtosis = self.kurtoses.map_or(measured, |sum| sum / n);
        let spread = (n * (kurtosis - 1.0).max(0.0)).sqrt().max(ROUNDING * n);
        let probability = probability((self.squares - n) / spread);
        if too_unlikely(probability, allowed) {
            let (what, found) = (format!("{what}: variance"), variance * self.squares / n);
            return Err(Failure::Unlikely { what, expected: variance, found, probability, allowed });
        }
        self.judge_mean(what, mean, variance, allowed)
    }

    /// Fails where the mean is further from the claim than chance takes it with probability `allowed`.
    pub(super) fn judge_mean(&self, what: &str, mean: f64, variance: f64, allowed: f64) -> Result<(), Failure> {
        let n = self.count;
        let probability = probability(self.sum / n.sqrt());
        if too_unlikely(probability, allowed) {
            let (what, found) = (format!("{what}: mean"), mean + variance.sqrt() * self.sum / n);
            return Err(Failure::Unlikely { what, expected: mean, found, probability, allowed });
        }
        Ok(())
    }
}

/// Whether that is less than allowed; a probability that is no number is.
pub(super) fn too_unlikely(probability: f64, allowed: f64) -> bool {
    probability.is_nan() || probability < allowed
}

/// Twice the probability that a normal number is that many standard deviations off, on either side.
pub(super) fn probability(deviations: f64) -> f64 {
    2.0 * libm::erfc(deviations.abs() / 2.0_f64.sqrt())
}

/// Fails where the numbers (which it sorts) do not follow the cumulative distribution function.
///
/// The largest distance d of the two functions is above t with probability at most 2 exp(-2 n t^2), for any n: Massart, "The tight
/// constant in the Dvoretzky-Kiefer-Wolfowitz inequality", 1990.
pub(super) fn follows(what: &str, numbers: &mut [f64], cdf: impl Fn(f64) -> f64, allowed: f64) -> Result<(), Failure> {
    numbers.sort_unstable_by(f64::total_cmp);
    let n = numbers.len() as f64;
    let mut worst = (0.0_f64, 0.0, 0.0);
    for (at, &number) in numbers.iter().enumerate() {
        let expected = cdf(number);
        for found in [at as f64 / n, (at + 1) as f64 / n] {
            let distance = (found - expected).abs();
            if distance > worst.0 || distance.is_nan() {
                worst = (distance, expected, found);
            }
        }
    }
    let (distance, expected, found) = worst;
    let probability = 2.0 * (-2.0 * n * distance * distance).exp();
    if too_unlikely(probability, allowed) {
        let what = format!("{what}: share of the numbers below some number");
        return Err(Failure::Unlikely { what, expected, found, probability, allowed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_a_normal_number() {
        // 2 (1 - Phi(1)) and 2 (1 - Phi(5)), doubled.
        assert!((probability(-1.0) / (2.0 * 0.317_310_507_862_914) - 1.0).abs() < 1e-12);
        assert!((probability(5.0) / (2.0 * 5.733_031_437_583_9e-7) - 1.0).abs() < 1e-10);
    }

    #[test]
    fn a_number_that_is_none_is_never_likely() {
        let mut sample = Sample::new();
        sample.push(f64::NAN, Some(3.0));
        assert!(matches!(sample.judge("x", 0.0, 1.0, 1e-6), Err(Failure::Unlikely { .. })));
        assert!(follows("x", &mut [0.5; 100], |_| f64::NAN, 1e-6).is_err());
    }
}
