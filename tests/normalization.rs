//! What norms promise: the right statistics, at the right time, whatever the numbers are like.

mod alone;
mod drawn;

use alone::{Given, Left};
use drawn::{check, numbers};
use evenkeel::*;
use proptest::prelude::*;

/// Gains and biases, as many as a plan asks for.
fn params<T: Float>(plan: &Plan, seed: u64) -> Vec<T> {
    let count = plan.params.iter().filter_map(Param::count).sum();
    numbers(count, 1.5, seed, "params").into_iter().map(T::of).collect()
}

fn same_bits<T: Float>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.get().to_bits() == b.get().to_bits())
}

#[test]
fn a_batch_of_one_is_refused_in_training_alone() {
    let network = Network::<f32>::builder(6).layer(Tanh).layer(BatchNorm::new()).build().unwrap();
    let mut workspace = network.workspace(2).unwrap();
    let x = [0.5; 12];
    let (one, two) = (Rows::new(&x[..6], 6).unwrap(), Rows::new(&x, 6).unwrap());
    let refused = network.forward(one, Mode::Train, &mut workspace).unwrap_err();
    let Error::Layer { layer, source } = &refused else { panic!("{refused}") };
    assert!(layer == "1.batch_norm" && matches!(**source, Error::Argument { of: "BatchNorm", value: 1.0, .. }));
    network.forward(two, Mode::Train, &mut workspace).unwrap();
    network.forward(one, Mode::Infer, &mut workspace).unwrap();
    // Two positions are two values of each channel.
    let network = Network::<f32>::builder(6).layer(BatchNorm::channels(3)).build().unwrap();
    network.forward(one, Mode::Train, &mut network.workspace(1).unwrap()).unwrap();
}

#[test]
fn impossible_settings_are_refused() {
    for momentum in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(matches!(BatchNorm::new().momentum(momentum), Err(Error::Argument { argument: "momentum", .. })));
    }
    assert!(BatchNorm::new().momentum(1.0).is_ok());
    for epsilon in [0.0, -1e-5, f64::INFINITY, f64::NAN] {
        assert!(matches!(BatchNorm::new().epsilon(epsilon), Err(Error::Argument { argument: "epsilon", .. })));
        assert!(matches!(LayerNorm::new().epsilon(epsilon), Err(Error::Argument { of: "LayerNorm", .. })));
        assert!(matches!(RmsNorm::new().epsilon(epsilon), Err(Error::Argument { of: "RmsNorm", .. })));
    }
    fn refused(layer: impl Layer<f32> + 'static) -> Error {
        match Network::builder(7).layer(layer).build().unwrap_err() {
            Error::Layer { source, .. } => *source,
            other => panic!("{other}"),
        }
    }
    for none in [refused(BatchNorm::channels(0)), refused(LayerNorm::over(0)), refused(RmsNorm::over(0))] {
        assert!(matches!(none, Error::Argument { value: 0.0, must: "at least 1", .. }), "{none}");
    }
    assert!(matches!(refused(PerStep::new(0, Linear::new(1))), Error::Argument { argument: "width", .. }));
    let broken = [refused(BatchNorm::channels(3)), refused(LayerNorm::over(3)), refused(RmsNorm::over(3))];
    for broken in broken.into_iter().chain([refused(PerStep::new(3, Linear::new(1)))]) {
        assert!(matches!(broken, Error::Size { expected: 9, found: 7, .. }), "{broken}");
    }
    assert!(matches!(refused(PerStep::new(7, Linear::new(0))), Error::Argument { argument: "n_out", .. }));
}

/// Mean and plain variance, by two loops in f64.
fn plain(x: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = x.clone().count() as f64;
    let mean = x.clone().sum::<f64>() / count;
    (mean, x.map(|x| (x - mean).powi(2)).sum::<f64>() / count)
}

/// Compares outputs in f32 with a formula in f64.
fn near(y: &[f32], expected: impl Fn(usize) -> (f64, f64)) -> Result<(), TestCaseError> {
    for (at, &y) in y.iter().enumerate() {
        let (product, bias) = expected(at);
        // Rounded: the parts of the mean (2), two differences, the root, gain and its product (2), the sum.
        let bound = 8.0 * f64::from(f32::EPSILON) * (product.abs() + bias.abs());
        let error = (f64::from(y) - (product + bias)).abs();
        prop_assert!(error <= bound + 1e-12, "entry {}: {} is not {}", at, y, product + bias);
    }
    Ok(())
}

