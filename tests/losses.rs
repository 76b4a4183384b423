//! Losses at the ends of their range, at points known exactly, and on what they must refuse.

use super::drawn;

use drawn::{check, numbers, size};
use evenkeel::*;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// The value and the gradient of a loss, for outputs of so many columns.
fn evaluate<T: Float>(
    loss: &dyn Loss<T>,
    outputs: &[T],
    cols: usize,
    targets: Targets<'_, T>,
) -> Result<(f64, Vec<T>), Error> {
    let mut gradient = vec![T::zero(); outputs.len()];
    let value = loss.evaluate(Rows::new(outputs, cols)?, targets, Some(RowsMut::new(&mut gradient, cols)?))?;
    Ok((value, gradient))
}

fn values<T: Float>(values: &[T], cols: usize) -> Targets<'_, T> {
    Targets::Values(Rows::new(values, cols).unwrap())
}

/// Every loss that compares values alone, and any of them.
fn of_values<T: Float>() -> [Box<dyn Loss<T>>; 7] {
    let huber = Huber::new(1.0).unwrap();
    [
        Box::new(MeanSquared::new()),
        Box::new(MeanAbsolute::new()),
        Box::new(huber),
        Box::new(SigmoidCrossEntropy::new()),
        Box::new(Poisson::new()),
        Box::new(BinaryCrossEntropy::new()),
        Box::new(SumSquared::new()),
    ]
}

fn logits_of_ten_thousand<T: Float>() {
    let large = T::of(1e4);
    let softmax = SoftmaxCrossEntropy::new();
    // Exact: the other class has no share that any float could hold.
    for (class, value, gradient) in [(0, 0.0, [0.0, 0.0]), (1, 2e4, [1.0, -1.0])] {
        let found = evaluate(&softmax, &[large, -large], 2, Targets::Classes(&[class])).unwrap();
        assert_eq!(found, (value, gradient.map(T::of).to_vec()));
    }
    // Smoothing 1/4 puts an eighth of the target on the class at a distance of 2e4.
    let smooth = SoftmaxCrossEntropy::new().smoothing(0.25).unwrap();
    let found = evaluate(&smooth, &[large, -large], 2, Targets::Classes(&[0])).unwrap();
    assert_eq!(found, (2e4 / 8.0, [0.125, -0.125].map(T::of).to_vec()));
    // Of two equal largest logits each has one half.
    let found = evaluate(&softmax, &[large, large, -large], 3, Targets::Classes(&[1])).unwrap();
    assert!((found.0 - 2_f64.ln()).abs() <= 1e-15 && found.1 == [0.5, -0.5, 0.0].map(T::of), "{found:?}");

    let sigmoid = SigmoidCrossEntropy::new();
    for (logit, target, value, gradient) in [
        (1e4, 0.0, 1e4, 1.0),
        (1e4, 0.25, 7.5e3, 0.75),
        (1e4, 1.0, 0.0, 0.0),
        (-1e4, 0.0, 0.0, 0.0),
        (-1e4, 0.25, 2.5e3, -0.25),
        (-1e4, 1.0, 1e4, -1.0),
    ] {
        let target = [T::of(target)];
        let found = evaluate(&sigmoid, &[T::of(logit)], 1, values(&target, 1)).unwrap();
        assert_eq!(found, (value, vec![T::of(gradient)]), "logit {logit}");
    }
}

#[test]
fn large_logits_are_exact() {
    logits_of_ten_thousand::<f32>();
    logits_of_ten_thousand::<f64>();
}

