//! `ByValue`: a limit for every entry.

use super::{Clipped, GradientClipper};
use crate::linalg::vectorized;
use crate::{Error, Float, Gradients};

/// Limits every gradient to the range from `-limit` to `limit`.
///
/// g <- min(max(g, -limit), limit)
///
/// ```
/// use evenkeel::ByValue;
/// let clipper = ByValue::new(0.5)?;
/// assert!(ByValue::new(-0.5).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// It changes the direction of the gradient: entries beyond the limit shrink, the others do not. The norms keep it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByValue {
    limit: f64,
}

impl ByValue {
    /// With that limit.
    ///
    /// # Errors
    /// [`Error::Argument`] where `limit` is zero, negative or not finite.
    pub fn new(limit: f64) -> Result<Self, Error> {
        Ok(Self { limit: Error::positive("ByValue", "limit", limit)? })
    }
}

impl<T: Float> GradientClipper<T> for ByValue {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let before = match Clipped::measure(gradients) {
            Ok(norm) => norm.value(),
            Err(outcome) => return outcome,
        };
        // A limit that would round to zero in T must not erase the gradient; one beyond T's range clips nothing.
        let limit = Some(T::of(self.limit)).filter(|limit| *limit > T::zero()).unwrap_or(T::min_positive_value());
        let touched = vectorized(|| gradients.values().iter().filter(|g| g.abs() > limit).count());
        if touched > 0 {
            vectorized(|| gradients.values_mut().iter_mut().for_each(|g| *g = g.max(-limit).min(limit)));
        }
        let norm_after = if touched == 0 { before } else { gradients.norm() };
        Clipped { norm_before: before, norm_after, pending: 1.0, touched, non_finite: None }
    }
}
