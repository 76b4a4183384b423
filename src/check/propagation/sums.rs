//! `Sums`: those of one linear layer against the exact law that they have, given its input.

use crate::InitMoments;
use crate::check::Failure;
use crate::check::sample::Sample;

/// A linear layer, and what was seen of its sums.
#[derive(Debug)]
pub(super) struct Sums {
    name: String,
    units: usize,
    weight: InitMoments,
    bias: InitMoments,
    sample: Sample,
    /// Sums of the means and variances that were expected.
    mean: f64,
    variance: f64,
    draws: f64,
}

impl Sums {
    /// Of a layer of so many units, whose weights and biases are claimed to start like that.
    pub(super) fn new(name: String, units: usize, weight: InitMoments, bias: InitMoments) -> Self {
        Self { name, units, weight, bias, sample: Sample::new(), mean: 0.0, variance: 0.0, draws: 0.0 }
    }

    /// The layer's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many independent sums a draw shows.
    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// The sums of one network: given `x`, its units are independent.
    pub(super) fn watch(&mut self, x: &[f64], z: &[f64]) {
        let (sum, squares, fourths) = x.iter().fold((0.0, 0.0, 0.0), |(a, b, c), x| (a + x, b + x * x, c + x.powi(4)));
        let (weight, bias) = (self.weight, self.bias);
        let mean = sum * weight.mean + bias.mean;
        let variance = squares * weight.variance + bias.variance;
        if variance == 0.0 {
            // Nothing to judge, unless there is chance where none should be.
            let rounding = 1e-9 * x.iter().map(|x| (x * weight.mean).abs()).sum::<f64>() + 1e-9 * bias.mean.abs();
            if z.iter().any(|z| z.is_nan() || (z - mean).abs() > rounding) {
                self.sample.push(f64::NAN, None);
                self.draws += 1.0;
            }
            return;
        }
        // Fourth cumulants of independent numbers add up.
        let excess = |moments: InitMoments, weight: f64| match moments.kurtosis {
            _ if moments.variance == 0.0 => Some(0.0),
            kurtosis => kurtosis.map(|kurtosis| (kurtosis - 3.0) * moments.variance.powi(2) * weight),
        };
        let excess = excess(weight, fourths).zip(excess(bias, 1.0)).map(|(a, b)| (a + b) / (variance * variance));
        z.iter().for_each(|z| self.sample.push((z - mean) / variance.sqrt(), excess.map(|excess| 3.0 + excess)));
        self.mean += mean;
        self.variance += variance;
        self.draws += 1.0;
    }

    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        if self.draws == 0.0 {
            return Ok(());
        }
        let what = format!("sums of {}, over {} networks", self.name, self.draws);
        self.sample.judge(&what, self.mean / self.draws, self.variance / self.draws, allowed)
    }
}
