//! Layers made of layers: the numbers are those of the same layers side by side, and everything that holds of a layer holds inside.

use super::drawn;

use std::ops::ControlFlow;

use evenkeel::*;
use proptest::prelude::*;
use serde_json::Value;

use drawn::{check, numbers, size};

/// Subtracts the running mean of its inputs, and keeps the inputs and their mean for commit and backward, which look whether they are
/// still there: a layer with a state, with numbers kept for each row and for the pass, and with scratch of its own.
#[derive(Debug, Clone)]
struct Centre;

impl Centre {
    fn mean(rows: usize, cols: usize, saved: &[f64]) -> &[f64] {
        assert_eq!(saved.len(), rows * cols + cols);
        &saved[rows * cols..]
    }
}

impl Layer<f64> for Centre {
    fn kind(&self) -> &'static str {
        "centre"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).state(vec![0.25; n_in]).saved_per_row(n_in).saved(n_in).scratch_per_row(2 * n_in + 1))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        let (cols, len) = (x.cols(), x.data().len());
        assert_eq!((pass.scratch.len(), pass.state.len()), (2 * len + x.rows(), cols));
        pass.scratch.fill(f64::NAN);
        pass.saved[..len].copy_from_slice(x.data());
        for column in 0..cols {
            pass.saved[len + column] = x.iter().map(|x| x[column]).sum::<f64>() / x.rows() as f64;
        }
        for (y, x) in y.iter_mut().zip(x.iter()) {
            y.iter_mut().zip(x).zip(pass.state).for_each(|((y, x), mean)| *y = x - mean);
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        y: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        pass.scratch.fill(f64::NAN);
        assert_eq!(&pass.saved[..x.data().len()], x.data());
        Self::mean(x.rows(), x.cols(), pass.saved);
        assert!((y.data()[0] - (x.data()[0] - pass.state[0])).abs() == 0.0);
        if let Some(mut dx) = dx {
            dx.data_mut().copy_from_slice(dy.data());
        }
    }

    fn commit(&self, passed: &Passed<'_, f64>, state: &mut [f64]) {
        assert_eq!(&passed.saved[..passed.x.data().len()], passed.x.data());
        assert_eq!(passed.y.data()[0], passed.x.data()[0] - state[0]);
        let mean = Self::mean(passed.x.rows(), passed.x.cols(), passed.saved);
        state.iter_mut().zip(mean).for_each(|(state, mean)| *state = 0.5 * *state + 0.5 * mean);
    }
}

/// y = g x, with a gradient that is only ever added to; it knows its parameter by its name in the plan, alone as within another layer.
#[derive(Debug)]
struct Gain;

impl Layer<f64> for Gain {
    fn kind(&self) -> &'static str {
        "gain"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        for (y, x) in y.iter_mut().zip(x.iter()) {
            y.iter_mut().zip(x).zip(pass.params).for_each(|((y, x), gain)| *y = gain * x);
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        assert!(!pass.fresh, "its plan does not say that it writes");
        for (x, dy) in x.iter().zip(dy.iter()) {
            gradients.iter_mut().zip(x).zip(dy).for_each(|((gradient, x), dy)| *gradient += x * dy);
        }
        let Some(mut dx) = dx else { return };
        for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
            dx.iter_mut().zip(dy).zip(pass.params).for_each(|((dx, dy), gain)| *dx = gain * dy);
        }
    }

    fn fitting_initializer(
        &self,
        param: &Param,
        _: Option<Box<dyn Initializer<f64>>>,
    ) -> Option<Box<dyn Initializer<f64>>> {
        assert_eq!(param.name, "gain");
        Some(Box::new(Constant::new(0.75).unwrap()))
    }
}

/// A layer of a drawn kind.
fn layer(kind: usize) -> Box<dyn Layer<f64>> {
    match kind {
        0 | 1 => Box::new(Linear::new(9)),
        2 => Box::new(Linear::without_bias(17)),
        3 => Box::new(Centre),
        4 => Box::new(Softmax),
        5 => Box::new(Relu),
        6 => Box::new(Flatten),
        7 => Box::new(Gain),
        _ => Box::new(Tanh),
    }
}

/// The layers of these kinds, some of them put together: those from one drawn place to another, again and again.
fn put_together(kinds: &[usize], cuts: &[(usize, usize)]) -> Vec<Box<dyn Layer<f64>>> {
    let mut layers: Vec<_> = kinds.iter().map(|&kind| layer(kind)).collect();
    for (start, len) in cuts {
        let start = start % layers.len();
        let end = layers.len().min(start + 1 + len % 3);
        let inside: Vec<_> = layers.splice(start..end, []).collect();
        layers.insert(start, Box::new(inside.into_iter().fold(Sequential::new(), Sequential::boxed)));
    }
    layers
}

