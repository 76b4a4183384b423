//! `GlobalNorm`: one limit for all gradients together.

use super::{Clipped, GradientClipper, reachable, shrink};
use crate::{Error, Float, Gradients};

/// Scales all gradients together so that their Euclidean norm is at most `limit`.
///
/// g <- g * limit / N where N = |all g| is above `limit`, else g stays as it is, bit by bit.
///
/// ```
/// use evenkeel::GlobalNorm;
/// let clipper = GlobalNorm::new(1.0)?;
/// assert!(GlobalNorm::new(0.0).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013. Against PyTorch's
/// `clip_grad_norm_`: nothing is added to the norm, so that afterwards it *is* the limit, to rounding; and a finite gradient whose
/// square would overflow is scaled rightly instead of being zeroed. The factor is left [pending](Clipped::pending) for the pass in
/// which the optimizer reads the gradients anyway.
///
/// A limit below the smallest norm that n normal numbers of the network's type have (1.2e-38 sqrt(n) in f32) is raised to that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalNorm {
    limit: f64,
}

impl GlobalNorm {
    /// With that limit.
    ///
    /// # Errors
    /// [`Error::Argument`] where `limit` is zero, negative or not finite.
    pub fn new(limit: f64) -> Result<Self, Error> {
        Ok(Self { limit: Error::positive("GlobalNorm", "limit", limit)? })
    }
}

impl<T: Float> GradientClipper<T> for GlobalNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let norm = match Clipped::measure(gradients) {
            Ok(norm) => norm,
            Err(outcome) => return outcome,
        };
        let before = norm.value();
        let limit = reachable::<T>(self.limit, gradients.values().len());
        if before <= limit {
            return Clipped::untouched(before);
        }
        let touched = gradients.values().len();
        let factor = limit / before;
        let after = Clipped { norm_before: before, norm_after: limit, pending: factor, touched, non_finite: None };
        // The update multiplies in T: a factor that T cannot hold to full precision is applied here, in f64. So is 0, which is what
        // a norm beyond f64 leaves.
        if factor >= T::min_positive_value().get() {
            return after;
        }
        shrink(gradients.values_mut(), norm, limit);
        Clipped { pending: 1.0, ..after }
    }
}
