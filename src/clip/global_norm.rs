//! `GlobalNorm`: one limit for all gradients together.

use super::{Clipped, GradientClipper, reachable, scale_down};
use crate::linalg::norm_of_order;
use crate::{Error, Float, Gradients};

/// Scales all gradients together so that their norm is at most `limit`: the Euclidean norm, or one of another [order](Self::order).
///
/// ```text
/// g <- g * limit / N  where  N = (sum of |g_i|^p)^(1/p)  is above limit, else g stays as it is, bit by bit
/// ```
///
/// ```
/// use evenkeel::GlobalNorm;
/// let clipper = GlobalNorm::new(1.0)?;
/// assert!(GlobalNorm::new(0.0).is_err());
/// let largest_entry = GlobalNorm::new(1.0)?.order(f64::INFINITY)?;
/// # let _ = (clipper, largest_entry);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013. Against PyTorch's
/// `clip_grad_norm_`: nothing is added to the norm, so that afterwards it *is* the limit, to rounding; a finite gradient whose
/// square would overflow is scaled rightly instead of being zeroed; and a norm is one over all entries, also of order infinity. The factor
/// is left [pending](Clipped::pending) for the pass in which the optimizer reads the gradients anyway. The Euclidean norm is known from the
/// backward pass; one of another order takes one read more. What the outcome tells is the Euclidean norm in any case.
///
/// A limit below the smallest norm that n normal numbers of the network's type have (1.2e-38 sqrt(n) in f32) is raised to that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalNorm {
    limit: f64,
    order: f64,
}

impl GlobalNorm {
    /// With that limit for the Euclidean norm.
    ///
    /// # Errors
    /// [`Error::Argument`] where `limit` is zero, negative or not finite.
    pub fn new(limit: f64) -> Result<Self, Error> {
        Ok(Self { limit: Error::positive("GlobalNorm", "limit", limit)?, order: 2.0 })
    }

    /// With the norm of that order: 1 for the sum of sizes, 2 for the Euclidean one, infinity for the largest entry.
    ///
    /// # Errors
    /// [`Error::Argument`] where `order` is below 1, which makes no norm, or NaN.
    pub fn order(self, order: f64) -> Result<Self, Error> {
        let order = Error::require(order >= 1.0, "GlobalNorm", "order", order, "at least 1, or infinite")?;
        Ok(Self { order, ..self })
    }
}

impl<T: Float> GradientClipper<T> for GlobalNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let euclidean = match Clipped::measure(gradients) {
            Ok(norm) => norm,
            Err(outcome) => return outcome,
        };
        let norm = if self.order == 2.0 { euclidean } else { norm_of_order(gradients.values(), self.order) };
        let limit = reachable::<T>(self.limit, gradients.values().len());
        scale_down(gradients, euclidean, norm, limit)
    }
}
