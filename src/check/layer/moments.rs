//! What a layer says of the moments of its outputs and gradients, against what it does.

use super::super::Failure;
use super::super::sample::RATE;
use super::ROWS;
use super::drawing::{Draw, Drawing, drawn, mean};
use super::positions::by_position;
use crate::{Generator, InitMoments, Layer, Moments, Param, Plan, Role, Signal};

/// How many draws of parameters and rows.
pub(super) const DRAWS: usize = 64;
/// How many rows a batch has where rows depend on each other: many, as widths are.
const MIXED_ROWS: usize = 64;
/// Mean and standard deviation of the inputs: their second moments lie between 1/16 and 1.
pub(super) const INPUTS: [(f64, f64); 3] = [(0.0, 1.0), (0.5, 0.7), (-0.1, 0.25)];
/// How far theory may be off in a layer of finite width, as a multiple of the share of one unit, or of one row of those that are mixed.
const FINITE_WIDTH: f64 = 4.0;
/// Where that is more than half of what is compared, nothing can be said.
const MOST: f64 = 0.5;

/// Compares [`Layer::moments`], [`Layer::gradient_squares`] and [`Layer::propagate`], and what is said position by position, with passes
/// forwards and backwards; returns whether there was something to compare.
///
/// A layer is off where the mean over the draws is further from what it says than `FINITE_WIDTH` shares of the narrowest width, and from
/// there on than chance takes it: see [`probability`].
pub(super) fn moments(layer: &dyn Layer<f64>, n_in: usize, mixes_rows: bool, seed: u64) -> Result<bool, Failure> {
    let plan = layer.plan(n_in)?;
    let weights: Vec<InitMoments> = plan.params.iter().map(of_draws).collect();
    let rows = if mixes_rows { MIXED_ROWS } else { ROWS };
    let slack = FINITE_WIDTH / narrowest(&plan, n_in, mixes_rows.then_some(rows)) as f64;
    if slack > MOST {
        return Ok(false);
    }
    let drawing = Drawing { layer, plan: &plan, n_in, rows };
    let mut compared = false;
    for (number, (mean, deviation)) in INPUTS.into_iter().enumerate() {
        let x = Moments { mean, second: mean * mean + deviation * deviation };
        let claims = Claim::all(&drawing, x, &weights, mixes_rows)?;
        if claims.is_empty() {
            continue;
        }
        compared = true;
        let name = format!("check.layer.moments.{}", layer.kind());
        let mut generator = Generator::numbered(seed, &name, number as u64);
        let draws = (0..DRAWS).map(|_| drawing.once(&mut generator, |_| (mean, deviation), |_| 1.0));
        let measured = draws.collect::<Result<Vec<_>, _>>()?;
        let allowed = RATE / (claims.len() * INPUTS.len()) as f64;
        for Claim { of, by, expected, size, measure } in claims {
            let what = || {
                format!("{} of {n_in} inputs of mean {mean} and deviation {deviation}: {of} by `{by}`", layer.kind())
            };
            let numbers: Vec<f64> = measured.iter().map(measure).collect();
            judge(what, &numbers, expected, slack * size, allowed)?;
        }
    }
    Ok(by_position(&drawing, &weights, slack, seed)? || compared)
}

/// A number that a layer says, and how it is measured.
struct Claim {
    of: String,
    by: &'static str,
    expected: f64,
    /// What it may be off by goes with this size: a mean may be 0.
    size: f64,
    measure: Box<dyn Fn(&Draw) -> f64>,
}

impl Claim {
    fn new(
        of: impl Into<String>,
        by: &'static str,
        expected: f64,
        size: f64,
        measure: impl Fn(&Draw) -> f64 + 'static,
    ) -> Self {
        Self { of: of.into(), by, expected, size: size.abs(), measure: Box::new(measure) }
    }