fn built(n_in: usize, layers: Vec<Box<dyn Layer<f64>>>, seed: u64) -> Network<f64> {
    layers.into_iter().fold(Network::builder(n_in).seed(seed), NetworkBuilder::boxed).build().unwrap()
}

/// What three steps of training show: outputs in training and in use, gradients, parameters and state after each.
fn three_steps(network: &mut Network<f64>, x: Rows<'_, f64>) -> Vec<Vec<f64>> {
    let optimizer = Sgd::new(0.1).unwrap().momentum(0.9).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    // Room for more rows than there are, as for the last batch of an epoch.
    let mut workspace = network.workspace(x.rows() + 3).unwrap();
    let targets = vec![0.5; x.rows() * network.n_out()];
    let targets = Targets::Values(Rows::new(&targets, network.n_out()).unwrap());
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(network.forward(x, Mode::Infer, &mut workspace).unwrap().data().to_vec());
        assert_eq!(&network.predict(x).unwrap(), seen.last().unwrap());
        seen.push(network.forward(x, Mode::Train, &mut workspace).unwrap().data().to_vec());
        network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        seen.push(workspace.gradients().to_vec());
        network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
        seen.extend([network.parameters().to_vec(), network.state().to_vec()]);
    }
    seen
}

#[test]
fn put_together_in_any_way_the_numbers_are_the_same() {
    let cuts = prop::collection::vec((any::<usize>(), any::<usize>()), 1..8);
    let drawn = (size(), size(), prop::collection::vec(0..9_usize, 1..8), cuts, any::<u64>());
    check(drawn, |(rows, n_in, kinds, cuts, seed)| {
        let mut flat = built(n_in, kinds.iter().map(|&kind| layer(kind)).collect(), seed);
        let mut nested = built(n_in, put_together(&kinds, &cuts), seed);
        prop_assert!(nested.layer_names().iter().any(|name| name.ends_with("sequential")));
        // The names differ, and with them the draws; the order is the same.
        nested.parameters_mut().copy_from_slice(flat.parameters());
        let x = numbers(rows * n_in, 1.5, seed, "x");
        let x = Rows::new(&x, n_in).unwrap();
        prop_assert_eq!(three_steps(&mut nested, x), three_steps(&mut flat, x));
        Ok(())
    });
}

#[test]
fn a_residual_layer_commits_the_state_of_both_ways() {
    let residual = Residual::new()
        .layer(Centre)
        .layer(Linear::new(3))
        .learned_scale(0.5)
        .unwrap()
        .projection(Sequential::new().layer(Linear::new(3)).layer(Centre));
    let mut network = Network::builder(4).layer(Linear::new(5)).layer(residual).seed(2).build().unwrap();
    let x = numbers(7 * 4, 1.0, 1, "x");
    let rows = Rows::new(&x, 4).unwrap();
    let mut workspace = network.workspace(7).unwrap();
    network.forward(rows, Mode::Train, &mut workspace).unwrap();
    let into = workspace.activation("0.linear").unwrap();
    let mean = |rows: Rows<'_, f64>, at: usize| rows.iter().map(|row| row[at]).sum::<f64>() / rows.rows() as f64;
    let mut expected: Vec<f64> = (0..5).map(|at| 0.125 + 0.5 * mean(into, at)).collect();
    let weight = network.parameter("1.residual.projection.0.linear.weight").unwrap();
    expected
        .extend((0..3).map(|unit| 0.125 + 0.5 * (0..5).map(|at| mean(into, at) * weight.row(at)[unit]).sum::<f64>()));
    let optimizer = Sgd::new(0.1).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let nothing = [0.0; 21];
    let targets = Targets::Values(Rows::new(&nothing, 3).unwrap());
    network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
    assert_eq!(network.state().len(), 8);
    assert!(network.state().iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-14));
}

/// Compares a tensor, relative to the largest entry it should have: some thousand roundings in f64, some eighty in f32.
fn same<T: Float>(what: &str, found: &[T], expected: &Value) {
    let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let limit = if size_of::<T>() == 4 { 1e-5 } else { 1e-12 };
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.get() - expected).abs();
        assert!(error <= limit * largest, "{what}, entry {at}: {found}, not {expected}; {error:e} of {largest}");
    }
}

