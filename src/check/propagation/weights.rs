//! `Weights`: the numbers of every parameter against what its initializer claims for them.

use super::claim::Claim;
use crate::InitMoments;
use crate::check::Failure;
use crate::check::sample::Sample;

/// How far what leaves nothing to chance may be off, relative to its size: for the rounding of many numbers.
const ROUNDING: f64 = 1e-9;

/// One parameter, and what was seen of it.
#[derive(Debug)]
pub(super) struct Weights {
    name: String,
    count: usize,
    claim: Claim,
    claimed: InitMoments,
    sample: Sample,
    networks: usize,
    /// What was claimed of a number that does not depend on chance, and what it was.
    broken: Option<(&'static str, f64, f64)>,
}

impl Weights {
    /// Of so many numbers; `None` where nothing is claimed of them.
    pub(super) fn new(name: &str, count: usize, claim: Claim) -> Option<Self> {
        let claimed = claim.moments.filter(|_| count > 0)?;
        let (name, sample) = (name.to_owned(), Sample::new());
        Some(Self { name, count, claim, claimed, sample, networks: 0, broken: None })
    }

    /// The parameter's full name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many independent numbers a network shows; `None` where chance has no say.
    pub(super) fn units(&self) -> Option<usize> {
        self.is_random().then_some(self.count)
    }

    fn is_random(&self) -> bool {
        self.claimed.variance > 0.0 && !self.claim.draws.are_fixed()
    }

    /// The numbers of one network.
    pub(super) fn watch(&mut self, numbers: &[f64]) {
        self.networks += 1;
        let InitMoments { mean, variance, kurtosis } = self.claimed;
        let second = mean * mean + variance;
        let mut exact = |of: &'static str, expected: f64, found: f64, size: f64| {
            // A NaN is near nothing.
            let is_near = (found - expected).abs() <= ROUNDING * size;
            if !is_near {
                self.broken.get_or_insert((of, expected, found));
            }
        };
        let mean_of = |power: i32| numbers.iter().map(|w| w.powi(power)).sum::<f64>() / numbers.len() as f64;
        if variance == 0.0 {
            numbers.iter().for_each(|&w| exact("a number", mean, w, mean.abs()));
        } else if self.claim.draws.fixes_norm() {
            exact("mean square", second, mean_of(2), second);
        }
        if self.claim.draws.are_fixed() {
            exact("mean", mean, mean_of(1), second.sqrt());
        }
        if self.is_random() {
            numbers.iter().for_each(|w| self.sample.push((w - mean) / variance.sqrt(), kurtosis));
        }
    }

    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        let what = format!("numbers of {}, over {} networks", self.name, self.networks);
        if let Some((of, expected, found)) = self.broken {
            let what = || format!("{what}: {of}");
            return Failure::unless(false, what, &format!("{expected:e}"), || format!("{found:e}"));
        }
        let InitMoments { mean, variance, .. } = self.claimed;
        match self.is_random() {
            // Of what has a fixed norm the mean is spread no more than that of independent numbers.
            true if self.claim.draws.fixes_norm() => self.sample.judge_mean(&what, mean, variance, allowed),
            true => self.sample.judge(&what, mean, variance, allowed),
            false => Ok(()),
        }
    }
}
