//! Layers of a user's own: one that learns, one that remembers, one with noise. All three work like those of the crate.

use std::ops::ControlFlow;

use evenkeel::*;

/// y = g x + b, with a gain and a shift for each column.
#[derive(Debug)]
struct GainAndShift;

impl<T: Float> Layer<T> for GainAndShift {
    fn kind(&self) -> &'static str {
        "gain_and_shift"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)).param(Param::bias(n_in)))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (gain, shift) = pass.params.split_at(x.cols());
        for (y, x) in y.iter_mut().zip(x.iter()) {
            for (at, y) in y.iter_mut().enumerate() {
                *y = gain[at] * x[at] + shift[at];
            }
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let (gain, shift) = gradients.split_at_mut(x.cols());
        for (row, (x, dy)) in x.iter().zip(dy.iter()).enumerate() {
            for at in 0..x.len() {
                gain[at] += x[at] * dy[at];
                shift[at] += dy[at];
                if let Some(dx) = &mut dx {
                    dx.row_mut(row)[at] = pass.params[at] * dy[at];
                }
            }
        }
    }
}

/// In training y = x - (mean of the batch); later y = x - (mean of the batches so far), a running one.
#[derive(Debug)]
struct Centre;

impl<T: Float> Layer<T> for Centre {
    fn kind(&self) -> &'static str {
        "centre"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).state(vec![0.0; n_in]).saved(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        mean(x, pass.saved);
        let centre = if pass.mode == Mode::Train { &*pass.saved } else { pass.state };
        for (y, x) in y.iter_mut().zip(x.iter()) {
            y.iter_mut().zip(x).zip(centre).for_each(|((y, &x), &centre)| *y = x - centre);
        }
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        // Of `saved` as it is now: commit needs the mean of the inputs.
        let count = T::of(dy.rows() as f64);
        assert_eq!(pass.saved.len(), dy.cols());
        for at in 0..dy.cols() {
            let mean = dy.iter().fold(T::zero(), |sum, dy| sum + dy[at]) / count;
            dx.iter_mut().zip(dy.iter()).for_each(|(dx, dy)| dx[at] = dy[at] - mean);
        }
    }

    fn commit(&self, passed: &Passed<'_, T>, state: &mut [T]) {
        state
            .iter_mut()
            .zip(passed.saved)
            .for_each(|(state, &mean)| *state = T::of(0.75) * *state + T::of(0.25) * mean);
    }
}

fn mean<T: Float>(x: Rows<'_, T>, mean: &mut [T]) {
    mean.fill(T::zero());
    x.iter().for_each(|x| mean.iter_mut().zip(x).for_each(|(mean, &x)| *mean += x));
    mean.iter_mut().for_each(|mean| *mean /= T::of(x.rows() as f64));
}

/// In training every number is dropped with probability one half, else doubled.
#[derive(Debug)]
struct Drop;

impl Drop {
    /// What to multiply a row by: a function of the layer, of the step and of the row.
    fn mask<T: Float>(pass: &Pass<'_, T>, row: usize) -> impl Iterator<Item = T> + use<T> {
        let mut generator =
            Generator::numbered(pass.seed.wrapping_add(pass.step), "row", (pass.first_row + row) as u64);
        let mode = pass.mode;
        std::iter::repeat_with(move || match mode {
            Mode::Train => T::of(2.0 * generator.below(2) as f64),
            Mode::Infer => T::one(),
        })
    }
}

impl<T: Float> Layer<T> for Drop {
    fn kind(&self) -> &'static str {
        "drop"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        for (row, (y, x)) in y.iter_mut().zip(x.iter()).enumerate() {
            y.iter_mut().zip(x).zip(Self::mask(pass, row)).for_each(|((y, &x), factor)| *y = factor * x);
        }
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        for (row, (dx, dy)) in dx.iter_mut().zip(dy.iter()).enumerate() {
            dx.iter_mut().zip(dy).zip(Self::mask(pass, row)).for_each(|((dx, &dy), factor)| *dx = factor * dy);
        }
    }
}

const ROWS: usize = 24;

fn x() -> Vec<f64> {
    (0..ROWS * 2).map(|at| (at as f64 * 1.7).sin() + 0.5).collect()
}

