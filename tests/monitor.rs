//! What a report says is what a plain computation finds.

use std::collections::BTreeMap;

use evenkeel::*;
use proptest::prelude::*;

/// Agreement to the rounding of some hundred sums.
#[track_caller]
fn assert_close(found: Option<f64>, plain: f64) {
    let found = found.expect("there is a value");
    assert!((found - plain).abs() <= 1e-12 * plain.abs().max(1e-3), "{found} is not {plain}");
}

fn length(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().map(|x| x * x).sum::<f64>().sqrt()
}

const ROWS: usize = 20;

fn x() -> Vec<f64> {
    (0..ROWS * 3).map(|at| (at as f64 * 0.7).sin()).collect()
}

/// 3 -> 8 ReLU -> 6 tanh -> 2, some units of which are dead and some saturated.
fn network(seed: u64) -> Network<f64> {
    let builder = Network::builder(3).layer(Linear::new(8)).layer(Relu).layer(Linear::new(6)).layer(Tanh);
    let mut network = builder.layer(Linear::new(2)).seed(seed).build().unwrap();
    network.parameter_mut("0.linear.bias").unwrap().data_mut()[..3].fill(-30.0);
    network.parameter_mut("2.linear.bias").unwrap().data_mut()[..2].copy_from_slice(&[30.0, -30.0]);
    network
}

/// The fraction of the columns of which this is so on at least that many rows.
fn fraction(rows: Rows<'_, f64>, at_least: usize, is: impl Fn(f64) -> bool) -> f64 {
    let count = |column: usize| rows.iter().filter(|row| is(row[column])).count();
    (0..rows.cols()).filter(|&column| count(column) >= at_least).count() as f64 / rows.cols() as f64
}

#[test]
fn numbers_agree_with_plain_ones() {
    for seed in 0..4 {
        let mut network = network(seed);
        let mut monitor = Monitor::new().period(1).unwrap();
        let watched = network.watch(&mut monitor).unwrap();
        // The numbers that training starts from are the first of the series.
        let start = |name: &str| length(network.parameter(&format!("{name}.weight")).unwrap().data().iter().copied());
        let at_first = monitor.report();
        for name in ["0.linear", "2.linear", "4.linear"] {
            assert_close(at_first.layer(name).unwrap().weight.now(), start(name));
        }
        let (mut workspace, mut probe) = (network.workspace(ROWS).unwrap(), network.workspace(ROWS).unwrap());
        let optimizer = Sgd::new(0.1).unwrap().momentum(0.5).unwrap();
        let mut state = network.optimizer_state(&optimizer).unwrap();
        let mut clipper = GlobalNorm::new(0.05).unwrap();
        let (x, y) = (x(), vec![0.5; ROWS * 2]);
        let (x, y) = (Rows::new(&x, 3).unwrap(), Targets::Values(Rows::new(&y, 2).unwrap()));
        for step in 0..30 {
            monitor.begin(step);
            network.forward(x, Mode::Infer, &mut probe).unwrap();
            network.observe_activations(&mut monitor, &watched, &probe).unwrap();
            network.forward(x, Mode::Train, &mut workspace).unwrap();
            let loss = network.loss(&MeanSquared::new(), y, &mut workspace).unwrap();
            network.backward(&mut workspace).unwrap();
            network.observe_gradients(&mut monitor, &watched, &workspace).unwrap();
            let gradients = workspace.gradients().to_vec();
            let before = network.parameters().to_vec();
            let mut view = network.gradients(&mut workspace).unwrap();
            let clipped = NonFinite::Stop.decide(Some(&mut clipper), &mut view, step).unwrap().clipped;
            network.update(&optimizer, &mut state, &mut workspace, clipped.pending, 0.1).unwrap();
            network.observe_weights(&mut monitor, &watched, &state).unwrap();
            monitor.end(loss);

            let report = monitor.report();
            assert_eq!((report.steps, report.loss.now()), (step + 1, Some(loss)));
            let after = network.parameters();
            for name in ["0.linear", "2.linear", "4.linear"] {
                let record = report.layer(name).unwrap();
                let range =
                    |parameter: &str| network.layout().find(&format!("{name}.{parameter}")).unwrap().range.clone();
                let (weight, bias) = (range("weight"), range("bias"));
                let all = gradients[weight.clone()].iter().chain(&gradients[bias.clone()]);
                assert_close(record.gradient.now(), length(all.copied()));
                assert_close(record.bias_gradient.now(), length(gradients[bias].iter().copied()));
                let size = length(after[weight.clone()].iter().copied());
                assert_close(record.weight.now(), size);
                let moved = length(weight.clone().map(|at| after[at] - before[at]));
                // The difference of two weights has lost some digits; the optimizer's own sum has not.
                let ratio = record.update_ratio.now().unwrap();
                assert!((ratio - moved / size).abs() < 1e-12, "{ratio} is not {}", moved / size);
                assert_eq!(
                    (record.weight.len(), record.weight.start()),
                    (step + 2, at_first.layer(name).unwrap().weight.now())
                );
                assert!(record.dead.is_empty() && record.saturated.is_empty());
            }
            for (index, name) in network.layer_names().iter().enumerate() {
                let (record, rows) = (report.layer(name).unwrap(), probe.activation(name).unwrap());
                let count = rows.data().len() as f64;
                let mean = rows.data().iter().sum::<f64>() / count;
                assert_close(record.mean.now(), mean);
                assert_close(
                    record.variance.now(),
                    rows.data().iter().map(|y| (y - mean).powi(2)).sum::<f64>() / count,
                );
                assert_eq!(record.gradient.is_empty(), index % 2 == 1);
            }
            let relu = probe.activation("1.relu").unwrap();
            let dead = fraction(relu, ROWS, |y| y == 0.0);
            assert_eq!(report.layer("1.relu").unwrap().dead.now(), Some(dead));
            // Within a hundredth of the way from -1 to 1, on nineteen of twenty rows.
            let tanh = probe.activation("3.tanh").unwrap();
            let saturated = fraction(tanh, 19, |y| y.abs() >= 0.98);
            assert_eq!(report.layer("3.tanh").unwrap().saturated.now(), Some(saturated));
            assert!((3.0 / 8.0..1.0).contains(&dead) && (2.0 / 6.0..1.0).contains(&saturated));
            assert!(report.layer("3.tanh").unwrap().dead.is_empty());
        }
    }
}

