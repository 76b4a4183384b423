//! Clippers: what limits a gradient before it is applied.

mod adaptive_norm;
mod block_rms;
mod by_value;
mod chain;
mod global_norm;
mod per_layer;
mod percentile_norm;
mod policy;
mod z_score_norm;

pub use adaptive_norm::AdaptiveNorm;
pub use block_rms::BlockRms;
pub use by_value::ByValue;
pub use chain::Chain;
pub use global_norm::GlobalNorm;
pub use per_layer::PerLayerNorm;
pub use percentile_norm::PercentileNorm;
pub use policy::{NonFinite, Verdict};
pub use z_score_norm::ZScoreNorm;

use std::fmt::Debug;
use std::ops::Range;

use crate::linalg::{Norm, vectorized};
use crate::{Error, Float, Gradients, Place};

/// What a clipper did.
#[derive(Debug, Clone, PartialEq)]
pub struct Clipped {
    /// The Euclidean norm of all gradients before; not finite where an entry is not, or where the norm is beyond `f64`.
    pub norm_before: f64,
    /// The Euclidean norm of all gradients after, with [`pending`](Self::pending) applied.
    pub norm_after: f64,
    /// The factor by which the update is still to multiply every gradient; 1 where the gradients are already what they should be.
    pub pending: f64,
    /// How many entries were changed, those by `pending` included: also those of what was scaled that are what they were, for being 0 or for
    /// rounding. 0 where nothing was done.
    pub touched: usize,
    /// The first entry that is not finite. Then nothing was changed: see [`NonFinite`].
    pub non_finite: Option<Place>,
}

impl Clipped {
    /// The outcome of looking at gradients of that norm and changing nothing.
    pub fn untouched(norm: f64) -> Self {
        Self { norm_before: norm, norm_after: norm, pending: 1.0, touched: 0, non_finite: None }
    }

    /// Measures the gradients: `Ok` with their norm where all are finite; else the outcome that says where the first is that is not.
    pub(crate) fn measure<T: Float>(gradients: &Gradients<'_, T>) -> Result<Norm, Self> {
        let norm = gradients.norm_of_slots(0..gradients.layout().slots().len());
        if norm.is_finite() {
            return Ok(norm);
        }
        Err(Self { non_finite: gradients.first_non_finite(), ..Self::untouched(norm.value()) })
    }

    /// Multiplies the gradients by what is pending, for a user who applies them himself.
    pub fn settle<T: Float>(&mut self, gradients: &mut [T]) {
        if self.pending != 1.0 {
            let factor = T::of(self.pending);
            vectorized(|| gradients.iter_mut().for_each(|g| *g *= factor));
            self.pending = 1.0;
        }
    }
}

/// Limits gradients before they are applied.
///
/// A user's own clipper is one method; one that remembers something from step to step adds two more, so that a snapshot can keep it.
///
/// ```
/// use evenkeel::{Clipped, GradientClipper, Gradients};
///
/// /// Keeps the sign of every gradient and nothing else.
/// #[derive(Debug)]
/// struct SignOnly;
///
/// impl GradientClipper<f32> for SignOnly {
///     fn clip(&mut self, gradients: &mut Gradients<'_, f32>) -> Clipped {
///         let before = gradients.norm();
///         if let Some(place) = gradients.first_non_finite() {
///             return Clipped { non_finite: Some(place), ..Clipped::untouched(before) };
///         }
///         gradients.values_mut().iter_mut().filter(|g| **g != 0.0).for_each(|g| *g = g.signum());
///         let touched = gradients.values().len();
///         Clipped { norm_before: before, norm_after: gradients.norm(), pending: 1.0, touched, non_finite: None }
///     }
/// }
/// # let _: &dyn GradientClipper<f32> = &SignOnly;
/// ```
pub trait GradientClipper<T: Float>: Debug + Send {
    /// Limits the gradients, or leaves all of them as they are where one is not finite, and says what it did.
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped;