fn computes_alike<T: Float>(run: &Value) {
    let inner = Sequential::new().layer(Linear::new(6)).layer(Relu);
    let mut network = Network::<T>::builder(3)
        .layer(Embedding::new(7, 4))
        .layer(Sequential::new().layer(Linear::new(6)).layer(Tanh).layer(inner))
        .layer(Residual::new().layer(Linear::new(6)).layer(Tanh).learned_scale(0.3).unwrap())
        .layer(Residual::new().layer(Tanh).layer(Linear::new(4)).scale(0.5).unwrap().projection(Linear::new(4)))
        .layer(Flatten)
        .layer(Linear::new(2))
        .build()
        .unwrap();
    for (k, parameter) in network.parameters_mut().iter_mut().enumerate() {
        *parameter = T::of(((37 * k + 11) % 101) as f64 / 101.0 - 0.5);
    }
    let x: Vec<T> = (0..15).map(|i| T::of(((i * i + i / 3) % 6) as f64)).collect();
    let mut workspace = network.workspace(5).unwrap();
    let outputs = network.forward(Rows::new(&x, 3).unwrap(), Mode::Train, &mut workspace).unwrap();
    same("outputs", outputs.data(), &run["outputs"]);
    let nothing = [T::zero(); 10];
    let targets = Targets::Values(Rows::new(&nothing, 2).unwrap());
    let loss = network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
    same("loss", &[T::of(loss)], &Value::from(vec![run["loss"].clone()]));
    network.backward(&mut workspace).unwrap();
    let gradients = run["gradients"].as_object().unwrap();
    let names: Vec<&str> = network.layout().slots().iter().map(|slot| slot.param.name.as_str()).collect();
    assert_eq!(names, gradients.keys().map(String::as_str).collect::<Vec<_>>());
    for (name, expected) in gradients {
        same(name, workspace.gradient(name).unwrap().data(), expected);
    }
}

#[test]
fn as_in_pytorch() {
    let runs: Value = serde_json::from_str(include_str!("golden/nested.json")).unwrap();
    computes_alike::<f64>(&runs["f64"]);
    computes_alike::<f32>(&runs["f32"]);
}

#[test]
fn each_parameter_starts_as_if_its_layer_stood_alone() {
    let own = || Normal::new(0.5, 0.1).unwrap();
    let inner = Sequential::new().layer(Linear::new(6)).layer(Relu).layer(Linear::new(6).weights(own()));
    let block = Residual::new().layer(inner).layer(Linear::new(6)).learned_scale(0.25).unwrap();
    let tail = Sequential::new().layer(Tanh).layer(Linear::new(6));
    let network = Network::<f64>::builder(4)
        .layer(Sequential::new().layer(Linear::new(5)))
        .layer(Sequential::new().layer(Selu).layer(Linear::new(6)))
        .layer(Relu)
        .layer(block.projection(Linear::new(6)))
        .layer(tail)
        .layer(Elu::default())
        .layer(Gain)
        .layer(Sequential::new().layer(Gain))
        .seed(9)
        .build()
        .unwrap();
    let starts = |name: &str, initializer: &dyn Initializer<f64>| {
        let slot = network.layout().find(name).unwrap();
        let mut expected = vec![0.0; slot.range.len()];
        initializer.fill(&slot.param, &mut expected, &mut Generator::named(9, name)).unwrap();
        assert_eq!(&network.parameters()[slot.range.clone()], expected, "{name}");
    };
    // What stands behind asks: at the next place, at the start of the next sequence, or behind the one that it is the last of.
    starts("0.sequential.0.linear.weight", &LeCun::normal());
    starts("1.sequential.1.linear.weight", &He::normal());
    starts("3.residual.0.sequential.0.linear.weight", &He::normal());
    starts("3.residual.0.sequential.2.linear.weight", &own());
    starts("3.residual.1.linear.weight", &Xavier::normal());
    starts("3.residual.projection.weight", &Xavier::normal());
    starts("3.residual.scale", &Constant::new(0.25).unwrap());
    starts("3.residual.1.linear.bias", &Zeros);
    starts("4.sequential.1.linear.weight", &*Activation::initializer(&Elu::default()));
    starts("6.gain.gain", &Constant::new(0.75).unwrap());
    starts("7.sequential.0.gain.gain", &Constant::new(0.75).unwrap());
    let embedding = Network::<f64>::builder(1).layer(Sequential::new().layer(Embedding::new(3, 2))).layer(Relu).seed(9);
    let drawn = embedding.build().unwrap();
    let mut expected = [0.0; 6];
    let slot = drawn.layout().find("0.sequential.0.embedding.weight").unwrap();
    let standard = Normal::new(0.0, 1.0).unwrap();
    standard.fill(&slot.param, &mut expected, &mut Generator::named(9, &slot.param.name)).unwrap();
    assert_eq!(drawn.parameters(), expected);
}

