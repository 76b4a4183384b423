//! `PerLayerNorm`: a limit for each layer on its own.

use super::{Clipped, GradientClipper, limit_slots};
use crate::{Error, Float, Gradients};

/// Scales the gradients of each layer (weights and biases together) so that their Euclidean norm is at most `limit`.
///
/// g_l <- g_l * limit / |g_l| where |g_l| is above `limit`, else g_l stays as it is, bit by bit.
///
/// ```
/// use evenkeel::PerLayerNorm;
/// let clipper = PerLayerNorm::new(1.0)?;
/// assert!(PerLayerNorm::new(f64::NAN).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Unlike [`GlobalNorm`](crate::GlobalNorm) it turns the whole gradient: layers that explode lose weight against those that do not.
/// What some libraries call "clip by norm" limits every tensor on its own; here weights and bias of a layer share one norm.
///
/// A limit below the smallest norm that n normal numbers of the network's type have (1.2e-38 sqrt(n) in f32) is raised to that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerLayerNorm {
    limit: f64,
}

impl PerLayerNorm {
    /// With that limit for each layer.
    ///
    /// # Errors
    /// [`Error::Argument`] where `limit` is zero, negative or not finite.
    pub fn new(limit: f64) -> Result<Self, Error> {
        Ok(Self { limit: Error::positive("PerLayerNorm", "limit", limit)? })
    }
}

impl<T: Float> GradientClipper<T> for PerLayerNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        limit_slots(gradients, gradients.layout().layer_slots(), |_| self.limit)
    }
}