#[test]
fn what_a_clipper_does_is_counted() {
    let data = Dataset::values(x(), 3, vec![0.5; ROWS * 2], 2).unwrap();
    let run = |limit: f64| {
        let builder = Trainer::builder(network(1), MeanSquared::new(), Sgd::new(0.1).unwrap()).batch(6);
        let mut trainer = builder.clip(ByValue::new(limit).unwrap()).watch(Monitor::new()).build().unwrap();
        let outcomes: Vec<Clipped> = (0..40).map(|_| trainer.step(&data).unwrap().clipped).collect();
        (outcomes, trainer.report().unwrap().clipping)
    };
    let (free, clipping) = run(1e9);
    assert_eq!(clipping, Clipping { steps: 40, ..Clipping::default() });
    // A limit that half of the steps exceed, so that it is counted when it is and when it is not.
    let mut largest: Vec<f64> = free.iter().map(|clipped| clipped.norm_before).collect();
    largest.sort_by(f64::total_cmp);
    let (outcomes, clipping) = run(largest[20] / 2.0);
    let clipped = || outcomes.iter().filter(|clipped| clipped.touched > 0);
    assert_eq!((clipping.steps, clipping.clipped), (40, clipped().count() as u64));
    assert!((1..40).contains(&clipping.clipped), "{clipping:?}");
    assert_eq!(clipping.entries, clipped().map(|clipped| clipped.touched as u64).sum::<u64>());
    assert_eq!(Some(clipping.largest_norm), clipped().map(|clipped| clipped.norm_before).reduce(f64::max));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Units are tied where both their incoming and their outgoing weights (and biases) are equal, whichever axis counts them.
    #[test]
    fn tied_units_are_found(
        kinds in proptest::collection::vec((0_usize..3, 0_usize..3, 0_usize..2), 1..10),
        axes in [0_usize..2, 0_usize..2],
        with_bias: bool,
    ) {
        let units = kinds.len();
        let (inputs, outputs) = (3, 4);
        // A number for each kind and place, of which no two are the same.
        let number = |kind: usize, place: usize| ((kind * 31 + place) as f32 * 0.37).sin();
        let stored = |axis: usize, units: usize, inputs: usize, at: &dyn Fn(usize, usize) -> f32| {
            let param = Param { unit_axis: axis, ..Param::weight(inputs, units) };
            if axis == 1 {
                let numbers = (0..inputs * units).map(|place| at(place % units, place / units)).collect();
                return (param, numbers);
            }
            let numbers: Vec<f32> = (0..inputs * units).map(|place| at(place / inputs, place % inputs)).collect();
            (Param { rows: units, cols: inputs, ..param }, numbers)
        };
        let (incoming, hidden) = stored(axes[0], units, inputs, &|unit, input| number(kinds[unit].0, input));
        let (outgoing, readout) = stored(axes[1], outputs, units, &|output, unit| number(kinds[unit].1, 10 + output));
        let bias: Vec<f32> = kinds.iter().map(|kind| if with_bias { number(kind.2, 20) } else { 0.0 }).collect();
        let mut monitor = Monitor::new();
        let first = monitor.watch_parameter("hidden", &incoming);
        let second = monitor.watch_parameter("hidden", &Param::bias(units));
        let last = monitor.watch_parameter("readout", &outgoing);
        for step in 0..3 {
            monitor.begin(step);
            monitor.weights(first, &hidden, 0.1).unwrap();
            monitor.weights(second, &bias, 0.1).unwrap();
            monitor.weights(last, &readout, 0.1).unwrap();
            monitor.end(1.0);
        }
        let mut groups = BTreeMap::new();
        for &(incoming, outgoing, bias) in &kinds {
            *groups.entry((incoming, outgoing, if with_bias { bias } else { 0 })).or_insert(0) += 1;
        }
        let tied: usize = groups.values().filter(|&&size| size > 1).sum();
        let report = monitor.report();
        let record = report.layer("hidden").unwrap();
        prop_assert_eq!((record.tied.now(), record.distinct), (Some(tied as f64), Some(groups.len())));
        // What the outputs are tied to nobody knows.
        prop_assert!(report.layer("readout").unwrap().tied.is_empty());
    }
}