fn refused(layer: impl Layer<f32> + 'static) -> String {
    Network::<f32>::builder(4).layer(layer).build().unwrap_err().to_string()
}

#[test]
fn what_is_impossible_is_told_with_its_place() {
    assert_eq!(refused(Sequential::new()), "layer 0.sequential: the list of layers is empty");
    assert_eq!(refused(Residual::new()), "layer 0.residual: the list of layers is empty");
    let inner = Sequential::new().layer(Tanh).layer(Linear::new(0));
    assert_eq!(
        refused(Residual::new().layer(Relu).layer(inner)),
        "layer 0.residual: layer 1.sequential: layer 1.linear: Linear: n_out is 0, but it must be at least 1"
    );
    assert_eq!(
        refused(Residual::new().layer(Linear::new(5))),
        "layer 0.residual: the outputs of the branch, which has no projection, against its inputs: expected 4, found 5"
    );
    assert_eq!(
        refused(Residual::new().layer(Linear::new(5)).projection(Linear::new(6))),
        "layer 0.residual: the outputs of the branch, against those of its projection: expected 6, found 5"
    );
    assert!(
        refused(Residual::new().layer(Tanh).projection(Linear::new(0))).contains("layer projection: Linear: n_out")
    );
    for bad in [f64::NAN, f64::INFINITY] {
        let argument = |refused: Result<Residual<f32>, Error>| match refused {
            Err(Error::Argument { of: "Residual", argument, .. }) => argument,
            other => panic!("{other:?}"),
        };
        assert_eq!(argument(Residual::new().scale(bad)), "scale");
        assert_eq!(argument(Residual::new().learned_scale(bad)), "learned_scale");
    }
    assert!(refused(Embedding::new(0, 3)).contains("Embedding: count is 0"));
    assert!(refused(Embedding::new(3, 0)).contains("Embedding: dim is 0"));
    // Beyond 2^24, an f32 cannot tell an index from the next.
    assert!(refused(Embedding::new((1 << 24) + 1, 1)).contains("Embedding: count is 16777217"));
    // Sizes that overflow are too large, and nothing else.
    let wide = Sequential::new().layer(Embedding::new(1, usize::MAX / 2)).layer(Tanh).layer(Relu);
    assert!(refused(wide.clone()).contains("limit"), "{}", refused(wide));
}

#[test]
fn what_is_no_index_is_told_with_its_place() {
    let network = Network::<f32>::builder(2).layer(Sequential::new().layer(Embedding::new(5, 3))).build().unwrap();
    let mut workspace = network.workspace(3).unwrap();
    for bad in [-1.0, -0.5, 0.5, 5.0, 4.000_001, 1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let x = [0.0, 4.0, 3.0, bad, -0.0, 1.0];
        let refused = network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap_err();
        let Error::Layer { source, .. } = refused else { panic!("{refused:?}") };
        let Error::Layer { layer, source } = *source else { panic!("{source:?}") };
        assert_eq!(layer, "0.embedding");
        let Error::Index { row: 1, column: 1, value, count: 5 } = *source else { panic!("{source:?}") };
        assert!(value == f64::from(bad) || value.is_nan() && bad.is_nan());
    }
    assert!(network.forward(Rows::new(&[-0.0, 4.0], 2).unwrap(), Mode::Train, &mut workspace).is_ok());
}

#[test]
fn indices_have_no_derivative() {
    // A linear layer that hands whole numbers on, and whose weights nothing can move.
    // The layer behind leaves derivatives where that by the indices is to be written.
    let builder = Network::<f64>::builder(2).layer(Linear::new(2)).layer(Embedding::new(4, 3));
    let mut network = builder.layer(Flatten).build().unwrap();
    network.parameter_mut("0.linear.weight").unwrap().data_mut().copy_from_slice(&[1.0, 0.0, 0.0, 1.0]);
    let x = [0.0, 3.0, 2.0, 2.0, 0.0, 0.0];
    let mut workspace = network.workspace(3).unwrap();
    network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap();
    let nothing = [0.0; 18];
    let targets = Targets::Values(Rows::new(&nothing, 6).unwrap());
    for _ in 0..2 {
        network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap();
        network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        assert_eq!(workspace.gradient("0.linear.weight").unwrap().data(), [0.0; 4]);
        let (table, found) =
            (network.parameter("1.embedding.weight").unwrap(), workspace.gradient("1.embedding.weight"));
        // The derivative of the mean of the squares of 18 numbers: 2 w / 18, for each time that the index is there.
        for (index, times) in [3.0, 0.0, 2.0, 1.0].into_iter().enumerate() {
            for (w, gradient) in table.row(index).iter().zip(found.as_ref().unwrap().row(index)) {
                assert!((gradient - times * w / 9.0).abs() <= 1e-15 * w.abs(), "{index}: {gradient}");
            }
        }
    }
}