#[test]
fn norms_agree_with_their_formula() {
    let strategy = (1..70_usize, 1..5_usize, 2..60_usize, -1000.0..1000.0_f64, any::<u64>());
    check(strategy, |(width, groups, rows, mean, seed)| {
        let n_in = groups * width;
        let x: Vec<f32> = numbers(rows * n_in, 2.0, seed, "x").iter().map(|x| (x + mean) as f32).collect();
        let wide = |x: &f32| f64::from(*x);
        let of = |at: usize| f64::from(x[at]);

        let batch = BatchNorm::channels(width);
        let gains = params::<f32>(&Layer::<f32>::plan(&batch, n_in).unwrap(), seed);
        let (gain, bias) = (|at: usize| wide(&gains[at % width]), |at: usize| wide(&gains[width + at % width]));
        let statistics: Vec<_> =
            (0..width).map(|channel| plain(x.iter().skip(channel).step_by(width).map(wide))).collect();
        let y = Given::rows(&x, n_in, &gains).forward(&batch).unwrap().y;
        near(&y, |at| {
            let (mean, variance) = statistics[at % width];
            (gain(at) * (of(at) - mean) / (variance + 1e-5).sqrt(), bias(at))
        })?;

        let statistics: Vec<_> = x.chunks(width).map(|x| plain(x.iter().map(wide))).collect();
        let y = Given::rows(&x, n_in, &gains).forward(&LayerNorm::over(width)).unwrap().y;
        near(&y, |at| {
            let (mean, variance) = statistics[at / width];
            (gain(at) * (of(at) - mean) / (variance + 1e-5).sqrt(), bias(at))
        })?;

        let squares = |x: &[f32]| x.iter().map(|x| wide(x).powi(2)).sum::<f64>() / width as f64;
        let y = Given::rows(&x, n_in, &gains[..width]).forward(&RmsNorm::over(width)).unwrap().y;
        let roots: Vec<_> = x.chunks(width).map(|x| (squares(x) + 1e-6).sqrt()).collect();
        near(&y, |at| (gain(at) * of(at) / roots[at / width], 0.0))
    });
}

/// Whole steps from a mean so large that its square leaves no digit for theirs.
fn about_a_large_mean<T: Float>(mean: f64) {
    const ROWS: usize = 40;
    for channels in [1, 3, 16, 21] {
        let whole: Vec<f64> = (0..ROWS * channels).map(|at| ((at * at + 3 * at) % 31) as f64).collect();
        let x: Vec<T> = whole.iter().map(|x| T::of(mean + x)).collect();
        assert!(x.iter().zip(&whole).all(|(x, whole)| x.get() - mean == *whole), "{mean} is too large to be exact");
        let norm = BatchNorm::new().momentum(1.0).unwrap().without_affine();
        let state = vec![T::zero(); 2 * channels];
        let given = Given { state: &state, ..Given::rows(&x, channels, &[]) };
        let left = given.forward(&norm).unwrap();
        let running = left.committed(&norm, given);
        let by_row = Given::rows(&x, channels, &[]).forward(&LayerNorm::new().without_affine()).unwrap().y;
        for (at, y) in left.y.iter().enumerate() {
            let channel = at % channels;
            let (offset, variance) = plain(whole.iter().copied().skip(channel).step_by(channels));
            // Eight roundings of what is computed in T, and what cancels in the sums, which are in f64: 4 roundings a number and a few.
            let relative = 8.0 * T::epsilon().get() + 4.0 * (ROWS as f64 + 1.0) * f64::EPSILON;
            let close = |found: T, exact: f64, of: f64| (found.get() - exact).abs() <= relative * of;
            let exact = (whole[at] - offset) / (variance + 1e-5).sqrt();
            // The mean itself has no more digits than a number of its size, of which the low part holds the rest.
            assert!(close(*y, exact, exact.abs() + T::epsilon().get() * mean), "{y}, not {exact}");
            assert!(close(running[channel], mean + offset, mean / 8.0));
            let unbiased = variance * ROWS as f64 / (ROWS as f64 - 1.0);
            assert!(
                close(running[channels + channel], unbiased, unbiased),
                "{}, not {unbiased}",
                running[channels + channel]
            );
            let row = at / channels * channels;
            let (offset, variance) = plain(whole[row..row + channels].iter().copied());
            let exact = (whole[at] - offset) / (variance + 1e-5).sqrt();
            assert!(close(by_row[at], exact, exact.abs() + T::epsilon().get() * mean), "{}, not {exact}", by_row[at]);
        }
    }
}

#[test]
fn a_large_mean_takes_no_digits() {
    about_a_large_mean::<f32>(2_f64.powi(23));
    about_a_large_mean::<f64>(2_f64.powi(50));
}

