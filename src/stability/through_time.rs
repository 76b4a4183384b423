//! `ThroughTime`: how a derivative fares on its way back through the steps of a sequence.

use super::{Series, Thresholds};
use crate::Float;

/// How the derivative of the loss by the state of a recurrent layer fares on its way back through the steps, over a run.
///
/// What is recorded are its norms at some lags, each the number of steps before the last one of a sequence: for the crate's own layers
/// those of [`Workspace::lag_norms`](crate::Workspace::lag_norms).
///
/// # Notes
/// What it may cost: memory for at most 5 + log2(steps) bounded series a layer, however long the run is; and, watched or not, one more read of
/// the derivative by the states in a backward pass: one multiply-add a number, where the products of the layer take `hidden` times as many.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ThroughTime {
    /// The norm at lag 0, at the powers of two, and at the last lag; every step that has the lag.
    pub norms: Vec<(usize, Series)>,
    /// The first lag at which the norm is below a share of that at lag 0, [`Thresholds::faded_in_time`]; infinite in a step in which it
    /// nowhere is. Every step.
    pub fades_at: Series,
    /// The first lag at which the norm is above a multiple of that at lag 0, [`Thresholds::grown_in_time`], and above twice the number of
    /// steps up to it; infinite in a step in which it nowhere is. Every step.
    pub grows_at: Series,
}

impl ThroughTime {
    /// Room for norms at up to `lags` lags.
    pub(super) fn new(lags: usize) -> Self {
        let powers = std::iter::successors(Some(1_usize), |lag| lag.checked_mul(2)).take_while(|&lag| lag + 1 < lags);
        let last = (lags > 1).then(|| lags - 1);
        let mut norms: Vec<(usize, Series)> = Vec::new();
        norms.extend([0].into_iter().chain(powers).chain(last).map(|lag| (lag, Series::new())));
        norms.shrink_to_fit();
        Self { norms, fades_at: Series::new(), grows_at: Series::new() }
    }

    /// Takes the norms of a step, from lag 0 on.
    pub(super) fn push<T: Float>(&mut self, step: u64, norms: &[T], thresholds: &Thresholds) {
        let Some(&at_end) = norms.first() else { return };
        for (lag, series) in &mut self.norms {
            norms.get(*lag).into_iter().for_each(|norm| series.push(step, norm.get()));
        }
        let at_end = at_end.get();
        if at_end > 0.0 && at_end.is_finite() {
            let lag = |found: Option<usize>| found.map_or(f64::INFINITY, |lag| lag as f64);
            let fades = norms.iter().position(|norm| norm.get() < thresholds.faded_in_time * at_end);
            // Where every step has an output, a state that neither fades nor grows collects as many derivatives as there are steps; twice
            // that, since errors are not the same at every step. Written this way round, a NaN has grown.
            let most = |lag: usize| thresholds.grown_in_time.max(2.0 * (lag + 1) as f64) * at_end;
            let grows = norms.iter().enumerate().position(|(lag, norm)| {
                let stays = norm.get() <= most(lag);
                !stays
            });
            self.fades_at.push(step, lag(fades));
            self.grows_at.push(step, lag(grows));
        }
    }

    /// The median of the lags of some steps, where more than half of them have one.
    pub(super) fn median_lag(steps: impl Iterator<Item = (u64, f64)>) -> Option<f64> {
        let mut lags: Vec<f64> = steps.map(|(_, lag)| lag).collect();
        lags.sort_unstable_by(f64::total_cmp);
        lags.get(lags.len() / 2).copied().filter(|lag| lag.is_finite())
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        let series: usize = self.norms.iter().map(|(_, series)| series.heap()).sum();
        let own = self.norms.capacity() * size_of::<(usize, Series)>();
        own + series + self.fades_at.heap() + self.grows_at.heap()
    }
}
