//! `ZScoreNorm`: a limit for norms that stand out from those before.

use super::{Clipped, GradientClipper, reachable, scale_down};
use crate::{Error, Float, Gradients};

/// Scales all gradients together where their Euclidean norm stands out from those of the steps before.
///
/// ```text
/// z = (N - mean) / deviation          limit = mean + threshold^2 deviation / z  where z is above threshold, else none
/// mean <- decay mean + (1 - decay) N'          deviation^2 <- decay deviation^2 + (1 - decay) (N' - mean)^2
/// ```
///
/// with N' the norm after clipping. For the first [`warm_up`](Self::warm_up) steps nothing is clipped; mean and variance start as theirs.
///
/// ```
/// use evenkeel::ZScoreNorm;
/// let clipper = ZScoreNorm::new(2.5)?;
/// assert!(ZScoreNorm::new(0.0).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Kumar, Owen, Chowdhury and Guera, "ZClip: Adaptive spike mitigation for LLM pre-training", 2025, who take a threshold of 2.5, a decay of 0.97
/// and 25 steps of warm-up, as here. Only norms that are finite and above 0 are remembered: in the original one NaN turns clipping off for
/// good. Nothing is added to the deviation to divide by; one below a hundredth of the mean is taken for that, so that equal norms during the
/// warm-up do not pin all later ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZScoreNorm {
    threshold: f64,
    decay: f64,
    warm_up: usize,
    /// How many norms were seen.
    seen: usize,
    mean: f64,
    /// In the warm-up the sum of the squared distances from the mean.
    variance: f64,
}

/// The smallest deviation, as a share of the mean.
const LEAST_DEVIATION: f64 = 0.01;

/// The largest norm that is remembered: sums of the squares of larger ones may be beyond f64.
const LARGEST: f64 = 1e150;

/// The most norms that can have been counted, one by one, in f64.
const MOST: f64 = (1_u64 << 53) as f64;

impl ZScoreNorm {
    /// That lets pass what lies within so many deviations above the mean.
    ///
    /// # Errors
    /// [`Error::Argument`] where `threshold` is zero, negative or not finite.
    pub fn new(threshold: f64) -> Result<Self, Error> {
        let threshold = Error::positive("ZScoreNorm", "threshold", threshold)?;
        Ok(Self { threshold, decay: 0.97, warm_up: 25, seen: 0, mean: 0.0, variance: 0.0 })
    }

    /// With a memory that fades by this factor from step to step.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `decay` is at least 0 and below 1.
    pub fn decay(self, decay: f64) -> Result<Self, Error> {
        Ok(Self { decay: Error::fraction("ZScoreNorm", "decay", decay)?, ..self })
    }

    /// That looks at so many norms before it clips.
    ///
    /// # Errors
    /// [`Error::Argument`] where `steps` is below 2, of which there is no deviation.
    pub fn warm_up(self, steps: usize) -> Result<Self, Error> {
        Error::require(steps >= 2, "ZScoreNorm", "steps", steps as f64, "at least 2: one norm has no deviation")?;
        Ok(Self { warm_up: steps, ..self })
    }

    fn deviation(&self) -> f64 {
        self.variance.sqrt().max(LEAST_DEVIATION * self.mean)
    }

    /// The limit for a norm, if it stands out.
    fn limit(&self, norm: f64) -> Option<f64> {
        let z = (norm - self.mean) / self.deviation();
        let stands_out = self.seen >= self.warm_up && z > self.threshold;
        stands_out.then(|| self.mean + self.threshold * self.deviation() * (self.threshold / z))
    }

    fn remember(&mut self, norm: f64) {
        self.seen += 1;
        if self.seen <= self.warm_up {
            // Welford's way: the mean and the sum of squared distances from it, as if both were taken at the end.
            let distance = norm - self.mean;
            self.mean += distance / self.seen as f64;
            self.variance += distance * (norm - self.mean);
            if self.seen == self.warm_up {
                self.variance /= self.warm_up as f64;
            }
        } else {
            self.mean = self.decay * self.mean + (1.0 - self.decay) * norm;
            self.variance = self.decay * self.variance + (1.0 - self.decay) * (norm - self.mean).powi(2);
        }
    }
}

impl<T: Float> GradientClipper<T> for ZScoreNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let norm = match Clipped::measure(gradients) {
            Ok(norm) => norm,
            Err(outcome) => return outcome,
        };
        let value = norm.value();
        let limit = self.limit(value).map(|limit| reachable::<T>(limit, gradients.values().len()));
        let outcome = match limit {
            Some(limit) => scale_down(gradients, norm, norm, limit),
            None => Clipped::untouched(value),
        };
        if outcome.norm_after > 0.0 && outcome.norm_after <= LARGEST {
            self.remember(outcome.norm_after);
        }
        outcome
    }

    fn memory(&self) -> Vec<f64> {
        vec![self.seen as f64, self.mean, self.variance]
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        let &[seen, mean, variance] = memory else { return Err(Error::Foreign { what: "the clipper's memory" }) };
        let counted = (0.0..=MOST).contains(&seen) && seen.fract() == 0.0;
        // Norms that were seen have a mean above 0; what was not seen has none.
        let means = if seen > 0.0 { mean > 0.0 && mean <= LARGEST } else { mean == 0.0 && variance == 0.0 };
        if !counted || !means || !(0.0..=f64::MAX).contains(&variance) {
            return Err(Error::Foreign { what: "the clipper's memory" });
        }
        (self.seen, self.mean, self.variance) = (seen as usize, mean, variance);
        Ok(())
    }
}