#[test]
fn what_is_constant_becomes_the_bias() {
    for channels in [1, 5, 17] {
        let value = |at: usize| 0.1_f32 + (at % channels) as f32 * 1e4;
        let x: Vec<f32> = (0..6 * channels).map(value).collect();
        let plan = Layer::<f32>::plan(&BatchNorm::new(), channels).unwrap();
        let params = params(&plan, 1);
        let dy: Vec<f32> = (0..x.len()).map(|at| (at as f32).sin()).collect();
        let left = Given::rows(&x, channels, &params).passes(&BatchNorm::new(), &dy).unwrap();
        assert!(left.y.iter().enumerate().all(|(at, &y)| y == params[channels + at % channels]));
        assert!(
            left.dx.iter().all(|dx| dx.is_finite()) && left.gradients[..channels].iter().all(|&of_gain| of_gain == 0.0)
        );
        let row = vec![0.1_f32; channels];
        let left = Given::rows(&row, channels, &params).passes(&LayerNorm::new(), &dy[..channels]).unwrap();
        assert!(same_bits(&left.y, &params[channels..]) && left.dx.iter().all(|dx| dx.is_finite()));
        let zeros = vec![0.0_f32; channels];
        let left = Given::rows(&zeros, channels, &params[..channels]).passes(&RmsNorm::new(), &dy[..channels]).unwrap();
        assert!(left.y.iter().all(|&y| y == 0.0) && left.dx.iter().all(|dx| dx.is_finite()));
    }
}

#[test]
fn what_is_not_finite_shows_where_it_is() {
    for (channels, bad) in [(3, f64::NAN), (3, f64::INFINITY), (20, f64::NAN), (20, 1e200)] {
        let mut x = numbers(4 * channels, 1.0, 1, "x");
        x[channels + 1] = bad;
        let ones = [vec![1.0; channels], vec![0.0; channels]].concat();
        let y = Given::rows(&x, channels, &ones).forward(&BatchNorm::new()).unwrap().y;
        assert!(y.iter().enumerate().all(|(at, y)| y.is_nan() == (at % channels == 1)), "{bad}: {y:?}");
        for y in [
            Given::rows(&x, channels, &ones).forward(&LayerNorm::new()).unwrap().y,
            Given::rows(&x, channels, &ones[..channels]).forward(&RmsNorm::new()).unwrap().y,
        ] {
            assert!(y.iter().enumerate().all(|(at, y)| y.is_nan() == (at / channels == 1)), "{bad}: {y:?}");
        }
    }
}

#[test]
fn equal_channels_stay_equal() {
    for channels in [2, 5, 7, 16, 33] {
        let column = numbers(2 * 9, 1.0, channels as u64, "column");
        let spread =
            |column: &[f64]| -> Vec<f64> { column.iter().flat_map(|&x| std::iter::repeat_n(x, channels)).collect() };
        let (x, dy) = (spread(&column[..9]), spread(&column[9..]));
        let params = [vec![0.7; channels], vec![0.1; channels]].concat();
        let Left { y, dx, gradients, .. } = Given::rows(&x, channels, &params).passes(&BatchNorm::new(), &dy).unwrap();
        for row in y.chunks(channels).chain(dx.chunks(channels)).chain(gradients.chunks(channels)) {
            assert!(row.iter().all(|x| x.to_bits() == row[0].to_bits()), "{channels}: {row:?}");
        }
    }
}

/// A network with batch statistics, and rows for it.
fn network() -> Network<f64> {
    let builder = Network::builder(2).layer(Linear::new(7)).layer(BatchNorm::new()).layer(Tanh);
    builder.layer(Linear::new(6)).layer(BatchNorm::channels(3)).layer(Linear::new(1)).seed(5).build().unwrap()
}

fn data() -> Dataset<f64> {
    let x = numbers(19 * 2, 1.0, 3, "x");
    let y = x.chunks(2).map(|x| x[0] * x[1]).collect();
    Dataset::values(x, 2, y, 1).unwrap()
}

