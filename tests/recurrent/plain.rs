//! Forward, truncated backward and the norms at each lag against plain loops and their differences, over drawn shapes.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::drawn::{check, numbers};
use super::reference::{Change, States, outputs, states};
use super::{Alone, KINDS, Shape};

/// A shape with its rows, their lengths (none where all have all steps), and a seed.
type Drawn = (Shape, usize, Vec<usize>, u64);

fn drawn() -> impl Strategy<Value = Drawn> {
    let sizes = |sizes: &'static [usize]| prop::sample::select(sizes);
    let shape = (sizes(&[0, 1, 2, 3]), sizes(&[1, 2, 3, 5, 8, 9]), sizes(&[1, 2, 7]), sizes(&[1, 2, 5, 8, 9]));
    let use_of = (any::<bool>(), sizes(&[1, 2, 3, 4, 7, usize::MAX]), sizes(&[1, 2, 3, 5]), any::<bool>());
    (shape, use_of, any::<u64>()).prop_map(|((kind, steps, width, hidden), (last, reach, rows, ragged), seed)| {
        let shape = Shape { kind: KINDS[kind], steps, width, hidden, last, reach };
        let length = |row: usize| 1 + (seed >> (5 * row)) as usize % steps;
        (shape, rows, if ragged { (0..rows).map(length).collect() } else { Vec::new() }, seed)
    })
}

struct Case {
    shape: Shape,
    lengths: Vec<usize>,
    params: Vec<f64>,
    x: Vec<Vec<f64>>,
    dy: Vec<f64>,
}

impl Case {
    fn new((shape, rows, lengths, seed): &Drawn) -> Self {
        let extra = if shape.kind == super::Kind::Gru { shape.hidden } else { 0 };
        let count = (shape.width + shape.hidden + 1) * shape.gates() + extra;
        let n_in = shape.steps * shape.width;
        let n_out = if shape.last { shape.hidden } else { shape.steps * shape.hidden };
        let x = numbers(rows * n_in, 1.5, *seed, "x");
        Self {
            shape: *shape,
            lengths: lengths.clone(),
            params: numbers(count, 0.7, *seed, "params"),
            x: x.chunks(n_in).map(<[f64]>::to_vec).collect(),
            dy: numbers(rows * n_out, 1.0, *seed, "dy"),
        }
    }

    fn length(&self, row: usize) -> usize {
        self.lengths.get(row).copied().unwrap_or(self.shape.steps)
    }

    fn states(&self, row: usize, params: &[f64], x: &[f64], change: Change<'_>) -> States {
        states(&self.shape, params, x, self.length(row), change)
    }

    /// What row `row` adds to the loss, a random linear function of the outputs.
    fn loss(&self, row: usize, states: &States) -> f64 {
        let outputs = outputs(&self.shape, states);
        let dy = &self.dy[row * outputs.len()..(row + 1) * outputs.len()];
        outputs.iter().zip(dy).map(|(y, dy)| y * dy).sum()
    }

    /// Whether both have the same states above 0: else a ReLU has its kink between them.
    fn alike(&self, a: &States, b: &States) -> bool {
        let signs = |states: &States| states.iter().flat_map(|(state, _)| state.iter().map(|&h| h > 0.0)).collect();
        let (a, b): (Vec<bool>, Vec<bool>) = (signs(a), signs(b));
        self.shape.kind != super::Kind::Relu || a == b
    }
}

const STEP: f64 = 1e-5;

/// Compares derivatives with differences of the plain loops, where there is one: as [`evenkeel::check::gradients`] does.
fn agree(what: &str, found: &[f64], terms: f64, difference: impl Fn(usize) -> Option<f64>) -> TestCaseResult {
    let differences: Vec<Option<f64>> = (0..found.len()).map(difference).collect();
    let skipped = differences.iter().filter(|difference| difference.is_none()).count();
    prop_assert!(skipped <= 1 + found.len() / 20, "{what}: {skipped} of {} left out", found.len());
    let largest =
        found.iter().copied().chain(differences.iter().flatten().copied()).fold(0.0, |l: f64, x| l.max(x.abs()));
    let rounding = 4.0 * f64::EPSILON * terms / (2.0 * STEP);
    for (at, (found, numeric)) in found.iter().zip(&differences).enumerate() {
        let Some(numeric) = numeric else { continue };
        let fine = (found - numeric).abs() <= 1e-6 * largest + rounding;
        prop_assert!(fine, "{what}, entry {at}: {found:e}, but differences give {numeric:e}");
    }
    Ok(())
}

