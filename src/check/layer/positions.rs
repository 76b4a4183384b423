//! What a layer says of every position of an image or a sequence, against what it does there.

use super::super::Failure;
use super::super::sample::RATE;
use super::drawing::{Draw, Drawing, mean};
use super::moments::{DRAWS, INPUTS, judge};
use crate::{Generator, InitMoments, Moments};

/// The sizes of gradients by the outputs, one position after another.
const SIZES: [f64; 3] = [1.0, 0.5, 2.0];

/// Compares [`Layer::moments_by_position`](crate::Layer::moments_by_position) and
/// [`Layer::gradient_by_position`](crate::Layer::gradient_by_position) with passes of inputs and gradients that are not alike from position to
/// position; returns whether there was something to compare.
pub(super) fn by_position(
    drawing: &Drawing<'_>,
    weights: &[InitMoments],
    slack: f64,
    seed: u64,
) -> Result<bool, Failure> {
    let Drawing { layer, plan, n_in, .. } = *drawing;
    let pattern = |positions: usize| {
        let one = |at: usize| {
            let (mean, deviation) = INPUTS[at % INPUTS.len()];
            Moments { mean, second: mean * mean + deviation * deviation }
        };
        (0..positions).map(one).collect::<Vec<_>>()
    };
    // As many positions as it can tell apart, of which nobody else knows.
    let mut counts = (2..=n_in).rev().filter(|&count| n_in.is_multiple_of(count));
    let Some((x, y)) = counts.find_map(|count| {
        let x = pattern(count);
        layer.moments_by_position(plan, &x, weights).map(|y| (x, y))
    }) else {
        return Ok(false);
    };
    let divides = |count: usize, of: usize| count > 0 && of.is_multiple_of(count);
    let found = || format!("{} of {} outputs", y.len(), plan.n_out);
    let what = || format!("positions of {} by `moments_by_position`", layer.kind());
    Failure::unless(divides(y.len(), plan.n_out), what, "as many as the outputs have, all of a size", found)?;
    let dy: Vec<f64> = (0..y.len()).map(|at| SIZES[at % SIZES.len()].powi(2)).collect();
    let gradient = layer.gradient_by_position(plan, &x, weights, &dy);

    let (inputs, outputs) = (n_in / x.len(), plan.n_out / y.len());
    let mut generator = Generator::named(seed, &format!("check.layer.positions.{}", layer.kind()));
    let of_input = |column: usize| INPUTS[column / inputs % INPUTS.len()];
    let of_output = |column: usize| SIZES[column / outputs % SIZES.len()];
    let draws = (0..DRAWS).map(|_| drawing.once(&mut generator, of_input, of_output));
    let draws = draws.collect::<Result<Vec<_>, _>>()?;

    let back = gradient.as_ref().map_or(&[][..], |gradient| &gradient.by_input);
    let squares = gradient.as_ref().map_or(&[][..], |gradient| &gradient.by_parameters);
    let found = || format!("{} of {n_in} inputs, {} of {} parameters", back.len(), squares.len(), plan.params.len());
    let fits = gradient.is_none() || divides(back.len(), n_in) && squares.len() == plan.params.len();
    let what = || format!("numbers of {} by `gradient_by_position`", layer.kind());
    Failure::unless(fits, what, "one a position, all of a size, and one a parameter", found)?;
    let allowed = RATE / (2 * y.len() + back.len() + squares.len()) as f64;
    let compare = |of: &str, at: usize, expected: f64, size: f64, measure: &dyn Fn(&Draw) -> f64| {
        let what = || format!("{} of {n_in} inputs: {of} {at}", layer.kind());
        judge(what, &draws.iter().map(measure).collect::<Vec<_>>(), expected, slack * size.abs(), allowed)
    };
    for (at, says) in y.iter().enumerate() {
        let size = says.second.abs().sqrt();
        let part = |draw: &Draw| at_position(&draw.y, plan.n_out, y.len(), at);
        compare("mean by `moments_by_position` of position", at, says.mean, size, &|draw| mean(&part(draw), 1))?;
        let of = "mean square by `moments_by_position` of position";
        compare(of, at, says.second, says.second, &|draw| mean(&part(draw), 2))?;
    }
    for (at, &says) in back.iter().enumerate() {
        let part = |draw: &Draw| at_position(&draw.dx, n_in, back.len(), at);
        compare("gradient by `gradient_by_position` at position", at, says, says, &|draw| mean(&part(draw), 2))?;
    }
    for (at, &says) in squares.iter().enumerate() {
        compare("gradient by `gradient_by_position` by parameter", at, says, says, &|draw| draw.squares[at])?;
    }
    Ok(true)
}

/// The numbers that one of so many positions has in all rows.
fn at_position(numbers: &[f64], cols: usize, positions: usize, at: usize) -> Vec<f64> {
    let each = cols / positions;
    numbers.chunks_exact(cols).flat_map(|row| &row[at * each..(at + 1) * each]).copied().collect()
}