#[test]
fn the_largest_floats_are_no_trouble() {
    let most = f32::MAX;
    let found = evaluate(&SoftmaxCrossEntropy::new(), &[most, -most], 2, Targets::Classes(&[1])).unwrap();
    assert_eq!(found, (2.0 * f64::from(most), vec![1.0, -1.0]));
    let found = evaluate(&SigmoidCrossEntropy::new(), &[most, -most], 2, values(&[0.0, 1.0], 2)).unwrap();
    assert_eq!(found, (f64::from(most), vec![0.5, -0.5]));
    let found = evaluate(&MeanSquared::new(), &[most], 1, values(&[-most], 1)).unwrap();
    // The value is an f64; the gradient is beyond f32, and says so.
    assert_eq!(found, (4.0 * f64::from(most).powi(2), vec![f32::INFINITY]));
}

#[test]
fn equal_logits_lose_the_logarithm_of_their_number() {
    for classes in drawn::SIZES {
        for logit in [-1e4, -0.3, 0.0, 7.0, 1e4] {
            let outputs = vec![logit; 3 * classes];
            let targets: Vec<usize> = (0..3).map(|row| row * 7 % classes).collect();
            let softmax = SoftmaxCrossEntropy::new();
            for loss in [softmax.clone(), softmax.smoothing(0.3).unwrap()] {
                let (value, _) = evaluate(&loss, &outputs, classes, Targets::Classes(&targets)).unwrap();
                let expected = (classes as f64).ln();
                // Each of the shares and of the sums of up to 33 terms is off by half an epsilon at most.
                let rounding = 33.0 * f64::EPSILON * expected;
                assert!((value - expected).abs() <= rounding, "{classes} classes at {logit}: {value}, not {expected}");
            }
        }
    }
}

#[test]
fn known_points_are_exact() {
    let (y, t) = ([1.0, -2.0, 0.5, 4.0], [0.0, 0.0, 0.5, 1.0]);
    let found = evaluate(&MeanSquared::new(), &y, 2, values(&t, 2)).unwrap();
    assert_eq!(found, (14.0 / 4.0, vec![0.5, -1.0, 0.0, 1.5]));
    let found = evaluate(&MeanAbsolute::new(), &y, 2, values(&t, 2)).unwrap();
    assert_eq!(found, (6.0 / 4.0, vec![0.25, -0.25, 0.0, 0.25]));
    // Squared for the distances 1 (on the edge), 0; linear for 2 and 3.
    let found = evaluate(&Huber::new(1.0).unwrap(), &y, 2, values(&t, 2)).unwrap();
    assert_eq!(found, ((0.5 + 1.5 + 0.0 + 2.5) / 4.0, vec![0.25, -0.25, 0.0, 0.25]));
    let found = evaluate(&SigmoidCrossEntropy::new(), &[0.0, 0.0], 2, values(&[0.0, 1.0], 2)).unwrap();
    assert_eq!(found, (2_f64.ln(), vec![0.25, -0.25]));
    // Only the positive class is weighted.
    let weighted = SigmoidCrossEntropy::new().class_weights(&[3.0, 3.0]).unwrap();
    let found = evaluate(&weighted, &[0.0, 0.0], 2, values(&[0.0, 1.0], 2)).unwrap();
    assert_eq!(found, (2.0 * 2_f64.ln(), vec![0.25, -0.75]));
}

