//! The derivative of every loss by the output.

use evenkeel::*;
use proptest::prelude::*;

use super::drawn::{check, numbers, size};
use super::failed;

/// As in the check of networks.
const LIMIT: f64 = 1e-6;
/// A loss of a thousand entries is one sum, whose rounding in both points (some 1e-15 of the loss) is divided by the step, while each
/// derivative is a thousandth: the step that balances this with the cubic term is larger than for one number, which would take 1e-5.
const STEP: f64 = 1e-4;

/// What a loss is given in one case.
struct Case {
    rows: usize,
    cols: usize,
    seed: u64,
}

impl Case {
    fn outputs(&self) -> Vec<f64> {
        numbers(self.rows * self.cols, 3.0, self.seed, "outputs")
    }

    fn values(&self) -> Vec<f64> {
        numbers(self.rows * self.cols, 3.0, self.seed, "targets")
    }

    fn probabilities(&self) -> Vec<f64> {
        self.values().iter().map(|t| (t + 3.0) / 6.0).collect()
    }

    fn classes(&self) -> Vec<usize> {
        let mut generator = Generator::named(self.seed, "classes");
        (0..self.rows).map(|_| generator.below(self.cols as u64) as usize).collect()
    }

    /// One a column, between 1/2 and 2.
    fn weights(&self) -> Vec<f64> {
        numbers(self.cols, 1.0, self.seed, "weights").into_iter().map(f64::exp2).collect()
    }

    fn smoothing(&self) -> f64 {
        numbers(1, 0.25, self.seed, "smoothing")[0] + 0.25
    }

    /// Compares the derivative with central differences, entry by entry; entries at which there is a kink within a step are left out.
    fn agrees(&self, loss: &dyn Loss<f64>, targets: Targets<'_, f64>, kink: impl Fn(usize, f64) -> bool) -> Verdict {
        self.agrees_at(self.outputs(), loss, targets, kink)
    }

    fn agrees_at(
        &self,
        mut outputs: Vec<f64>,
        loss: &dyn Loss<f64>,
        targets: Targets<'_, f64>,
        kink: impl Fn(usize, f64) -> bool,
    ) -> Verdict {
        let mut analytic = vec![0.0; outputs.len()];
        let gradient = RowsMut::new(&mut analytic, self.cols)?;
        let value = loss.evaluate(Rows::new(&outputs, self.cols)?, targets, Some(gradient))?;
        // Asking for the gradient does not change the value.
        assert_eq!(value, loss.evaluate(Rows::new(&outputs, self.cols)?, targets, None)?);
        let (mut error, mut largest, mut skipped) = (0.0_f64, 0.0_f64, 0);
        for at in 0..outputs.len() {
            let y = outputs[at];
            if kink(at, y) {
                skipped += 1;
                continue;
            }
            let mut value_at = |y: f64| {
                outputs[at] = y;
                loss.evaluate(Rows::new(&outputs, self.cols)?, targets, None)
            };
            let numeric = (value_at(y + STEP)? - value_at(y - STEP)?) / ((y + STEP) - (y - STEP));
            outputs[at] = y;
            largest = largest.max(numeric.abs()).max(analytic[at].abs());
            let difference = (numeric - analytic[at]).abs();
            assert!(difference.is_finite());
            error = error.max(difference);
        }
        Ok((error, largest, skipped as f64 / outputs.len() as f64))
    }
}

/// The largest error, the largest derivative, and the share of entries left out.
type Verdict = Result<(f64, f64, f64), Error>;

/// Checks a loss over drawn shapes.
fn loss_agrees(verdict: impl Fn(&Case) -> Verdict) {
    check((size(), size(), any::<u64>()), |(rows, cols, seed)| {
        let (error, largest, skipped) = verdict(&Case { rows, cols, seed }).map_err(failed)?;
        prop_assert!(error <= LIMIT * largest, "{:e} of {:e}", error, largest);
        prop_assert!(skipped <= 0.05, "{} of the entries lie on a kink", skipped);
        Ok(())
    });
}

fn smooth(_: usize, _: f64) -> bool {
    false
}

#[test]
fn mean_squared_agrees() {
    loss_agrees(|case| {
        case.agrees(&MeanSquared::new(), Targets::Values(Rows::new(&case.values(), case.cols)?), smooth)
    });
}

#[test]
fn mean_absolute_agrees() {
    loss_agrees(|case| {
        let t = case.values();
        let kink = |at: usize, y: f64| (y - t[at]).abs() <= STEP;
        case.agrees(&MeanAbsolute::new(), Targets::Values(Rows::new(&t, case.cols)?), kink)
    });
}