    /// All that a layer says where inputs are independent and have these moments.
    fn all(drawing: &Drawing<'_>, x: Moments, weights: &[InitMoments], mixes_rows: bool) -> Result<Vec<Self>, Failure> {
        let Drawing { layer, plan, .. } = *drawing;
        let mut claims = Vec::new();
        let outputs = |claims: &mut Vec<Self>, by: &'static str, y: Moments, back: Option<f64>| {
            claims.push(Self::new("mean of the outputs", by, y.mean, y.second.abs().sqrt(), |draw| mean(&draw.y, 1)));
            claims.push(Self::new("mean square of the outputs", by, y.second, y.second, |draw| mean(&draw.y, 2)));
            let of = "mean square of the gradient by the inputs";
            claims.extend(back.map(|back| Self::new(of, by, back, back, |draw| mean(&draw.dx, 2))));
        };
        // Of a row that mixes with others there is no gradient of its own.
        let squares = |claims: &mut Vec<Self>, by: &'static str, squares: Option<Vec<f64>>| {
            let Some(squares) = squares.filter(|_| !mixes_rows) else { return Ok::<(), Failure>(()) };
            let (expected, found) = (plan.params.len().to_string(), || squares.len().to_string());
            Failure::unless(squares.len() == plan.params.len(), || format!("sums by `{by}`"), &expected, found)?;
            for (at, (&square, param)) in squares.iter().zip(&plan.params).enumerate() {
                let of = format!("sum of the squares of the gradient by {}", param.name);
                claims.push(Self::new(of, by, square, square, move |draw| draw.squares[at]));
            }
            Ok(())
        };
        if let Some(says) = layer.moments(plan, x, weights) {
            outputs(&mut claims, "moments", says.y, says.back);
        }
        squares(&mut claims, "gradient_squares", layer.gradient_squares(plan, x, weights))?;
        if let Some(through) = layer.propagate(plan, Signal::independent(x), weights) {
            let y = through.y.moments;
            outputs(&mut claims, "propagate", y, through.back);
            squares(&mut claims, "propagate", through.squares)?;
            let of = "mean product of an output in two rows";
            let shared =
                through.y.shared.map(|shared| Self::new(of, "propagate", shared, y.second, |draw| draw.shared));
            claims.extend(shared);
        }
        Ok(claims)
    }
}

fn of_draws(param: &Param) -> InitMoments {
    let (mean, deviation) = drawn(param);
    InitMoments { mean, variance: deviation * deviation, kurtosis: Some(3.0) }
}

/// How many independent numbers the means of theory are over, at least.
fn narrowest(plan: &Plan, n_in: usize, rows: Option<usize>) -> usize {
    let weights = plan.params.iter().filter(|param| param.role == Role::Weight);
    let fans = weights.flat_map(|param| [param.fans.fan_in, param.fans.fan_out]);
    fans.chain(rows).fold(n_in.min(plan.n_out), usize::min).max(1)
}

/// Fails where the mean of independent numbers is further from the expectation than the slack, and chance does not explain the rest.
pub(super) fn judge(
    what: impl Fn() -> String,
    numbers: &[f64],
    expected: f64,
    slack: f64,
    allowed: f64,
) -> Result<(), Failure> {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let spread = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Sums of many numbers are rounded.
    let rounding = 1e-9 * (mean.abs() + expected.abs());
    let beyond = ((mean - expected).abs() - slack - rounding).max(0.0);
    let error = (spread / n).sqrt();
    // Where all is as it should be, 0 of no error is no distance.
    let probability = if beyond == 0.0 { 1.0 } else { probability(beyond / error) };
    if mean.is_nan() || expected.is_nan() || probability.is_nan() || probability < allowed {
        return Err(Failure::Unlikely { what: what(), expected, found: mean, probability, allowed });
    }
    Ok(())
}

/// A bound of the probability that the mean of `DRAWS` numbers is that many of its measured standard errors off, on either side.
///
/// By Student's distribution, whose density f with v degrees of freedom is at most (1 + t^2 / v)^(-(v + 1) / 2) / sqrt(2 pi). Its tail is
/// at most the integral of x f(x) / t, which is f(t) (v + t^2) / ((v - 1) t).
fn probability(t: f64) -> f64 {
    let v = DRAWS as f64 - 1.0;
    let density = (1.0 + t * t / v).powf(-(v + 1.0) / 2.0) / std::f64::consts::TAU.sqrt();
    // Of an infinite distance the square times the density is no number.
    if t.is_infinite() { 0.0 } else { (2.0 * density * (v + t * t) / ((v - 1.0) * t)).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_bounded() {
        // 2 (1 - T(t)) of Student's distribution with 63 degrees of freedom, integrated.
        for (t, exact) in [(2.0, 0.049_815_76), (5.0, 4.856_8e-6), (7.0, 1.998_5e-9)] {
            let bound = probability(t);
            assert!(bound > exact && bound < 1.4 * exact, "{t}: {bound:e}");
        }
        assert_eq!((probability(0.0), probability(f64::INFINITY)), (1.0, 0.0));
    }

    #[test]
    fn a_number_that_is_none_is_off() {
        for (numbers, expected) in [([f64::NAN, 1.0], 1.0), ([1.0, 1.0], f64::NAN), ([1.0, 1.0], 2.0)] {
            assert!(judge(String::new, &numbers, expected, 0.1, 1e-6).is_err());
        }
        judge(String::new, &[1.0, 1.0], 1.0, 0.0, 1e-6).unwrap();
    }
}
