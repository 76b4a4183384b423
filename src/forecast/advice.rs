//! What to do about a forecast.

use super::block::{self, Block};
use super::parts::Part;
use super::start::{LARGEST, Start};
use super::walk::Walk;
use super::{Concern, Forecast};
use crate::Pointwise;

/// Advice for every concern there is some for.
pub(super) fn of(forecast: &Forecast, walk: &Walk<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let has = |wanted: fn(&Concern) -> bool| forecast.concerns.iter().any(wanted);
    let sizes = has(|concern| {
        matches!(
            concern,
            Concern::SignalExplodes { .. }
                | Concern::GradientExplodes { .. }
                | Concern::SignalVanishes { .. }
                | Concern::GradientVanishes { .. }
                | Concern::TooDeep { .. }
                | Concern::Repelling { .. }
        )
    });
    if has(|concern| matches!(concern, Concern::TiedUnits { .. })) || sizes {
        advice.extend(start(forecast, walk));
    }
    if sizes && let Some(regime) = &forecast.regime {
        let limit = regime.trainable_depth();
        if limit < regime.blocks as f64 {
            advice.push(format!(
                "or, with the weights as they are, no more than {} such hidden layers",
                limit.max(1.0).floor()
            ));
        }
    }
    if has(|concern| matches!(concern, Concern::Scatter { .. })) {
        advice.push("wider layers, or fewer: what counts is the sum of 1 / width over the layers".to_owned());
    }
    advice
}

/// Where weights should start.
fn start(forecast: &Forecast, walk: &Walk<'_>) -> Vec<String> {
    let input = if forecast.input.second > 0.0 { forecast.input.second } else { 1.0 };
    if let Some(placed) = block::that_stands_for_all(&walk.steps) {
        return of_function(
            placed.block.function,
            placed.block.kept,
            block::count(&walk.steps),
            input,
            Some(placed.block),
        );
    }
    // The last one may be that of the output.
    let functions = || {
        walk.steps.iter().filter_map(|step| match step.part {
            Part::Pointwise(function) => Some(function),
            _ => None,
        })
    };
    match functions().next() {
        Some(function) => of_function(function, 1.0, functions().count(), input, None),
        None => vec!["weights of variance 1 / n_in: LeCun::normal()".to_owned()],
    }
}

/// Where the weights that feed a function should start, in that many blocks of which dropout keeps that share; and how they do.
fn of_function(
    function: &dyn Pointwise,
    kept: f64,
    blocks: usize,
    input: f64,
    there: Option<Block<'_>>,
) -> Vec<String> {
    let starts = Start::all(function, kept);
    let best = |blocks: usize| {
        let mut fit = starts.iter().filter(|start| start.block.keeps_sizes(input, blocks));
        // Where dropout takes the correlations away no start brings them back.
        fit.find(|start| kept < 1.0 || start.block.is_trainable(input, blocks))
    };
    let mut advice = Vec::new();
    let found = best(blocks);
    match found {
        Some(start) if there.is_none_or(|there| !there.starts_as(&start.block)) => advice.push(start.advice()),
        Some(_) => {}
        None => {
            let most = most(blocks, |fewer| best(fewer).is_some());
            advice.push(format!(
                "no start that is known with weights of variance below {LARGEST} / n_in carries {function:?} through {blocks} such layers, the \
                 best through about {most}: use another activation, fewer layers, norms between them, or residual branches"
            ));
        }
    }
    if let Some(start) = found.filter(|start| kept < 1.0 && !start.block.is_trainable(input, blocks)) {
        let most = most(blocks, |fewer| start.block.is_trainable(input, fewer));
        advice.push(format!(
            "less dropout: where it leaves out {:.4} of the numbers, information passes through about {most} such layers, however weights start",
            1.0 - kept
        ));
    }
    advice
}

/// Of a condition that holds of few and ceases to hold below that number: how many it holds of, but 1 at least.
fn most(below: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut most, mut not) = (1, below);
    while not > most + 1 {
        let middle = usize::midpoint(most, not);
        if holds(middle) { most = middle } else { not = middle }
    }
    most
}