#[test]
fn huber_agrees() {
    for delta in [0.5, 1.0, 2.5] {
        loss_agrees(|case| {
            let t = case.values();
            let kink = |at: usize, y: f64| ((y - t[at]).abs() - delta).abs() <= STEP;
            case.agrees(&Huber::new(delta)?, Targets::Values(Rows::new(&t, case.cols)?), kink)
        });
    }
}

/// Checks a loss plain, with smoothing, with class weights, and with both.
fn all_settings_agree(verdict: impl Fn(&Case, f64, Option<Vec<f64>>) -> Verdict) {
    loss_agrees(|case| verdict(case, 0.0, None));
    loss_agrees(|case| verdict(case, case.smoothing(), None));
    loss_agrees(|case| verdict(case, 0.0, Some(case.weights())));
    loss_agrees(|case| verdict(case, case.smoothing(), Some(case.weights())));
}

#[test]
fn softmax_cross_entropy_agrees() {
    all_settings_agree(|case, smoothing, weights| {
        let loss = SoftmaxCrossEntropy::new().smoothing(smoothing)?;
        let loss = weights.map_or(Ok(loss.clone()), |weights| loss.class_weights(&weights))?;
        case.agrees(&loss, Targets::Classes(&case.classes()), smooth)
    });
}

#[test]
fn sigmoid_cross_entropy_agrees() {
    all_settings_agree(|case, smoothing, weights| {
        let loss = SigmoidCrossEntropy::new().smoothing(smoothing)?;
        let loss = weights.map_or(Ok(loss.clone()), |weights| loss.class_weights(&weights))?;
        case.agrees(&loss, Targets::Values(Rows::new(&case.probabilities(), case.cols)?), smooth)
    });
}

#[test]
fn sum_squared_agrees() {
    loss_agrees(|case| case.agrees(&SumSquared::new(), Targets::Values(Rows::new(&case.values(), case.cols)?), smooth));
}

#[test]
fn poisson_agrees() {
    loss_agrees(|case| {
        let counts: Vec<f64> = case.values().iter().map(|t| (t + 3.0).floor()).collect();
        case.agrees(&Poisson::new(), Targets::Values(Rows::new(&counts, case.cols)?), smooth)
    });
    loss_agrees(|case| {
        let counts: Vec<f64> = case.values().iter().map(|t| (t + 3.0).floor()).collect();
        let rates = case.outputs().iter().map(|y| y + 4.0).collect();
        case.agrees_at(rates, &Poisson::of_rates(), Targets::Values(Rows::new(&counts, case.cols)?), smooth)
    });
}

/// Outputs from 0.2 to 0.8: nearer to 0 the third derivative is too large for a step of this size.
fn inner(case: &Case) -> Vec<f64> {
    case.outputs().iter().map(|y| y / 10.0 + 0.5).collect()
}

#[test]
fn binary_cross_entropy_agrees() {
    loss_agrees(|case| {
        let shares = case.probabilities();
        let targets = Targets::Values(Rows::new(&shares, case.cols)?);
        case.agrees_at(inner(case), &BinaryCrossEntropy::new(), targets, smooth)
    });
    // Where clipping binds, the loss does not change and the derivative is zero.
    loss_agrees(|case| {
        let beyond = case.outputs().iter().map(|y| 3.0 * y.signum() + y).collect();
        let targets = case.probabilities();
        case.agrees_at(beyond, &BinaryCrossEntropy::new(), Targets::Values(Rows::new(&targets, case.cols)?), smooth)
    });
}

#[test]
fn categorical_cross_entropy_agrees() {
    let loss = CategoricalCrossEntropy::new();
    loss_agrees(|case| case.agrees_at(inner(case), &loss, Targets::Classes(&case.classes()), smooth));
    loss_agrees(|case| {
        let shares = case.probabilities();
        case.agrees_at(inner(case), &loss, Targets::Values(Rows::new(&shares, case.cols)?), smooth)
    });
    // The first of each row is next to nothing, so its share is clipped, and the others are not.
    loss_agrees(|case| {
        let mut outputs = inner(case);
        outputs.iter_mut().step_by(case.cols).for_each(|y| *y = -1e-3);
        case.agrees_at(outputs, &loss, Targets::Values(Rows::new(&case.probabilities(), case.cols)?), smooth)
    });
}