#[test]
fn probabilities_are_clipped() {
    let most = -1e-7_f64.ln();
    let clipped = |loss: &dyn Loss<f64>, y: &[f64], cols, t| evaluate(loss, y, cols, t).unwrap();
    let binary = BinaryCrossEntropy::new();
    // Sure and wrong, in the range and beyond it: the largest loss there is, and no gradient. The other way round the smallest.
    let (value, gradient) = clipped(&binary, &[0.0, 1.0, -3.0, 7.0], 2, values(&[1.0, 0.0, 1.0, 0.0], 2));
    assert!((value - most).abs() <= 1e-9 * most && gradient == [0.0; 4], "{value}, {gradient:?}");
    let (value, gradient) = clipped(&binary, &[1.0, 0.0, 7.0, -3.0], 2, values(&[1.0, 0.0, 1.0, 0.0], 2));
    assert!((value - 1e-7).abs() <= 1e-13 && gradient == [0.0; 4], "{value}, {gradient:?}");
    assert_eq!(clipped(&binary, &[0.5], 1, values(&[1.0], 1)), (2_f64.ln(), vec![-2.0]));

    let categorical = CategoricalCrossEntropy::new();
    let (value, gradient) = clipped(&categorical, &[0.0, 2.0, 0.0], 3, Targets::Classes(&[0]));
    assert!((value - most).abs() <= 1e-15 * most && gradient == [0.0; 3], "{value}, {gradient:?}");
    // A single output is all of its row, whatever it is.
    let (value, gradient) = clipped(&categorical, &[0.25, 9.0], 1, Targets::Classes(&[0, 0]));
    assert!((value - 1e-7).abs() <= 1e-13 && gradient == [0.0; 2], "{value}, {gradient:?}");
    // Shares of a row that sums to 4, and of one that sums to 1.
    let found = clipped(&categorical, &[1.0, 1.0, 2.0, 0.25, 0.25, 0.5], 3, Targets::Classes(&[2, 2]));
    assert_eq!(found, (2_f64.ln(), vec![0.125, 0.125, -0.125, 0.5, 0.5, -0.5]));
    let one_hot = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    assert_eq!(clipped(&categorical, &[1.0, 1.0, 2.0, 0.25, 0.25, 0.5], 3, values(&one_hot, 3)), found);
    let (value, gradient) = clipped(&categorical, &[0.0; 3], 3, Targets::Classes(&[1]));
    assert!(value.is_nan() && gradient.iter().all(|g| g.is_nan()));
    for wrong in [Targets::Classes(&[3]), Targets::Classes(&[0, 1]), values(&[0.0; 2], 2)] {
        assert!(evaluate(&categorical, &[0.5; 3], 3, wrong).is_err());
    }
}