#[test]
fn every_dropout_has_noise_of_its_own() {
    // Four in two sequences, at places whose seeds differ by the same bits: 64 rows of 4096 ones, of which a sixteenth passes all four. The
    // count is within 6 standard deviations, but for a chance of 2e-9; were two of them the same it would be twice as large.
    let half = || Dropout::new(0.5).unwrap();
    let two = || Sequential::new().layer(half()).layer(half());
    let network = Network::<f32>::builder(4096).layer(two()).layer(two()).seed(1).build().unwrap();
    let ones = vec![1.0; 64 * 4096];
    let mut workspace = network.workspace(64).unwrap();
    let y = network.forward(Rows::new(&ones, 4096).unwrap(), Mode::Train, &mut workspace).unwrap();
    let passed = y.data().iter().filter(|&&y| y == 16.0).count() as f64;
    let expected = ones.len() as f64 / 16.0;
    assert!((passed - expected).abs() < 6.0 * (expected * 15.0 / 16.0).sqrt(), "{passed}, not about {expected}");
    assert!(y.data().iter().all(|&y| y == 16.0 || y == 0.0));
    assert_eq!(network.predict(Rows::new(&ones, 4096).unwrap()).unwrap(), ones);
}

/// A network three deep, with noise and state.
fn deep(seed: u64) -> Trainer<f64> {
    let third = Residual::new().layer(Centre).layer(Dropout::new(0.2).unwrap()).layer(Linear::new(8));
    let second = Sequential::new().layer(third.learned_scale(0.0).unwrap()).layer(Tanh);
    let first = Residual::new().layer(second).layer(Linear::new(6)).projection(Linear::new(6));
    let network = Network::builder(2).layer(Linear::new(8)).layer(first).layer(Tanh).layer(Linear::new(1));
    let builder = Trainer::builder(network.seed(seed).build().unwrap(), MeanSquared::new(), Adam::new(0.01).unwrap());
    builder.batch(16).epochs(60).seed(seed).watch(Monitor::new()).build().unwrap()
}

#[test]
fn one_that_is_three_deep_learns_and_is_taken_up_where_it_was_left() {
    let x: Vec<f64> = numbers(200 * 2, 1.0, 1, "x");
    let y = x.chunks(2).map(|x| x[0] * x[1]).collect();
    let data = Dataset::values(x, 2, y, 1).unwrap();
    let mut unbroken = deep(1);
    for _ in 0..20 {
        unbroken.step(&data).unwrap();
    }
    let snapshot = unbroken.snapshot();
    let losses: Vec<f64> =
        unbroken.fit(&data, None, |_| ControlFlow::Continue(())).unwrap().iter().map(|epoch| epoch.loss).collect();
    assert!(losses[losses.len() - 1] < 0.3 * losses[0], "from {} to {}", losses[0], losses[losses.len() - 1]);
    // Another start, all of which the snapshot replaces.
    let mut resumed = deep(2);
    resumed.restore(&snapshot).unwrap();
    resumed.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(resumed.network().parameters(), unbroken.network().parameters());
    assert_eq!(resumed.network().state(), unbroken.network().state());
    assert!(unbroken.network().state().iter().all(|&state| state != 0.25), "nothing was committed");
    // And into a network that was built anew.
    let mut other = deep(3).into_network();
    other.copy_from(unbroken.network()).unwrap();
    assert_eq!(other.predict(data.inputs()).unwrap(), unbroken.network().predict(data.inputs()).unwrap());
    let report = unbroken.report().unwrap();
    let names: Vec<&str> = report.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["0.linear", "1.residual", "2.tanh", "3.linear"]);
}

#[test]
fn layers_inside_a_step_keep_their_initializers() {
    let inside = || Sequential::new().layer(Linear::new(2).weights(Constant::new(0.25).unwrap())).layer(Tanh);
    let network = Network::<f64>::builder(6).layer(PerStep::new(3, inside())).build().unwrap();
    assert_eq!(network.parameter("0.per_step.sequential.0.linear.weight").unwrap().data(), [0.25; 6]);
}
