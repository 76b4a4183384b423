//! `PercentileNorm`: a limit that the norms so far decide.

use std::collections::VecDeque;

use super::{Clipped, GradientClipper, reachable, scale_down};
use crate::{Error, Float, Gradients};

/// Scales all gradients together so that their Euclidean norm is at most a percentile of the norms so far, this one included.
///
/// ```text
/// limit = percentile p of (N_1, ..., N_t), between neighbours in proportion;  g <- g * limit / N where N is above it
/// ```
///
/// ```
/// use evenkeel::PercentileNorm;
/// let clipper = PercentileNorm::new(10.0)?;
/// assert!(PercentileNorm::new(101.0).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Seetharaman and others, "AutoClip: Adaptive gradient clipping for source separation networks", 2020, who take p = 10. Here the last
/// [`window`](Self::window) norms count, 10,000 unless said otherwise, so that memory is bounded, and old ones do not hold on to a limit that
/// training has outgrown. Only norms that are finite and above 0 are remembered: in the original one NaN makes every later limit NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct PercentileNorm {
    share: f64,
    window: usize,
    /// The norms, oldest first, and the same from small to large.
    norms: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl PercentileNorm {
    /// With that percentile: 0 for the smallest norm so far, 100 for the largest, which clips nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] where `percentile` is not between 0 and 100.
    pub fn new(percentile: f64) -> Result<Self, Error> {
        let of = "PercentileNorm";
        let inside = (0.0..=100.0).contains(&percentile);
        let percentile = Error::require(inside, of, "percentile", percentile, "between 0 and 100")?;
        Ok(Self { share: percentile / 100.0, window: 0, norms: VecDeque::new(), sorted: Vec::new() }.with_room(10_000))
    }

    /// Of the last so many norms.
    ///
    /// # Errors
    /// [`Error::Argument`] where `steps` is 0 or above ten million.
    pub fn window(self, steps: usize) -> Result<Self, Error> {
        let within = (1..=10_000_000).contains(&steps);
        Error::require(within, "PercentileNorm", "steps", steps as f64, "between 1 and ten million")?;
        Ok(self.with_room(steps))
    }

    /// With room for so many norms, so that no step has to take it.
    fn with_room(self, window: usize) -> Self {
        Self { window, norms: VecDeque::with_capacity(window), sorted: Vec::with_capacity(window), ..self }
    }

    /// Adds a norm, which pushes out the oldest.
    fn remember(&mut self, norm: f64) {
        if self.norms.len() == self.window
            && let Some(oldest) = self.norms.pop_front()
        {
            self.sorted.remove(self.sorted.partition_point(|&known| known < oldest));
        }
        self.norms.push_back(norm);
        self.sorted.insert(self.sorted.partition_point(|&known| known < norm), norm);
    }

    /// The percentile; none where nothing is remembered.
    fn limit(&self) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let at = self.share * last as f64;
        let (below, above) = (self.sorted[at as usize], self.sorted[(at as usize + 1).min(last)]);
        Some(below + (above - below) * at.fract())
    }
}

impl<T: Float> GradientClipper<T> for PercentileNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let norm = match Clipped::measure(gradients) {
            Ok(norm) => norm,
            Err(outcome) => return outcome,
        };
        if norm.value() > 0.0 && norm.value().is_finite() {
            self.remember(norm.value());
        }
        let Some(limit) = self.limit() else { return Clipped::untouched(norm.value()) };
        let limit = reachable::<T>(limit, gradients.values().len());
        scale_down(gradients, norm, norm, limit)
    }

    fn memory(&self) -> Vec<f64> {
        self.norms.iter().copied().collect()
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        let norms = memory.iter().all(|norm| *norm > 0.0 && norm.is_finite());
        if !norms || memory.len() > self.window {
            return Err(Error::Foreign { what: "the clipper's memory" });
        }
        self.norms.clear();
        self.sorted.clear();
        memory.iter().for_each(|&norm| self.remember(norm));
        Ok(())
    }
}