#[test]
fn running_statistics_move_only_when_an_update_is_applied() {
    let mut network = network();
    let optimizer = Adam::new(0.02).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let (mut workspace, mut probe) = (network.workspace(19).unwrap(), network.workspace(19).unwrap());
    let starts: Vec<f64> = [7, 3].into_iter().flat_map(|n| [vec![0.0; n], vec![1.0; n]].concat()).collect();
    assert_eq!(network.state(), starts);
    for step in 0..9 {
        let bad = step % 3 == 1;
        let before = network.state().to_vec();
        let mut x = data().inputs().data().to_vec();
        x[9] = if bad { f64::NAN } else { x[9] };
        network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap();
        let inner = workspace.activation("0.linear").unwrap().data().to_vec();
        network.loss(&MeanSquared::new(), data().targets(), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        // A look at other rows, and a prediction, in between.
        network.forward(data().inputs(), Mode::Infer, &mut probe).unwrap();
        network.forward(data().inputs(), Mode::Train, &mut probe).unwrap();
        network.predict(data().inputs()).unwrap();
        let verdict = NonFinite::Skip.decide(None, &mut network.gradients(&mut workspace).unwrap(), step).unwrap();
        assert_eq!(verdict.apply, !bad);
        assert_eq!(network.state(), before);
        if verdict.apply {
            network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.02).unwrap();
            for channel in 0..7 {
                let (mean, variance) = plain(inner.iter().copied().skip(channel).step_by(7));
                let expected =
                    [0.9 * before[channel] + 0.1 * mean, 0.9 * before[7 + channel] + 0.1 * variance * 19.0 / 18.0];
                for (found, expected) in [network.state()[channel], network.state()[7 + channel]].iter().zip(expected) {
                    assert!((found - expected).abs() <= 1e-14, "{found}, not {expected}");
                }
            }
            assert!(network.state()[14..].iter().zip(&before[14..]).all(|(now, before)| now != before));
        }
    }
}

#[test]
fn a_bad_batch_that_is_applied_leaves_the_running_statistics_alone() {
    let mut network = network();
    let optimizer = Adam::new(0.02).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let mut workspace = network.workspace(19).unwrap();
    for bad in [f64::NAN, f64::INFINITY] {
        let before = network.state().to_vec();
        let mut x = data().inputs().data().to_vec();
        x[9] = bad;
        network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap();
        network.loss(&MeanSquared::new(), data().targets(), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        let verdict = NonFinite::Zero.decide(None, &mut network.gradients(&mut workspace).unwrap(), 1).unwrap();
        assert!(verdict.apply);
        network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.02).unwrap();
        assert_eq!(network.state(), before);
    }
}

#[test]
fn a_variance_beyond_f32_is_its_largest_number() {
    let builder = Network::<f32>::builder(1).layer(BatchNorm::new().without_affine());
    let mut network = builder.layer(Linear::new(1)).build().unwrap();
    let (optimizer, mut workspace) = (Sgd::new(0.1).unwrap(), network.workspace(2).unwrap());
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let y =
        network.forward(Rows::new(&[-1e20, 1e20], 1).unwrap(), Mode::Train, &mut workspace).unwrap().data().to_vec();
    let normed = workspace.activation("0.batch_norm").unwrap().data();
    assert!((normed[0] + 1.0).abs() < 1e-6 && (normed[1] - 1.0).abs() < 1e-6, "{normed:?}");
    assert!(y.iter().all(|y| y.is_finite()));
    let t = [0.0, 0.0];
    network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&t, 1).unwrap()), &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
    // A tenth of it, and twice that: the unbiased variance of two.
    assert_eq!(network.state()[0], 0.0);
    assert!((network.state()[1] / (0.2 * f32::MAX) - 1.0).abs() < 1e-6, "{}", network.state()[1]);
}

#[test]
fn inference_uses_the_running_statistics() {
    let trainer = Trainer::builder(network(), MeanSquared::new(), Adam::new(0.02).unwrap());
    let mut trainer = trainer.batch(5).build().unwrap();
    for _ in 0..30 {
        trainer.step(&data()).unwrap();
    }
    let network = trainer.into_network();
    let mut workspace = network.workspace(19).unwrap();
    let data = data();
    let y = network.forward(data.inputs(), Mode::Infer, &mut workspace).unwrap().data().to_vec();
    let (x, normed) = (workspace.activation("0.linear").unwrap(), workspace.activation("1.batch_norm").unwrap());
    let [gain, bias] = ["gain", "bias"].map(|name| network.parameter(&format!("1.batch_norm.{name}")).unwrap().data());
    for (at, found) in normed.data().iter().enumerate() {
        let channel = at % 7;
        let (mean, variance) = (network.state()[channel], network.state()[7 + channel]);
        let expected = gain[channel] * (x.data()[at] - mean) / (variance + 1e-5).sqrt() + bias[channel];
        assert!((found - expected).abs() <= 1e-14, "{found}, not {expected}");
    }
    // A row's output does not depend on the rows beside it; in training it does.
    for (row, &y) in y.iter().enumerate() {
        let alone = network.predict(Rows::new(data.inputs().row(row), 2).unwrap()).unwrap();
        assert_eq!(alone[0].to_bits(), y.to_bits());
    }
    let batch = network.forward(data.inputs(), Mode::Train, &mut workspace).unwrap().data().to_vec();
    assert!(batch.iter().zip(&y).all(|(batch, y)| batch != y));
}