/// A batch cut in two: what the loss says of the parts, by their divisors, is what it says of the whole.
fn adds_up(loss: &dyn Loss<f64>, y: &[f64], cols: usize, at: usize, targets: [Targets<'_, f64>; 3]) -> TestCaseResult {
    let [whole, left, right] = targets;
    let (value, gradient) = evaluate(loss, y, cols, whole).unwrap();
    let divisor = loss.divisor(whole);
    let (mut sum, mut size) = (0.0, 0.0);
    for (y, gradient, part) in [(&y[..at], &gradient[..at], left), (&y[at..], &gradient[at..], right)] {
        let (found, of_part) = evaluate(loss, y, cols, part).unwrap();
        let share = loss.divisor(part) / divisor;
        sum += share * found;
        size += (share * found).abs();
        for (&expected, found) in gradient.iter().zip(of_part) {
            // Some roundings of the derivative, or of the two shares of weights up to 2 that it is the difference of.
            let limit = 8.0 * f64::EPSILON * (expected.abs() + 2.0 / divisor);
            prop_assert!((found * share - expected).abs() <= limit, "{}: {}, not {}", loss.name(), found, expected);
        }
    }
    // Sums of up to 33 x 33 entries whose terms are of one sign, or nearly.
    prop_assert!((sum - value).abs() <= 2e3 * f64::EPSILON * (size + 10.0), "{}: {}, not {}", loss.name(), sum, value);
    Ok(())
}

#[test]
fn the_losses_of_parts_add_up() {
    check((2..34_usize, size(), any::<prop::sample::Index>(), any::<u64>()), |(rows, cols, cut, seed)| {
        let outputs = numbers(rows * cols, 2.0, seed, "outputs");
        let shares: Vec<f64> = numbers(rows * cols, 1.0, seed, "targets").into_iter().map(f64::abs).collect();
        let classes: Vec<usize> = (0..rows).map(|row| (row * row + 1) % cols).collect();
        let cut = 1 + cut.index(rows - 1);
        let at = cut * cols;
        let of_values = || [values(&shares, cols), values(&shares[..at], cols), values(&shares[at..], cols)];
        let of_classes = || [&classes[..], &classes[..cut], &classes[cut..]].map(Targets::Classes);
        for loss in self::of_values() {
            adds_up(&*loss, &outputs, cols, at, of_values())?;
        }
        let weights: Vec<f64> = numbers(cols, 1.0, seed, "weights").into_iter().map(f64::exp2).collect();
        let plain = SoftmaxCrossEntropy::new();
        adds_up(&plain, &outputs, cols, at, of_classes())?;
        adds_up(&plain.smoothing(0.1).unwrap().class_weights(&weights).unwrap(), &outputs, cols, at, of_classes())?;
        let rates: Vec<f64> = outputs.iter().map(|y| y.abs() + 0.5).collect();
        adds_up(&Poisson::of_rates(), &rates, cols, at, of_values())?;
        adds_up(&CategoricalCrossEntropy::new(), &rates, cols, at, of_values())?;
        adds_up(&CategoricalCrossEntropy::new(), &rates, cols, at, of_classes())
    });
}

/// A loss on a data set does not depend on how many rows are computed at once, nor does that of a trained epoch.
#[test]
fn a_loss_of_a_data_set_is_that_of_one_batch() {
    let network = Network::<f64>::builder(2).layer(Linear::new(3)).seed(4).build().unwrap();
    let weights = [0.25, 1.0, 4.0];
    let data = Dataset::classes(numbers(38, 1.0, 1, "inputs"), 2, (0..19).map(|row| row * row % 3).collect()).unwrap();
    let loss = SoftmaxCrossEntropy::new().class_weights(&weights).unwrap();
    let of =
        |rows: usize| evenkeel::evaluate(&network, &loss, &data, &mut network.workspace(rows).unwrap()).unwrap().loss;
    for rows in 1..19 {
        assert!((of(rows) - of(19)).abs() <= 19.0 * f64::EPSILON * of(19), "{rows} rows at once");
    }
    // At a rate of next to nothing all batches see the same network.
    let builder = Trainer::builder(network.clone(), loss.clone(), Sgd::new(1e-300).unwrap()).batch(5).epochs(1);
    let mut trainer = builder.build().unwrap();
    let epoch = trainer.epoch(&data, None).unwrap().unwrap();
    assert!((epoch.loss - of(19)).abs() <= 19.0 * f64::EPSILON * of(19), "{}, not {}", epoch.loss, of(19));
}

#[test]
fn weights_of_one_and_no_smoothing_change_nothing() {
    check((size(), size(), any::<u64>()), |(rows, cols, seed)| {
        let outputs = numbers(rows * cols, 5.0, seed, "outputs");
        let shares: Vec<f64> = numbers(rows * cols, 1.0, seed, "targets").into_iter().map(f64::abs).collect();
        let classes: Vec<usize> = (0..rows).map(|row| (row * row + 1) % cols).collect();
        let ones = vec![1.0; cols];
        let plain = evaluate(&SoftmaxCrossEntropy::new(), &outputs, cols, Targets::Classes(&classes)).unwrap();
        let same = SoftmaxCrossEntropy::new().class_weights(&ones).unwrap().smoothing(0.0).unwrap();
        prop_assert_eq!(&plain, &evaluate(&same, &outputs, cols, Targets::Classes(&classes)).unwrap());
        // What a softmax takes from one class it gives to the others: each row of the gradient sums to 0.
        for row in plain.1.chunks(cols) {
            prop_assert!(row.iter().sum::<f64>().abs() <= 33.0 * f64::EPSILON);
        }
        let plain = evaluate(&SigmoidCrossEntropy::new(), &outputs, cols, values(&shares, cols)).unwrap();
        let same = SigmoidCrossEntropy::new().class_weights(&ones).unwrap().smoothing(0.0).unwrap();
        prop_assert_eq!(plain, evaluate(&same, &outputs, cols, values(&shares, cols)).unwrap());
        Ok(())
    });
}

/// The same numbers as f32 give the same value, bit for bit, since it is computed in f64; and the gradient rounded to f32.
#[test]
fn both_floats_agree() {
    check((size(), size(), any::<u64>()), |(rows, cols, seed)| {
        let single: Vec<f32> = numbers(rows * cols, 5.0, seed, "outputs").into_iter().map(|y| y as f32).collect();
        let shares: Vec<f32> = numbers(rows * cols, 1.0, seed, "targets").into_iter().map(|t| t.abs() as f32).collect();
        let (double, double_shares) = (single.clone(), shares.clone());
        let [double, double_shares] = [double, double_shares].map(|v| v.into_iter().map(f64::from).collect::<Vec<_>>());
        let classes: Vec<usize> = (0..rows).map(|row| (row * row + 1) % cols).collect();
        let rounded = |gradient: Vec<f64>| gradient.into_iter().map(|g| g as f32).collect::<Vec<_>>();
        for (loss32, loss64) in of_values().into_iter().zip(of_values()) {
            let found = evaluate(&*loss32, &single, cols, values(&shares, cols)).unwrap();
            let (value, gradient) = evaluate(&*loss64, &double, cols, values(&double_shares, cols)).unwrap();
            prop_assert_eq!(found, (value, rounded(gradient)));
        }
        let softmax = SoftmaxCrossEntropy::new().smoothing(0.1).unwrap();
        let found = evaluate(&softmax, &single, cols, Targets::Classes(&classes)).unwrap();
        let (value, gradient) = evaluate(&softmax, &double, cols, Targets::Classes(&classes)).unwrap();
        prop_assert_eq!(found, (value, rounded(gradient)));
        Ok(())
    });
}

/// Checks the loss for outputs of which one, anywhere, is not finite: then the loss is not, and NaN for a NaN.
fn tells_what_is_not_finite<T: Float>(loss: &dyn Loss<T>, targets: Targets<'_, T>) {
    for at in 0..6 {
        for bad in [T::nan(), T::infinity(), T::neg_infinity()] {
            let mut outputs = [0.5, -1.0, 2.0, 0.0, 1.0, -0.5].map(T::of);
            outputs[at] = bad;
            let (value, gradient) = evaluate(loss, &outputs, 3, targets).unwrap();
            assert!(!value.is_finite(), "{}: {bad} at {at} gives {value}", loss.name());
            assert!(!bad.is_nan() || (value.is_nan() && gradient[at].is_nan()), "{}: a NaN was lost", loss.name());
        }
    }
}

#[test]
fn what_is_not_finite_shows_in_the_loss() {
    let shares = [0.0, 1.0, 0.5, 1.0, 0.0, 0.25];
    for (loss32, loss64) in of_values().into_iter().zip(of_values()) {
        tells_what_is_not_finite::<f32>(&*loss32, values(&shares.map(|t| t as f32), 3));
        tells_what_is_not_finite::<f64>(&*loss64, values(&shares, 3));
    }
    let categorical = CategoricalCrossEntropy::new();
    tells_what_is_not_finite::<f32>(&categorical, Targets::Classes(&[0, 2]));
    tells_what_is_not_finite::<f64>(&categorical, values(&shares, 3));
    tells_what_is_not_finite::<f64>(&Poisson::of_rates(), values(&shares, 3));
    let plain = SoftmaxCrossEntropy::new();
    for loss in [plain.clone(), plain.smoothing(0.1).unwrap()] {
        tells_what_is_not_finite::<f32>(&loss, Targets::Classes(&[0, 2]));
        tells_what_is_not_finite::<f64>(&loss, Targets::Classes(&[0, 2]));
    }
}

#[test]
fn targets_that_do_not_fit_are_refused() {
    let y = [0.0_f32; 6];
    let softmax = SoftmaxCrossEntropy::new();
    let refused = |targets| evaluate(&softmax, &y, 3, targets).unwrap_err();
    assert_eq!(refused(values(&y, 3)), Error::Targets { of: "SoftmaxCrossEntropy", needs: "classes" });
    let what = "the rows of the targets";
    assert_eq!(refused(Targets::Classes(&[0])), Error::Size { what, expected: 2, found: 1 });
    assert_eq!(refused(Targets::Classes(&[0, 3])), Error::Class { row: 1, class: 3, classes: 3 });
    assert_eq!(evaluate::<f32>(&softmax, &[], 3, Targets::Classes(&[])), Err(Error::Empty { what: "a batch" }));
    for loss in of_values() {
        let refused = |targets| evaluate(&*loss, &y, 3, targets).unwrap_err();
        let wrong = refused(Targets::Classes(&[0, 1]));
        assert!(matches!(wrong, Error::Targets { needs: "rows of values", .. }), "{wrong}");
        assert_eq!(refused(values(&y[..3], 3)), Error::Size { what, expected: 2, found: 1 });
        let what = "the columns of the targets";
        assert_eq!(refused(values(&y[..4], 2)), Error::Size { what, expected: 3, found: 2 });
        assert_eq!(evaluate(&*loss, &[], 3, values(&[], 3)), Err(Error::Empty { what: "a batch" }));
        let mut narrow = [0.0; 2];
        let into = Some(RowsMut::new(&mut narrow, 1).unwrap());
        let found = loss.evaluate(Rows::new(&y, 3).unwrap(), values(&y, 3), into);
        let what = "the columns of the loss gradient";
        assert_eq!(found, Err(Error::Size { what, expected: 3, found: 1 }));
    }
    for bad in [-0.1, 1.5, f32::NAN, f32::INFINITY] {
        let mut t = y;
        t[5] = bad;
        match evaluate(&SigmoidCrossEntropy::new(), &y, 3, values(&t, 3)) {
            Err(Error::Probability { row: 1, column: 2, value }) => {
                assert_eq!(value.to_bits(), f64::from(bad).to_bits());
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
}

/// Whether the argument of that name was refused.
fn refuses<R: std::fmt::Debug>(found: Result<R, Error>, name: &str) {
    assert!(matches!(&found, Err(Error::Argument { argument, .. }) if *argument == name), "{name}: {found:?}");
}

#[test]
fn arguments_out_of_range_are_refused() {
    for bad in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
        refuses(SoftmaxCrossEntropy::new().smoothing(bad), "smoothing");
        refuses(SigmoidCrossEntropy::new().smoothing(bad), "smoothing");
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refuses(SoftmaxCrossEntropy::new().class_weights(&[1.0, bad]), "class_weights");
        refuses(SigmoidCrossEntropy::new().class_weights(&[1.0, bad]), "class_weights");
        refuses(Huber::new(bad), "delta");
    }
    let empty = Error::Empty { what: "the list of class weights" };
    assert_eq!(SoftmaxCrossEntropy::new().class_weights(&[]), Err(empty.clone()));
    assert_eq!(SigmoidCrossEntropy::new().class_weights(&[]), Err(empty));
    // How many there must be is only known once there are outputs.
    let softmax = SoftmaxCrossEntropy::new().class_weights(&[1.0, 2.0]).unwrap();
    let found = evaluate(&softmax, &[0.0_f32; 3], 3, Targets::Classes(&[0]));
    assert!(matches!(found, Err(Error::Size { expected: 3, found: 2, .. })), "{found:?}");
    let sigmoid = SigmoidCrossEntropy::new().class_weights(&[1.0, 2.0]).unwrap();
    let found = evaluate(&sigmoid, &[0.0_f32; 3], 3, values(&[0.0; 3], 3));
    assert!(matches!(found, Err(Error::Size { expected: 3, found: 2, .. })), "{found:?}");
}