    /// What it remembers from step to step, as plain numbers.
    fn memory(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Takes back what [`memory`](Self::memory) gave.
    ///
    /// # Errors
    /// [`Error::Foreign`] where these numbers are not this clipper's.
    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        if memory.is_empty() { Ok(()) } else { Err(Error::Foreign { what: "the clipper's memory" }) }
    }
}

/// A clipper whose type is only known when the program runs.
impl<T: Float> GradientClipper<T> for Box<dyn GradientClipper<T>> {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        (**self).clip(gradients)
    }

    fn memory(&self) -> Vec<f64> {
        (**self).memory()
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        (**self).restore(memory)
    }
}

/// Scales all gradients, whose Euclidean norm is `euclidean`, by `limit / norm`, where that is below 1: as a factor for the update, if T can
/// hold it.
fn scale_down<T: Float>(gradients: &mut Gradients<'_, T>, euclidean: Norm, norm: Norm, limit: f64) -> Clipped {
    let (before, value) = (euclidean.value(), norm.value());
    if value <= limit {
        return Clipped::untouched(before);
    }
    let factor = limit / value;
    let norm_after = if norm == euclidean {
        limit
    } else {
        // In an order that neither norm, where it is beyond f64, makes infinite.
        limit * (euclidean.root() / norm.root()) * (euclidean.scale / norm.scale)
    };
    let touched = gradients.values().len();
    let after = Clipped { norm_before: before, norm_after, pending: factor, touched, non_finite: None };
    // The update multiplies in T: a factor that T cannot hold to full precision is applied here, in f64. So is 0, which is what a norm beyond
    // f64 leaves.
    if factor >= T::min_positive_value().get() {
        return after;
    }
    shrink(gradients.values_mut(), norm, limit);
    Clipped { pending: 1.0, ..after }
}

/// Scales the gradients of each range of slots so that their Euclidean norm is at most what `limit` says for so many of them.
fn limit_slots<T: Float>(
    gradients: &mut Gradients<'_, T>,
    parts: impl Iterator<Item = Range<usize>>,
    limit: impl Fn(usize) -> f64,
) -> Clipped {
    let before = match Clipped::measure(gradients) {
        Ok(norm) => norm.value(),
        Err(outcome) => return outcome,
    };
    let layout = gradients.layout();
    let (mut after, mut touched) = (Norm::ZERO, 0);
    for slots in parts {
        let norm = gradients.norm_of_slots(slots.clone());
        let count = layout.range_of(slots.clone()).len();
        let limit = reachable::<T>(limit(count), count);
        if norm.value() > limit {
            shrink(gradients.slots_mut(slots), norm, limit);
            touched += count;
            after = Norm::joined([after, Norm::of(limit)].into_iter());
        } else {
            after = Norm::joined([after, norm].into_iter());
        }
    }
    // Sums taken in another order differ in their last digits, where nothing was done.
    let norm_after = if touched == 0 { before } else { after.value() };
    Clipped { norm_before: before, norm_after, pending: 1.0, touched, non_finite: None }
}

/// Brings values of that norm down to `limit`: in f64 and rounded once, so that even 1e30 in f32 or 1e300 in f64 keeps its direction.
fn shrink<T: Float>(values: &mut [T], norm: Norm, limit: f64) {
    let (scale, root) = (norm.scale, norm.root());
    let factor = limit / root / scale;
    vectorized(|| {
        if factor >= f64::MIN_POSITIVE {
            values.iter_mut().for_each(|g| *g = T::of(g.get() * factor));
        } else {
            // A subnormal factor has lost digits. Then the limit is so far below the norm that each entry's share of the norm has them.
            values.iter_mut().for_each(|g| *g = T::of(g.get() / scale / root * limit));
        }
    });
}

/// The limit, or the smallest norm that `count` numbers of type `T` can have without losing digits, where the limit is below that: a
/// limit of 1e-50 must not erase an f32 gradient.
fn reachable<T: Float>(limit: f64, count: usize) -> f64 {
    limit.max(T::min_positive_value().get() * (count as f64).sqrt())
}
