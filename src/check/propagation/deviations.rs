//! `Deviations`: those of what networks show of a layer from what its moments say, and whether chance explains them.

use crate::check::Failure;
use crate::check::sample::{probability, too_unlikely};

/// A deviation below a thousandth is no matter of theory: there an epsilon shows, and rounding.
const FLOOR: f64 = 1e-3;
/// Beyond so many standard errors nothing is known of tails, and nothing needs to be.
const FAR: f64 = 6.5;

/// Relative deviations, one a network, which have mean 0 where nothing is wrong, but for a bias that is allowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Deviations {
    each: Vec<f64>,
    /// The sum of what was expected.
    expected: f64,
    /// The sum of the scales that the deviations are relative to.
    scale: f64,
}

impl Deviations {
    /// What one network shows, beside what was expected; the difference counts relative to `scale`.
    pub(super) fn push(&mut self, found: f64, expected: f64, scale: f64) {
        if found == expected && scale == 0.0 {
            return;
        }
        self.each.push((found - expected) / scale);
        self.expected += expected;
        self.scale += scale;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.each.len()
    }

    /// Fails where their mean is further from 0 than the bias and chance, with probability `allowed`, take it.
    ///
    /// The mean over its standard error follows Student's law; its tails are those of a normal number after Wallace's transformation
    /// (1959), exact to some thousandths here. Skewness s makes them exp(|s| t^3 / (3 sqrt(n))) times as likely to first order, since the
    /// error is measured as well (Shao, "Self-normalized large deviations", 1997).
    pub(super) fn judge(&self, what: &str, bias: f64, allowed: f64) -> Result<(), Failure> {
        let n = self.each.len() as f64;
        if n < 2.0 {
            return Ok(());
        }
        let mean = self.each.iter().sum::<f64>() / n;
        let power = |k: i32| self.each.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
        let (variance, third) = (power(2), power(3));
        let skewness = if variance > 0.0 { third / variance.powf(1.5) } else { 0.0 };
        let off = (mean.abs() - bias - FLOOR).max(0.0);
        let probability = if mean.is_nan() || variance.is_nan() {
            f64::NAN
        } else if off == 0.0 {
            1.0
        } else {
            let freedom = n - 1.0;
            let t = off / (variance / freedom).sqrt();
            let normal = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * (freedom * (t * t / freedom).ln_1p()).sqrt();
            let skewed = (skewness.abs() * normal.min(FAR).powi(3) / (3.0 * n.sqrt())).exp();
            (probability(normal) * skewed).min(1.0)
        };
        if too_unlikely(probability, allowed) {
            let (expected, scale) = (self.expected / n, self.scale / n);
            return Err(Failure::Unlikely {
                what: what.to_owned(),
                expected,
                found: expected + mean * scale,
                probability,
                allowed,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;

    /// Skewed numbers, squares of normal ones, in samples of 64: at a rate of 1 % fewer than that fail. What is off by half is found; not in
    /// every sample, for one with a straggler is so skewed that it tells little.
    #[test]
    fn what_is_right_passes() {
        let mut generator = Generator::named(3, "deviations");
        let (mut failed, mut missed) = (0, 0);
        for _ in 0..2000 {
            let mut normal = [0.0; 64 * 8];
            generator.fill_normal(0.0, 1.0, &mut normal);
            let mut deviations = Deviations::default();
            let mut off = Deviations::default();
            for eight in normal.chunks_exact(8) {
                let square: f64 = eight.iter().map(|z: &f64| z * z).sum::<f64>() / 8.0;
                deviations.push(square, 1.0, 1.0);
                off.push(square, 2.0, 2.0);
            }
            failed += usize::from(deviations.judge("x", 0.0, 0.01).is_err());
            missed += usize::from(off.judge("x", 0.05, 1e-6).is_ok());
        }
        // 20 of 2000 at most are expected to; 50 is six standard deviations above.
        assert!(failed <= 50, "{failed} of 2000");
        // Nineteen of twenty are found, whatever the sample.
        assert!(missed <= 100, "{missed} of 2000");
    }

    #[test]
    fn a_number_that_is_none_is_never_likely() {
        let mut deviations = Deviations::default();
        (0..3).for_each(|_| deviations.push(f64::NAN, 1.0, 1.0));
        assert!(deviations.judge("x", 1.0, 1e-6).is_err());
    }
}