#[test]
fn forward_and_truncated_backward_agree() {
    check(drawn(), |drawn| {
        let case = Case::new(&drawn);
        let rows = case.x.len();
        let mut layer = Alone::<f64>::new(&case.shape, &case.params, rows);
        let x = case.x.concat();
        let y = layer.forward(&x, &case.lengths).unwrap();
        let plain: Vec<States> =
            case.x.iter().enumerate().map(|(row, x)| case.states(row, &case.params, x, Change::default())).collect();
        let expected: Vec<f64> = plain.iter().flat_map(|states| outputs(&case.shape, states)).collect();
        // Some hundred roundings, which a step passes on to the next: none of these shapes makes them grow by more than some hundred times.
        for (found, expected) in y.iter().zip(&expected) {
            prop_assert!((found - expected).abs() <= 1e-11 * expected.abs().max(1.0), "{found} is not {expected}");
        }
        let terms: f64 = y.iter().zip(&case.dy).map(|(y, dy)| (y * dy).abs()).sum();
        let (dx, gradients) = layer.backward(&x, &y, &case.dy, &case.lengths, true);
        // The losses above and below, each stretch from the states that the unchanged parameters give.
        let between = |row: usize, change: &dyn Fn(f64) -> (Vec<f64>, Vec<f64>)| {
            let frozen = Change { frozen: Some(&plain[row]), ..Change::default() };
            let [up, down] = [STEP, -STEP].map(|step| {
                let (params, x) = change(step);
                case.states(row, &params, &x, frozen)
            });
            case.alike(&up, &down).then(|| (case.loss(row, &up) - case.loss(row, &down)) / (2.0 * STEP))
        };
        let by_param = |at: usize| {
            let change = |row: usize| {
                between(row, &|step| {
                    let mut params = case.params.clone();
                    params[at] += step;
                    (params, case.x[row].clone())
                })
            };
            (0..rows).map(change).sum()
        };
        let mut start = 0;
        for param in &layer.plan.params {
            let len = param.count().unwrap();
            agree(&param.name, &gradients[start..start + len], terms, |at| by_param(start + at))?;
            start += len;
        }
        let n_in = case.x[0].len();
        agree("dx", &dx, terms, |at| {
            let row = at / n_in;
            between(row, &|step| {
                let mut x = case.x[row].clone();
                x[at % n_in] += step;
                (case.params.clone(), x)
            })
        })
    });
}

#[test]
fn norms_at_each_lag_agree() {
    // Over all shapes, the largest lag that was compared: so that not all of them were cut short.
    let furthest = std::cell::Cell::new(0);
    check(drawn(), |mut drawn| {
        // Cut, each lag within reach is as it is without.
        let reach = std::mem::replace(&mut drawn.0.reach, usize::MAX);
        let mut case = Case::new(&drawn);
        case.shape.reach = if case.shape.last { reach } else { usize::MAX };
        let rows = case.x.len();
        let mut layer = Alone::<f64>::new(&case.shape, &case.params, rows);
        let x = case.x.concat();
        let y = layer.forward(&x, &case.lengths).unwrap();
        prop_assert!(layer.lag_norms().is_empty());
        layer.backward(&x, &y, &case.dy, &case.lengths, false);
        let longest = (0..rows).map(|row| case.length(row)).max().unwrap();
        prop_assert_eq!(layer.lag_norms().len(), longest.min(case.shape.reach));
        for (lag, &norm) in layer.lag_norms().iter().enumerate() {
            let mut squares = 0.0;
            let there: Vec<usize> = (0..rows).filter(|&row| case.length(row) > lag).collect();
            for &row in &there {
                for unit in 0..case.shape.hidden {
                    let step = case.length(row) - 1 - lag;
                    let [up, down] = [STEP, -STEP].map(|much| {
                        let nudge = Change { nudge: Some((step, unit, much)), ..Change::default() };
                        case.states(row, &case.params, &case.x[row], nudge)
                    });
                    if !case.alike(&up, &down) {
                        return Ok(());
                    }
                    squares += ((case.loss(row, &up) - case.loss(row, &down)) / (2.0 * STEP)).powi(2);
                }
            }
            let expected = (squares * rows as f64 / there.len() as f64).sqrt();
            // The differences round too: some 1e-16 of the loss over the step, which what vanishes is lost in.
            let fine = (norm - expected).abs() <= 1e-6 * expected + 1e-9 * (1.0 + case.dy.len() as f64);
            prop_assert!(fine, "lag {lag}: {norm:e}, but differences give {expected:e}");
            furthest.set(furthest.get().max(lag));
        }
        Ok(())
    });
    assert_eq!(furthest.get(), 8);
}