fn data() -> Dataset<f64> {
    let y = x().chunks(2).map(|x| x[0] * x[1]).collect();
    Dataset::values(x(), 2, y, 1).unwrap()
}

fn builder() -> NetworkBuilder<f64> {
    Network::builder(2).layer(Linear::new(12)).seed(2)
}

#[test]
fn their_gradients_are_right() {
    let all = || builder().layer(GainAndShift).layer(Tanh).layer(Centre).layer(Drop).layer(Linear::new(3));
    let x = x();
    for seed in 0..5 {
        let network = all().seed(seed).build().unwrap();
        let checked = check::gradients(&network, Rows::new(&x, 2).unwrap(), seed).unwrap();
        assert_eq!((checked.entries, checked.skipped), (3 * 12 + 2 * 12 + 13 * 3, 0));
    }
}

#[test]
fn one_that_learns_is_trained_and_watched() {
    let network = builder().layer(GainAndShift).layer(Tanh).layer(Linear::new(1)).build().unwrap();
    assert_eq!(network.layer_names()[1], "1.gain_and_shift");
    assert_eq!(network.parameter("1.gain_and_shift.gain").unwrap().data(), [1.0; 12]);
    assert_eq!(network.parameter("1.gain_and_shift.bias").unwrap().data(), [0.0; 12]);
    let builder = Trainer::builder(network, MeanSquared::new(), Adam::new(0.02).unwrap()).batch(8).epochs(400);
    let mut trainer = builder.watch(Monitor::new()).build().unwrap();
    let losses: Vec<f64> = {
        let history = trainer.fit(&data(), None, |_| ControlFlow::Continue(())).unwrap();
        history.iter().map(|epoch| epoch.loss).collect()
    };
    assert!(losses[399] < 0.01 * losses[0], "from {} to {}", losses[0], losses[399]);
    let gain = trainer.network().parameter("1.gain_and_shift.gain").unwrap();
    assert!(gain.data().iter().all(|&gain| gain != 1.0));
    let report = trainer.report().unwrap();
    assert!(report.is_healthy(), "{report}");
    assert_eq!(report.layer("1.gain_and_shift").unwrap().gradient.len(), trainer.steps());
}

