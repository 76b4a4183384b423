//! The loss to expect of outputs that are random: against rows that are drawn.

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

/// How many rows are drawn.
const ROWS: usize = 40_000;

/// Checks what a loss expects against the mean over drawn rows, within six standard errors: outside with probability 2e-9.
fn agrees(loss: &dyn Loss<f64>, out: Moments, columns: usize, targets: Option<Moments>, classes: bool) {
    let expected = loss.at_start(out, columns, targets).expect("it is known");
    let mut generator = Generator::named(7, loss.name());
    let (mut y, mut t, mut slopes) = (vec![0.0; columns], vec![0.0; columns], vec![0.0; columns]);
    let mut sums = [0.0; 4];
    for _ in 0..ROWS {
        fill_normal(&mut generator, out.mean, out.variance().sqrt(), &mut y);
        let class = [generator.random_range(0..columns)];
        match targets {
            Some(targets) => fill_normal(&mut generator, targets.mean, targets.variance().sqrt(), &mut t),
            None => t.iter_mut().for_each(|t| *t = f64::from(u8::from(generator.random::<bool>()))),
        }
        let target = if classes { Targets::Classes(&class) } else { Targets::Values(Rows::new(&t, columns).unwrap()) };
        let gradient = Some(RowsMut::new(&mut slopes, columns).unwrap());
        let value = loss.evaluate(Rows::new(&y, columns).unwrap(), target, gradient).unwrap();
        let slope = slopes.iter().map(|slope| slope * slope).sum::<f64>() / columns as f64;
        sums = [sums[0] + value, sums[1] + value * value, sums[2] + slope, sums[3] + slope * slope];
    }
    let near = |what: &str, sum: f64, squares: f64, expected: f64| {
        let (n, mean) = (ROWS as f64, sum / ROWS as f64);
        let error = ((squares / n - mean * mean).max(0.0) / n).sqrt();
        let bound = 6.0 * error + 1e-9 * expected.abs() + 1e-12;
        let name = loss.name();
        assert!((mean - expected).abs() <= bound, "{name} of {out:?}, {what}: {mean} +- {error}, not {expected}");
    };
    near("loss", sums[0], sums[1], expected.value);
    near("derivative", sums[2], sums[3], expected.slope_second);
}

fn normal(mean: f64, variance: f64) -> Moments {
    Moments { mean, second: mean * mean + variance }
}

#[test]
fn regression() {
    let targets = Some(normal(-0.5, 2.0));
    for out in [normal(0.0, 1.0), normal(0.3, 4.0)] {
        agrees(&MeanSquared::new(), out, 3, targets, false);
        agrees(&SumSquared::new(), out, 3, targets, false);
        agrees(&MeanAbsolute::new(), out, 3, targets, false);
        agrees(&Huber::new(1.5).unwrap(), out, 3, targets, false);
    }
    // Targets that nobody tells of are standardized.
    let (told, untold) = (Some(normal(0.0, 1.0)), None);
    let loss = |targets| Loss::<f64>::at_start(&MeanSquared::new(), normal(0.0, 1.0), 2, targets).unwrap();
    assert_eq!(loss(told), loss(untold));
    assert_eq!(loss(told), LossAtStart { value: 2.0, slope_second: 2.0 });
}

#[test]
fn yes_or_no() {
    for out in [normal(0.0, 1e-4), normal(0.2, 1.0), normal(0.0, 100.0)] {
        agrees(&SigmoidCrossEntropy::new(), out, 2, None, false);
        agrees(&SigmoidCrossEntropy::new().smoothing(0.2).unwrap(), out, 2, None, false);
    }
    let weighted = SigmoidCrossEntropy::new().class_weights(&[1.0, 2.0]).unwrap();
    assert_eq!(Loss::<f64>::at_start(&weighted, normal(0.0, 1.0), 2, None), None);
}

#[test]
fn counts() {
    agrees(&Poisson::new(), normal(0.1, 0.3), 2, Some(normal(2.0, 0.5)), false);
    assert_eq!(Loss::<f64>::at_start(&Poisson::new(), normal(0.0, 1.0), 2, None), None);
    assert_eq!(Loss::<f64>::at_start(&Poisson::of_rates(), normal(0.0, 1.0), 2, Some(normal(1.0, 1.0))), None);
}

#[test]
fn one_class_of_several() {
    for variance in [0.0, 1e-3, 1.0, 25.0, 1e4] {
        for classes in [1, 2, 10, 100] {
            agrees(&SoftmaxCrossEntropy::new(), normal(0.4, variance), classes, None, true);
        }
        agrees(&SoftmaxCrossEntropy::new().smoothing(0.1).unwrap(), normal(0.0, variance), 10, None, true);
    }
    // Small logits: ln K + (1 - 1 / K) variance / 2, and (1 - 1 / K) / K.
    let small = Loss::<f64>::at_start(&SoftmaxCrossEntropy::new(), normal(0.0, 1e-4), 10, None).unwrap();
    assert!((small.value - 10_f64.ln() - 0.9 * 0.5e-4).abs() < 1e-8, "{small:?}");
    assert!((small.slope_second - 0.09).abs() < 1e-5, "{small:?}");
}

/// Normal numbers of that mean and deviation.
#[test]
fn a_loss_in_a_box_expects_what_it_does_outside() {
    let boxed: Box<dyn Loss<f64>> = Box::new(MeanSquared::new());
    let expects = |loss: &dyn Loss<f64>| loss.at_start(normal(0.0, 1.0), 2, None);
    assert!(expects(&*boxed).is_some());
    assert_eq!(expects(&boxed), expects(&*boxed));
}

fn fill_normal(generator: &mut Generator, mean: f64, deviation: f64, out: &mut [f64]) {
    out.iter_mut().for_each(|x| *x = mean + deviation * generator.sample::<f64, _>(StandardNormal));
}
