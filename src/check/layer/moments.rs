//! What a layer says of the moments of its outputs and gradients, against what it does.

use rand::RngExt;

use super::super::Failure;
use super::super::sample::RATE;
use super::ROWS;
use crate::{Generator, InitMoments, Layer, Mode, Moments, Param, Pass, Plan, Role, Rows, RowsMut};

/// How many draws of parameters and rows.
const DRAWS: usize = 64;
/// How many rows a batch has where rows depend on each other: many, as widths are.
const MIXED_ROWS: usize = 64;
/// Mean and standard deviation of the inputs: their second moments lie between 1/16 and 1.
const INPUTS: [(f64, f64); 3] = [(0.0, 1.0), (0.5, 0.7), (-0.1, 0.25)];
/// How far theory may be off in a layer of finite width, as a multiple of the share of one unit, or of one row of those that are mixed.
const FINITE_WIDTH: f64 = 4.0;
/// Where that is more than half of what is compared, nothing can be said.
const MOST: f64 = 0.5;

/// The numbers that are compared.
const NAMES: [&str; 3] =
    ["mean of the outputs", "mean square of the outputs", "mean square of the gradient by the inputs"];

/// Compares [`Layer::moments`] with passes forwards and backwards; returns whether there was something to compare.
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
    let mut compared = false;
    for (number, (mean, deviation)) in INPUTS.into_iter().enumerate() {
        let x = Moments { mean, second: mean * mean + deviation * deviation };
        let Some(says) = layer.moments(&plan, x, &weights) else { continue };
        compared = true;
        let name = format!("check.layer.moments.{}", layer.kind());
        let mut generator = Generator::numbered(seed, &name, number as u64);
        let draws = (0..DRAWS).map(|_| once(layer, &plan, (n_in, rows), (mean, deviation), &mut generator));
        let measured = draws.collect::<Result<Vec<_>, _>>()?;
        let expected = [Some(says.y.mean), Some(says.y.second), says.back];
        // A mean may be 0: what it may be off by goes with the size of the outputs.
        let sizes = [says.y.second.abs().sqrt(), says.y.second.abs(), says.back.unwrap_or(0.0).abs()];
        for (which, expected) in expected.into_iter().enumerate() {
            let Some(expected) = expected else { continue };
            let what = || {
                let of = NAMES[which];
                format!("{} of {n_in} inputs of mean {mean} and deviation {deviation}: {of} by `moments`", layer.kind())
            };
            let numbers: Vec<f64> = measured.iter().map(|draw| draw[which]).collect();
            judge(what, &numbers, expected, slack * sizes[which])?;
        }
    }
    Ok(compared)
}

/// Mean and standard deviation of the numbers that a parameter is drawn from: such that sums of many inputs stay about as large as these.
fn drawn(param: &Param) -> (f64, f64) {
    match param.role {
        Role::Weight => (0.0, 0.8 / (param.fans.fan_in.max(1) as f64).sqrt()),
        Role::Bias => (0.1, 0.3),
        Role::Gain => (0.8, 0.2),
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

/// The three numbers of one draw of parameters, inputs, and gradients by the outputs of which each is 1 or -1.
fn once(
    layer: &dyn Layer<f64>,
    plan: &Plan,
    (n_in, rows): (usize, usize),
    (mean, deviation): (f64, f64),
    generator: &mut Generator,
) -> Result<[f64; 3], Failure> {
    let mut params = Vec::new();
    for param in &plan.params {
        let (start, (mean, deviation)) = (params.len(), drawn(param));
        params.resize(start + param.rows * param.cols, 0.0);
        generator.fill_normal(mean, deviation, &mut params[start..]);
    }
    let mut x = vec![0.0; rows * n_in];
    generator.fill_normal(mean, deviation, &mut x);
    let (mut y, mut dx) = (vec![0.0; rows * plan.n_out], vec![0.0; rows * n_in]);
    let dy: Vec<f64> = y.iter().map(|_| if generator.random() { 1.0 } else { -1.0 }).collect();
    let mut gradients = vec![0.0; params.len()];
    let (mut saved, mut scratch) = (vec![0.0; plan.saved_for(rows)], vec![0.0; plan.scratch_per_row * rows]);
    let mut pass = Pass {
        plan,
        mode: Mode::Train,
        params: &params,
        state: &plan.state,
        saved: &mut saved,
        scratch: &mut scratch,
        lengths: &[],
        first_row: 0,
        fresh: false,
        seed: generator.random(),
        step: 0,
    };
    let x = Rows::new(&x, n_in)?;
    layer.forward(x, RowsMut::new(&mut y, plan.n_out)?, &mut pass)?;
    let (y, dy) = (Rows::new(&y, plan.n_out)?, Rows::new(&dy, plan.n_out)?);
    layer.backward(x, y, dy, Some(RowsMut::new(&mut dx, n_in)?), &mut gradients, &mut pass);
    let mean = |numbers: &[f64], power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64;
    Ok([mean(y.data(), 1), mean(y.data(), 2), mean(&dx, 2)])
}

/// Fails where the mean of independent numbers is further from the expectation than the slack, and chance does not explain the rest.
fn judge(what: impl Fn() -> String, numbers: &[f64], expected: f64, slack: f64) -> Result<(), Failure> {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let spread = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Sums of many numbers are rounded.
    let rounding = 1e-9 * (mean.abs() + expected.abs());
    let beyond = ((mean - expected).abs() - slack - rounding).max(0.0);
    let error = (spread / n).sqrt();
    // Where all is as it should be, 0 of no error is no distance.
    let probability = if beyond == 0.0 { 1.0 } else { probability(beyond / error) };
    let allowed = RATE / (NAMES.len() * INPUTS.len()) as f64;
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
            assert!(judge(String::new, &numbers, expected, 0.1).is_err());
        }
        judge(String::new, &[1.0, 1.0], 1.0, 0.0).unwrap();
    }
}
