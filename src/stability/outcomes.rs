//! What a monitor is told of a step besides its numbers: what a clipper did, and what was tried on the side.

use super::{Descent, Monitor};
use crate::Clipped;

impl Monitor {
    /// Takes what a clipper did.
    pub fn clipped(&mut self, outcome: &Clipped) {
        self.clipping.steps += 1;
        self.clipping.clipped += u64::from(outcome.touched > 0);
        self.clipping.entries += outcome.touched as u64;
        if outcome.norm_before.is_finite() && outcome.touched > 0 {
            self.clipping.largest_norm = self.clipping.largest_norm.max(outcome.norm_before);
        }
        if outcome.touched > 0 && !outcome.norm_before.is_nan() && !outcome.norm_after.is_nan() {
            // A norm of 0, or beyond f64, has no logarithm: the next one that has stands for it.
            let logarithm = |norm: f64| norm.clamp(f64::MIN_POSITIVE, f64::MAX).ln();
            let reduction = logarithm(outcome.norm_before) - logarithm(outcome.norm_after);
            self.clipping.log_reduction += (reduction - self.clipping.log_reduction) / self.clipping.clipped as f64;
        }
    }

    /// Takes the loss of the batch at hand along its update: before it, in its course, and after it. Only while
    /// [`looking_closely`](Self::looking_closely).
    pub fn descent(&mut self, descent: Descent) {
        self.trials.slope.push(self.step, descent.slope());
        self.trials.gain.push(self.step, descent.gain());
    }

    /// Takes the loss of the same rows, with the same weights, in training and in use. Only while
    /// [`looking_closely`](Self::looking_closely). Nothing is recorded of losses that are not above 0.
    pub fn both_modes(&mut self, trained: f64, inferred: f64) {
        if trained > 0.0 && inferred > 0.0 {
            self.trials.inferred_to_trained.push(self.step, inferred / trained);
        }
    }

    /// Takes the share of entries in which the optimizer divides by its epsilon rather than by the size of the gradient:
    /// [`Optimizer::epsilon_share`](crate::Optimizer::epsilon_share). Only while [`looking_closely`](Self::looking_closely).
    pub fn epsilon_share(&mut self, share: f64) {
        self.trials.by_epsilon.push(self.step, share);
    }
}