#[test]
fn one_that_remembers_does_so_only_when_a_step_is_applied() {
    let network = Network::builder(2).layer(Centre).layer(Linear::new(1)).build().unwrap();
    let mut trainer =
        Trainer::builder(network, MeanSquared::new(), Adam::new(0.01).unwrap()).batch(ROWS).build().unwrap();
    let mut centre = [0.0; 2];
    mean(Rows::new(&x(), 2).unwrap(), &mut centre);
    let mut expected = [0.0; 2];
    for _ in 0..5 {
        trainer.step(&data()).unwrap();
        expected.iter_mut().zip(centre).for_each(|(expected, mean)| *expected = 0.75 * *expected + 0.25 * mean);
        let state = trainer.network().state();
        assert!(state.iter().zip(expected).all(|(state, expected)| (state - expected).abs() < 1e-14), "{state:?}");
    }
    let before = trainer.network().state().to_vec();
    trainer.evaluate(&data()).unwrap();
    assert_eq!(trainer.network().state(), before);

    // Training passes as such leave it alone, too; it is in use where there is no training.
    let mut network = trainer.into_network();
    let (x, y) = ([5.0, 7.0], [1.0]);
    let (x, y) = (Rows::new(&x, 2).unwrap(), Targets::Values(Rows::new(&y, 1).unwrap()));
    let mut workspace = network.workspace(1).unwrap();
    let optimizer = Adam::new(0.01).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let seen = network.forward(x, Mode::Infer, &mut workspace).unwrap().data().to_vec();
    assert_eq!(network.predict(x).unwrap(), seen);
    let centred = workspace.activation("0.centre").unwrap().data().to_vec();
    assert_eq!(centred, [5.0 - before[0], 7.0 - before[1]]);
    network.forward(x, Mode::Train, &mut workspace).unwrap();
    assert_eq!(workspace.activation("0.centre").unwrap().data(), [0.0; 2]);
    network.loss(&MeanSquared::new(), y, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    let mut gradients = network.gradients(&mut workspace).unwrap();
    gradients.values_mut()[0] = f64::NAN;
    assert!(!NonFinite::Skip.decide(None, &mut gradients, 0).unwrap().apply);
    assert_eq!(network.state(), before);
    network.update(&optimizer, &mut state, &mut workspace, 0.0, 0.0).unwrap();
    assert_eq!(network.state(), [0.75 * before[0] + 0.25 * 5.0, 0.75 * before[1] + 0.25 * 7.0]);
}

#[test]
fn one_with_noise_has_the_same_noise_in_the_same_step() {
    let mut network =
        Network::<f64>::builder(64).layer(Drop).layer(Drop).layer(Linear::without_bias(1)).build().unwrap();
    let ones = [1.0; 64 * 3];
    let x = Rows::new(&ones, 64).unwrap();
    let mut workspace = network.workspace(3).unwrap();
    let optimizer = Sgd::new(0.1).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let mut seen = Vec::new();
    for step in 0..20 {
        network.forward(x, Mode::Train, &mut workspace).unwrap();
        let first = workspace.activation("0.drop").unwrap().data().to_vec();
        let both = workspace.activation("1.drop").unwrap().data().to_vec();
        // An inference in between, and the same rows one by one or all again: nothing moves the noise on.
        let sum: f64 = network.parameter("2.linear.weight").unwrap().data().iter().sum();
        assert!(network.predict(x).unwrap().iter().all(|y| (y - sum).abs() < 1e-12));
        network.forward(Rows::new(&ones[..64], 64).unwrap(), Mode::Train, &mut workspace).unwrap();
        assert_eq!(workspace.activation("0.drop").unwrap().data(), &first[..64]);
        network.forward(x, Mode::Train, &mut workspace).unwrap();
        assert_eq!(workspace.activation("1.drop").unwrap().data(), both);
        // The layers, and the rows, have noise of their own: of 192 numbers a quarter passes both.
        let passed = both.iter().filter(|&&y| y == 4.0).count();
        assert!((20..80).contains(&passed) && both.iter().all(|&y| y == 0.0 || y == 4.0), "{passed}");
        assert!(first[..64] != first[64..128] && first[64..128] != first[128..]);
        assert!(!seen.contains(&first), "the noise of step {step} was there before");
        seen.push(first);
        network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&[0.0; 3], 1).unwrap()), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.01).unwrap();
    }
}

/// y = 2 (x W + b): one linear layer, used twice.
#[derive(Debug)]
struct Twice(Linear<f64>);

impl Layer<f64> for Twice {
    fn kind(&self) -> &'static str {
        "twice"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        // Another parameter than the inner layer knows of, so that it must not overwrite what is there.
        Ok(self.0.plan(n_in)?.param(Param::gain(self.0.plan(n_in)?.n_out)))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        let (inner, gain) = pass.params.split_at(pass.params.len() - y.cols());
        pass.params = inner;
        self.0.forward(x, y.reborrow(), pass)?;
        y.iter_mut().for_each(|y| y.iter_mut().zip(gain).for_each(|(y, gain)| *y = 2.0 * *y + gain));
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        y: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        mut dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        let (inner, gain) = gradients.split_at_mut(gradients.len() - dy.cols());
        dy.iter().for_each(|dy| gain.iter_mut().zip(dy).for_each(|(gain, dy)| *gain += dy));
        pass.params = &pass.params[..inner.len()];
        self.0.backward(x, y, dy, None, inner, pass);
        self.0.backward(x, y, dy, dx.as_mut().map(RowsMut::reborrow), inner, pass);
        if let Some(dx) = &mut dx {
            dx.data_mut().iter_mut().for_each(|dx| *dx *= 2.0);
        }
    }
}

#[test]
fn a_layer_inside_another_adds_its_gradients() {
    let network = Network::builder(3).layer(Linear::new(4)).layer(Twice(Linear::new(2))).seed(2).build().unwrap();
    let x = [0.3, -0.8, 0.5, 1.0, 0.2, -0.1];
    check::gradients(&network, Rows::new(&x, 3).unwrap(), 1).unwrap();
}
