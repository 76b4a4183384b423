//! `BlockRms`: a limit for the size of the entries of each parameter.

use super::{Clipped, GradientClipper, limit_slots};
use crate::{Error, Float, Gradients};

/// Scales the gradient of each parameter so that the root of its mean square is at most `limit`.
///
/// ```text
/// g_k <- g_k / max(1, r / limit),  r = sqrt(mean of g_k^2)
/// ```
///
/// ```
/// use evenkeel::BlockRms;
/// let clipper = BlockRms::new(1.0)?;
/// assert!(BlockRms::new(-1.0).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Shazeer and Stern, "Adafactor", 2018, where it limits the update; optax's `clip_by_block_rms`. A limit does not depend on how many entries a
/// parameter has, as that of a norm does. Against optax: an infinity or a NaN is reported, and nothing changed; a limit of 0 is refused.
/// A limit above 1.8e308 / sqrt(n), of which the norm of n entries would be beyond `f64`, clips nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockRms {
    limit: f64,
}

impl BlockRms {
    /// With that limit.
    ///
    /// # Errors
    /// [`Error::Argument`] where `limit` is zero, negative or not finite.
    pub fn new(limit: f64) -> Result<Self, Error> {
        Ok(Self { limit: Error::positive("BlockRms", "limit", limit)? })
    }
}

impl<T: Float> GradientClipper<T> for BlockRms {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let slots = 0..gradients.layout().slots().len();
        limit_slots(gradients, slots.map(|slot| slot..slot + 1), |count| self.limit * (count as f64).sqrt())
    }
}
