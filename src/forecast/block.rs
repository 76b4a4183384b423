//! `Block`: a layer of sums with the function behind it, as if there were many of them.

use super::FixedPoint;
use super::parts::{Part, pair, two_slopes};
use super::walk::Step;
use crate::{Expectations, Pointwise};

/// What passes through block after block: numbers of which a share is kept, sums of these, and a function of the sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) function: &'a dyn Pointwise,
    /// n_in times the variance of a weight.
    pub(super) weight_variance: f64,
    pub(super) bias_variance: f64,
    /// The share of numbers that dropout keeps.
    pub(super) kept: f64,
}

impl<'a> Block<'a> {
    pub(super) fn expected(&self, q: f64) -> Expectations {
        self.function.expected(0.0, q)
    }

    /// What a mean square is multiplied by on its way through weights and dropout: what is kept is scaled up, signals and gradients alike.
    pub(super) fn factor(&self) -> f64 {
        self.weight_variance / self.kept
    }

    /// Whether both have the same function, as far as a few numbers tell, and weights and biases of the same variance.
    fn is_like(&self, other: &Self) -> bool {
        const POINTS: [f64; 5] = [-4.0, -1.5, -0.25, 0.5, 3.0];
        let function = |block: &Self| POINTS.map(|x| block.function.value_and_slope(x));
        self.starts_as(other) && function(self) == function(other)
    }

    /// Whether weights and biases start as those of the other do, as far as it matters.
    pub(super) fn starts_as(&self, other: &Self) -> bool {
        let near = |one: f64, other: f64| (one - other).abs() <= 1e-3 * other.abs();
        near(self.weight_variance, other.weight_variance) && near(self.bias_variance, other.bias_variance)
    }

    /// The second moment of the sums of the next block.
    pub(super) fn next(&self, q: f64) -> f64 {
        self.factor() * self.expected(q).second + self.bias_variance
    }

    /// Whether it treats signals of every size alike.
    pub(super) fn has_no_scale(&self) -> bool {
        self.bias_variance == 0.0 && two_slopes(self.function).is_some()
    }

    /// The fixed point to which a second moment is led, or from which it is driven away.
    pub(super) fn fixed_point(&self, q: f64) -> Option<FixedPoint> {
        if self.has_no_scale() {
            return None;
        }
        let second_moment = FixedPoint::near(q, |q| self.next(q))?;
        Some(FixedPoint { second_moment, chi_parallel: self.factor() * self.expected(second_moment).growth })
    }

    /// The depth over which the correlation of two inputs approaches its limit by a factor e, at a fixed point that is reached; in the chaotic
    /// phase, where that takes some work, only if it is asked for.
    pub(super) fn correlation_depth(&self, point: Option<FixedPoint>, asked: bool) -> Option<f64> {
        let is_masked = self.kept < 1.0;
        let q = match point.filter(|point| !point.is_repelling()) {
            Some(point) => point.second_moment,
            // Correlations of what has no scale do not depend on the variance of the weights.
            None if is_masked && self.has_no_scale() => 1.0,
            None => return None,
        };
        let chi_1 = self.factor() * self.expected(q).slope_second;
        match is_masked {
            // No two passes leave out the same: even of one input twice the limit is below 1.
            true => Some(depth(self.limit(q))),
            // At the edge, but for rounding, it is any.
            false if chi_1 <= 1.0 + 1e-9 => Some(depth(chi_1)),
            false => asked.then(|| depth(self.limit(q))),
        }
    }