#[test]
fn resumed_as_if_never_broken_off() {
    const STEPS: usize = 16;
    // With noise, too: batch statistics and masks are those of the step.
    let network = || {
        let builder = Network::builder(2).layer(Linear::new(7)).layer(BatchNorm::new()).layer(Tanh);
        let builder = builder.layer(Dropout::new(0.3).unwrap()).layer(Linear::new(6)).layer(BatchNorm::channels(3));
        builder.layer(Linear::new(1)).seed(5).build().unwrap()
    };
    let trainer = |seed| {
        let builder = Trainer::builder(network(), MeanSquared::new(), Adam::new(0.02).unwrap());
        builder.batch(5).seed(seed).watch(Monitor::new().period(3).unwrap()).build().unwrap()
    };
    let bits = |trainer: &Trainer<f64>| {
        let network = trainer.network();
        network.parameters().iter().chain(network.state()).map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    check((any::<u64>(), 0..STEPS), |(seed, at)| {
        let (data, mut unbroken) = (data(), trainer(seed));
        let mut snapshot = unbroken.snapshot();
        for step in 0..STEPS {
            if step == at {
                snapshot = unbroken.snapshot();
            }
            unbroken.step(&data).unwrap();
        }
        let mut resumed = trainer(seed);
        resumed.restore(&snapshot).unwrap();
        prop_assert_ne!(bits(&resumed), bits(&unbroken));
        for _ in at..STEPS {
            resumed.step(&data).unwrap();
        }
        prop_assert_eq!(bits(&resumed), bits(&unbroken));
        Ok(())
    });
}

#[test]
fn per_step_is_the_layer_on_more_rows() {
    let (rows, steps, width) = (3, 4, 5);
    let (x, dy) = (numbers(rows * steps * width, 1.0, 1, "x"), numbers(rows * steps * 2, 1.0, 1, "dy"));
    let linear = || Linear::<f64>::new(2);
    let params = params(&linear().plan(width).unwrap(), 1);
    let alone = Given::rows(&x, width, &params).passes(&linear(), &dy).unwrap();
    let stepwise = Given::rows(&x, steps * width, &params).passes(&PerStep::new(width, linear()), &dy).unwrap();
    assert!(same_bits(&alone.y, &stepwise.y) && same_bits(&alone.dx, &stepwise.dx));
    assert!(same_bits(&alone.gradients, &stepwise.gradients));
    let names: Vec<_> = stepwise.plan.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!((names, stepwise.plan.n_out), (vec!["linear.weight", "linear.bias"], steps * 2));

    // One with a state, which is committed; its statistics are over all steps.
    let state = [[0.0; 5], [1.0; 5]].concat();
    let given = Given { state: &state, ..Given::rows(&x, steps * width, &[]) };
    let (channels, stepwise) = (
        BatchNorm::channels(width).without_affine(),
        PerStep::new(width, PerStep::new(width, BatchNorm::new().without_affine())),
    );
    let (of_channels, of_steps) = (given.passes(&channels, &x).unwrap(), given.passes(&stepwise, &x).unwrap());
    assert!(same_bits(&of_channels.y, &of_steps.y) && same_bits(&of_channels.dx, &of_steps.dx));
    assert!(same_bits(&of_channels.committed(&channels, given), &of_steps.committed(&stepwise, given)));
    assert!(of_steps.committed(&stepwise, given)[0] != 0.0);
}

#[test]
fn per_step_hands_on_what_its_layer_says() {
    let layer = PerStep::<f64>::new(2, Relu);
    assert_eq!((layer.kinks(), layer.bounds()), (Layer::<f64>::kinks(&Relu), Layer::<f64>::bounds(&Relu)));
    let given = PerStep::new(2, Linear::new(3).weights(Constant::new(0.25).unwrap()));
    let network = Network::<f64>::builder(4).layer(given).layer(PerStep::new(3, Linear::new(400)));
    let network = network.layer(PerStep::new(400, Relu)).seed(1).build().unwrap();
    assert_eq!(network.parameter("0.per_step.linear.weight").unwrap().data(), [0.25; 6]);
    // As the layer behind asks for: He's variance, 2 / 3, and not Xavier's, 2 / 403.
    let weights = network.parameter("1.per_step.linear.weight").unwrap();
    let (_, variance) = plain(weights.data().iter().copied());
    assert!((0.5..0.9).contains(&variance), "{variance}");
}