#[test]
fn what_is_no_number_is_null_in_json() {
    let mut monitor = Monitor::new();
    let id = monitor.watch_parameter("own", &Param::weight(2, 2));
    for step in 0..12 {
        monitor.begin(step);
        monitor.gradient(id, &[1.0, 0.5, f64::INFINITY, 0.0]).unwrap();
        monitor.end(if step < 3 { 1.0 } else { f64::NAN });
    }
    let text = serde_json::to_string(&monitor.report()).unwrap();
    // Between the strings of the text, in which the findings may well say NaN.
    let between: String = text.split('"').step_by(2).collect();
    assert!(between.contains("null") && !between.contains("NaN") && !between.contains("inf"), "{between}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let loss = |name: &str| json["loss"][name].clone();
    assert_eq!(
        ["start", "now", "smallest", "largest", "non_finite"].map(loss),
        [
            serde_json::json!(1.0),
            serde_json::Value::Null,
            serde_json::json!(1.0),
            serde_json::json!(1.0),
            serde_json::json!(9),
        ]
    );
    assert_eq!((&json["loss"]["bins"][0]["mean"], &json["loss"]["bins"][11]["mean"]), (&1.0.into(), &().into()));
    assert_eq!(json["non_finite"][0]["value"], serde_json::Value::Null);
    assert_eq!((&json["non_finite"][0]["index"], &json["non_finite"][1]["kind"]), (&2.into(), &"loss".into()));
    assert_eq!(json["findings"][0]["symptom"], "non_finite");
}

#[test]
fn wrong_lengths_and_names_are_refused() {
    let mut monitor = Monitor::new();
    let weight = monitor.watch_parameter("own", &Param::weight(2, 3));
    let output = monitor.watch_activation("own", 3, Bounds::NONE);
    monitor.begin(0);
    let size = |what, expected, found| Err(Error::Size { what, expected, found });
    let (five, two) = ([1.0_f32; 5], [1.0_f32; 2]);
    assert_eq!(monitor.gradient(weight, &five), size("the numbers of a watched gradient", 6, 5));
    assert_eq!(monitor.weights(weight, &five, 0.1), size("the numbers of a watched parameter", 6, 5));
    let rows = Rows::new(&two, 2).unwrap();
    assert_eq!(monitor.activations(output, rows), size("the numbers of a watched activation", 3, 2));
    monitor.end(1.0);
    let record = monitor.report().layers[0].clone();
    assert!(record.gradient.is_empty() && record.weight.is_empty() && record.mean.is_empty());
    // Names that another monitor gave.
    let mut other = Monitor::new();
    let foreign = |what| Err(Error::Foreign { what });
    assert_eq!(other.gradient(weight, &[1.0_f32; 6]), foreign("the parameter's id"));
    assert_eq!(other.weights(weight, &[1.0_f32; 6], 0.1), foreign("the parameter's id"));
    assert_eq!(other.activations(output, rows), foreign("the activation's id"));
    assert_eq!(other.search(output, rows), foreign("the activation's id"));
    // A size that no memory could hold is watched all the same; there is nothing that would fit it.
    let absurd = monitor.watch_parameter("absurd", &Param::weight(usize::MAX, usize::MAX));
    let wide = monitor.watch_activation("absurd", usize::MAX, Activation::bounds(&Relu));
    assert_eq!(monitor.gradient(absurd, &five), size("the numbers of a watched gradient", usize::MAX, 5));
    assert_eq!(monitor.activations(wide, rows), size("the numbers of a watched activation", usize::MAX, 2));
}

/// A channel is a unit, at all positions: what never sees anything but background does not make it dead.
#[test]
fn a_pixel_is_no_unit() {
    let (side, rows) = (12, 40);
    let mut x = vec![0.0_f32; rows * side * side];
    for (row, image) in x.chunks_exact_mut(side * side).enumerate() {
        // A bar of three pixels in the middle, upright or not.
        let (at, step) = (5 * side + 5, if row % 2 == 0 { 1 } else { side });
        (0..3).for_each(|k| image[at + k * step] = 1.0);
    }
    let data = Dataset::classes(x, side * side, (0..rows).map(|row| row % 2).collect()).unwrap();
    let builder = Network::builder(side * side).layer(Conv2d::new((side, side, 1), 6, 3).padding(Padding::Same));
    let network = builder.layer(Relu).layer(Linear::new(2)).seed(1).build().unwrap();
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
    let mut trainer = trainer.batch(8).epochs(8).watch(Monitor::new()).build().unwrap();
    trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let report = trainer.report().unwrap();
    assert_eq!(report.layer("1.relu").unwrap().dead.now(), Some(0.0), "{report}");
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn units_that_are_rows_are_compared_as_rows() {
    // Two inputs, three units, one output, as frameworks keep them whose units are rows: the first two units are alike, or all differ.
    for (hidden, tied) in [([0.5_f32, 0.1, 0.5, 0.1, 0.3, 0.3], 2.0), ([0.5, 0.5, 0.1, 0.1, 0.3, 0.3], 0.0)] {
        let mut monitor = Monitor::new();
        let incoming = monitor.watch_parameter("hidden", &Param::weight_by_rows(2, 3));
        let outgoing = monitor.watch_parameter("output", &Param::weight_by_rows(3, 1));
        for step in 0..20 {
            monitor.begin(step);
            monitor.gradient(incoming, &[0.1_f32; 6]).unwrap();
            monitor.gradient(outgoing, &[0.1_f32; 3]).unwrap();
            if monitor.looking() {
                monitor.updated(incoming, &[0.0; 6], &hidden).unwrap();
                monitor.updated(outgoing, &[0.0; 3], &[0.7, 0.7, 0.2]).unwrap();
            }
            monitor.end(1.0);
        }
        assert_eq!(monitor.report().layer("hidden").unwrap().tied.now(), Some(tied), "{hidden:?}");
    }
}
