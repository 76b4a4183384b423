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
    /// The root of the variance, which is no larger than the norms; their squares may be beyond f64, or vanish.
    deviation: f64,
}

/// The smallest deviation, as a share of the mean.
const LEAST_DEVIATION: f64 = 0.01;

/// The most norms that can have been counted, one by one, in f64.
const MOST: f64 = (1_u64 << 53) as f64;

impl ZScoreNorm {
    /// That lets pass what lies within so many deviations above the mean.
    ///
    /// # Errors
    /// [`Error::Argument`] where `threshold` is zero, negative or not finite.
    pub fn new(threshold: f64) -> Result<Self, Error> {
        let threshold = Error::positive("ZScoreNorm", "threshold", threshold)?;
        Ok(Self { threshold, decay: 0.97, warm_up: 25, seen: 0, mean: 0.0, deviation: 0.0 })
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

    /// The deviation that is divided by.
    fn scale(&self) -> f64 {
        self.deviation.max(LEAST_DEVIATION * self.mean)
    }

    /// The limit for a norm, if it stands out.
    fn limit(&self, norm: f64) -> Option<f64> {
        let z = (norm - self.mean) / self.scale();
        let stands_out = self.seen >= self.warm_up && z > self.threshold;
        stands_out.then(|| self.mean + self.threshold * self.scale() * (self.threshold / z))
    }

    fn remember(&mut self, norm: f64) {
        self.seen += 1;
        let before = norm - self.mean;
        if self.seen <= self.warm_up {
            // Welford's way, as if mean and variance were taken at the end.
            let share = (self.seen as f64).recip();
            self.mean += before * share;
            let square_root = before.abs().sqrt() * (norm - self.mean).abs().sqrt();
            self.deviation = ((1.0 - share).sqrt() * self.deviation).hypot(share.sqrt() * square_root);
        } else {
            self.mean = self.decay * self.mean + (1.0 - self.decay) * norm;
            let distance = (1.0 - self.decay).sqrt() * (norm - self.mean);
            self.deviation = (self.decay.sqrt() * self.deviation).hypot(distance);
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
        if outcome.norm_after > 0.0 && outcome.norm_after.is_finite() {
            self.remember(outcome.norm_after);
        }
        outcome
    }

    fn memory(&self) -> Vec<f64> {
        vec![self.seen as f64, self.mean, self.deviation]
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        let &[seen, mean, deviation] = memory else { return Err(Error::Foreign { what: "the clipper's memory" }) };
        let counted = (0.0..=MOST).contains(&seen) && seen.fract() == 0.0;
        // Norms that were seen have a mean above 0; what was not seen has none.
        let means = if seen > 0.0 { mean > 0.0 && mean.is_finite() } else { mean == 0.0 && deviation == 0.0 };
        if !counted || !means || !(0.0..=f64::MAX).contains(&deviation) {
            return Err(Error::Foreign { what: "the clipper's memory" });
        }
        (self.seen, self.mean, self.deviation) = (seen as usize, mean, deviation);
        Ok(())
    }
}