    /// By what a small deviation from the correlation with which two inputs end is multiplied. As a power series whose coefficients are not
    /// negative the map of correlations is convex: from 0 on, tangents lead to its first fixed point and not beyond.
    fn limit(&self, q: f64) -> f64 {
        let whole = self.factor() * pair(self.function, q, 1.0).product + self.bias_variance;
        let mut c = 0.0_f64;
        for _ in 0..100 {
            let of = pair(self.function, q, c);
            let next = (self.weight_variance * of.product + self.bias_variance) / whole;
            let slope = self.weight_variance * of.slopes * q / whole;
            let step = (next - c) / (1.0 - slope);
            let arrived = step.is_nan() || step < 1e-12 || slope >= 1.0;
            if arrived {
                return slope;
            }
            c = (c + step).min(1.0);
            // At the edge itself the limit is 1.
            if c > 1.0 - 1e-6 {
                break;
            }
        }
        self.weight_variance * pair(self.function, q, c).slopes * q / whole
    }
}

/// Over how many layers something changes by a factor e.
pub(super) fn depth(factor: f64) -> f64 {
    factor.abs().ln().abs().recip()
}

/// A block of a network, and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    /// Of its layer of sums.
    pub(super) index: usize,
    pub(super) block: Block<'a>,
    /// The second moment of its sums.
    pub(super) q: f64,
    pub(super) of: Expectations,
}

/// Of how many layers of sums the weights are random and centred, with a function right behind.
pub(super) fn count(steps: &[Step<'_>]) -> usize {
    let is_block = |pair: &[Step<'_>]| {
        matches!(pair[1].part, Part::Pointwise(_)) && pair[0].part.sums().is_some_and(|dense| dense.is_centred())
    };
    steps.windows(2).filter(|pair| is_block(pair)).count()
}

/// The block that stands for a deep network: of those that are fed by units, not by data, and whose function is not the output, the last one of
/// the kind of which there are most.
pub(super) fn that_stands_for_all<'a>(steps: &[Step<'a>]) -> Option<Placed<'a>> {
    let all: Vec<_> = (0..steps.len()).filter_map(|index| placed(steps, index)).collect();
    let hidden = most_common(all.iter().skip(1).filter(|placed| placed.index + 2 < steps.len()));
    let (of_data, hidden) = (hidden.is_none() && all.len() < 2, hidden.or(all.last()));
    let placed = *hidden?;
    let is_sums = |step: &&Step<'_>| step.part.sums().is_none();
    let kept = |kept: f64, step: &Step<'_>| if let Part::Dropout(share) = step.part { kept * share } else { kept };
    // In front of the first are data: what is kept of its own outputs is what the next one would see.
    let kept = match of_data {
        true => steps[placed.index + 1..].iter().take_while(is_sums).fold(1.0, kept),
        false => steps[..placed.index].iter().rev().take_while(is_sums).fold(1.0, kept),
    };
    Some(Placed { block: Block { kept, ..placed.block }, ..placed })
}

/// The last one of the kind of which there are most; of two kinds with as many, the later one.
fn most_common<'p, 'a>(blocks: impl Iterator<Item = &'p Placed<'a>>) -> Option<&'p Placed<'a>>
where
    'a: 'p,
{
    let mut kinds: Vec<(usize, &Placed<'a>)> = Vec::new();
    for placed in blocks {
        match kinds.iter().position(|(_, last)| last.block.is_like(&placed.block)) {
            // What was seen last stands last.
            Some(at) => {
                let (count, _) = kinds.remove(at);
                kinds.push((count + 1, placed));
            }
            None => kinds.push((1, placed)),
        }
    }
    kinds.into_iter().max_by_key(|(count, _)| *count).map(|(_, last)| last)
}

fn placed<'a>(steps: &[Step<'a>], index: usize) -> Option<Placed<'a>> {
    let (first, second) = (steps.get(index)?, steps.get(index + 1)?);
    let (Some(dense), Part::Pointwise(function)) = (first.part.sums(), second.part) else { return None };
    let (x, of) = (second.x?, second.of?);
    let (weight_variance, bias_variance) = (dense.weight_variance(), dense.bias.variance);
    let block = Block { function, weight_variance, bias_variance, kept: 1.0 };
    (dense.is_centred() && x.second > 0.0).then_some(Placed { index, block, q: x.second, of })
}
