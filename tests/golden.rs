//! Optimizers, losses, activations and the rates of a plateau against values that PyTorch made: `golden/make.py` says how.

use evenkeel::schedule::{Plateau, ReduceOnPlateau};
use evenkeel::*;
use serde_json::Value;

/// How much may differ, relative to the largest number of a tensor: some thousand roundings in f64, some eighty in f32.
fn limit<T: Float>() -> f64 {
    if size_of::<T>() == 4 { 1e-5 } else { 1e-12 }
}

fn runs(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// The name of a run, and its numbers under that key.
fn name(run: &Value) -> &str {
    run["name"].as_str().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn of<T: Float>(numbers: &[f64]) -> Vec<T> {
    numbers.iter().map(|&number| T::of(number)).collect()
}

/// Compares a tensor, relative to the largest entry it should have.
fn same<T: Float>(what: &str, found: &[T], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (at, (found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.get() - expected).abs();
        assert!(error <= limit::<T>() * largest, "{what}, entry {at}: {found}, not {expected}; {error:e} of {largest}");
    }
}

/// The k-th of all parameters starts as ((37 k + 11) mod 101) / 101 - 1/2.
fn classifier<T: Float>() -> Network<T> {
    let builder = Network::builder(3).layer(Linear::new(5)).layer(Tanh).layer(Linear::new(4)).layer(Relu);
    let mut network = builder.layer(Linear::new(2)).build().unwrap();
    for (k, parameter) in network.parameters_mut().iter_mut().enumerate() {
        *parameter = T::of(((37 * k + 11) % 101) as f64 / 101.0 - 0.5);
    }
    network
}

/// Trains for as many steps as the run has losses, and compares every one and all parameters at the end.
fn trains_alike<T: Float>(name: &str, run: &Value, optimizer: &dyn Optimizer<T>) {
    let x: Vec<T> = (0..24).map(|i| T::of(((53 * i + 7) % 97) as f64 / 97.0 * 4.0 - 2.0)).collect();
    let classes: Vec<usize> = (0..8).map(|i| (i * i + i / 3) % 2).collect();
    let mut network = classifier::<T>();
    let mut workspace = network.workspace(8).unwrap();
    let mut state = network.optimizer_state(optimizer).unwrap();
    let expected = numbers(&run["losses"]);
    assert_eq!(expected.len(), 5, "{name}");
    let losses: Vec<f64> = expected
        .iter()
        .map(|_| {
            network.forward(Rows::new(&x, 3).unwrap(), Mode::Train, &mut workspace).unwrap();
            let targets = Targets::Classes(&classes);
            let loss = network.loss(&SoftmaxCrossEntropy::new(), targets, &mut workspace).unwrap();
            network.backward(&mut workspace).unwrap();
            network.update(optimizer, &mut state, &mut workspace, 1.0, optimizer.rate()).unwrap();
            loss
        })
        .collect();
    same(&format!("{name}: losses"), &of::<T>(&losses), &expected);
    for slot in network.layout().slots() {
        let found = &network.parameters()[slot.range.clone()];
        same(&format!("{name}: {}", slot.param.name), found, &numbers(&run["parameters"][&slot.param.name]));
    }
}

fn optimizer<T: Float>(name: &str) -> Result<Box<dyn Optimizer<T>>, Error> {
    Ok(match name {
        "sgd" => Box::new(Sgd::new(0.5)?),
        "sgd momentum" => Box::new(Sgd::new(0.2)?.momentum(0.9)?),
        "sgd nesterov" => Box::new(Sgd::new(0.2)?.momentum(0.9)?.nesterov()),
        "sgd weight decay" => Box::new(Sgd::new(0.5)?.weight_decay(0.1)?),
        "sgd nesterov weight decay" => Box::new(Sgd::new(0.2)?.momentum(0.9)?.nesterov().weight_decay(0.1)?),
        "adam" => Box::new(Adam::new(0.01)?),
        "adam betas epsilon" => Box::new(Adam::new(0.05)?.betas(0.8, 0.95)?.epsilon(1e-3)?),
        "adamw" => Box::new(AdamW::new(0.05, 0.1)?),
        "rmsprop" => Box::new(RmsProp::new(0.01)?),
        "rmsprop alpha epsilon" => Box::new(RmsProp::new(0.02)?.alpha(0.9)?.epsilon(1e-3)?),
        "rmsprop momentum" => Box::new(RmsProp::new(0.01)?.momentum(0.9)?),
        "rmsprop centered" => Box::new(RmsProp::new(0.01)?.centered()),
        "rmsprop centered momentum weight decay" => {
            let centered = RmsProp::new(0.01)?.alpha(0.9)?.epsilon(1e-2)?.centered();
            Box::new(centered.momentum(0.5)?.weight_decay(0.1)?)
        }
        "adagrad" => Box::new(Adagrad::new(0.1)?),
        "adagrad rate decay initial weight decay" => {
            let slowing = Adagrad::new(0.1)?.rate_decay(0.25)?.initial_accumulator(0.125)?;
            Box::new(slowing.epsilon(1e-3)?.weight_decay(0.1)?)
        }
        _ => panic!("there is no optimizer {name:?}"),
    })
}

#[test]
fn optimizers_take_the_same_steps() {
    let runs = runs(include_str!("golden/optimizers.json"));
    assert_eq!(runs.len(), 15);
    for run in &runs {
        trains_alike::<f64>(name(run), &run["f64"], &*optimizer(name(run)).unwrap());
        trains_alike::<f32>(name(run), &run["f32"], &*optimizer(name(run)).unwrap());
    }
}

/// The loss of that name, for outputs of so many columns.
fn loss<T: Float>(name: &str, cols: usize) -> Result<Box<dyn Loss<T>>, Error> {
    let weights: &[f64] = if cols == 4 { &[0.5, 1.0, 2.0, 0.25] } else { &[3.0, 0.5, 1.5] };
    let (softmax, sigmoid) = (SoftmaxCrossEntropy::new(), SigmoidCrossEntropy::new());
    Ok(match name {
        "mean_squared" => Box::new(MeanSquared::new()),
        "mean_absolute" => Box::new(MeanAbsolute::new()),
        "huber 1" => Box::new(Huber::new(1.0)?),
        "huber 0.25" => Box::new(Huber::new(0.25)?),
        "softmax_cross_entropy" => Box::new(softmax),
        "softmax_cross_entropy smoothing" => Box::new(softmax.smoothing(0.125)?),
        "softmax_cross_entropy weights" => Box::new(softmax.class_weights(weights)?),
        "softmax_cross_entropy smoothing weights" => Box::new(softmax.class_weights(weights)?.smoothing(0.125)?),
        "sigmoid_cross_entropy" => Box::new(sigmoid),
        "sigmoid_cross_entropy smoothing" => Box::new(sigmoid.smoothing(0.125)?),
        "sigmoid_cross_entropy weights" => Box::new(sigmoid.class_weights(weights)?),
        "sigmoid_cross_entropy smoothing weights" => Box::new(sigmoid.class_weights(weights)?.smoothing(0.125)?),
        "poisson" => Box::new(Poisson::new()),
        "poisson of rates" => Box::new(Poisson::of_rates()),
        "sum_squared" => Box::new(SumSquared::new()),
        "binary_cross_entropy" => Box::new(BinaryCrossEntropy::new()),
        "categorical_cross_entropy" => Box::new(CategoricalCrossEntropy::new()),
        _ => panic!("there is no loss {name:?}"),
    })
}

fn loses_alike<T: Float>(run: &Value) {
    let (name, cols) = (name(run), run["cols"].as_u64().unwrap() as usize);
    let loss = loss::<T>(name, cols).unwrap();
    let outputs = of::<T>(&numbers(&run["outputs"]));
    // A sixteenth is the finest number among outputs and targets, so f32 holds them all.
    assert_eq!(of::<f64>(&numbers(&run["outputs"])), outputs.iter().map(|y| y.get()).collect::<Vec<_>>());
    let mut gradient = vec![T::zero(); outputs.len()];
    let into = Some(RowsMut::new(&mut gradient, cols).unwrap());
    let out = Rows::new(&outputs, cols).unwrap();
    let value = if run["classes"].is_null() {
        let values = of::<T>(&numbers(&run["values"]));
        loss.evaluate(out, Targets::Values(Rows::new(&values, cols).unwrap()), into)
    } else {
        let classes: Vec<usize> = numbers(&run["classes"]).into_iter().map(|class| class as usize).collect();
        loss.evaluate(out, Targets::Classes(&classes), into)
    };
    // The value is an f64 whatever the outputs are.
    same(&format!("{name}: value"), &[value.unwrap()], &[run["value"].as_f64().unwrap()]);
    same(&format!("{name}: gradient"), &gradient, &numbers(&run["gradient"]));
}

#[test]
fn losses_have_the_same_value_and_gradient() {
    let runs = runs(include_str!("golden/losses.json"));
    assert_eq!(runs.len(), 42);
    for run in &runs {
        loses_alike::<f64>(run);
        loses_alike::<f32>(run);
    }
}

#[test]
fn a_plateau_has_the_same_rates() {
    let runs = runs(include_str!("golden/plateaus.json"));
    assert_eq!(runs.len(), 30);
    let mut cuts = 0;
    for run in &runs {
        let setting = |key: &str| run[key].as_f64();
        let start = 0.125;
        let reduce = ReduceOnPlateau::new(setting("factor").unwrap(), run["patience"].as_u64().unwrap()).unwrap();
        let threshold = setting("threshold").unwrap_or(1e-4);
        let reduce = match run["threshold_mode"].as_str() {
            Some("abs") => reduce.absolute(threshold),
            _ => reduce.relative(threshold),
        };
        let reduce = reduce.unwrap().cooldown(run["cooldown"].as_u64().unwrap_or(0));
        let reduce = reduce.floor(setting("min_lr").unwrap_or(0.0) / start).unwrap();
        let (mut plateau, mut before) = (Plateau::default(), start);
        let losses = run["losses"].as_array().unwrap();
        for (epoch, (loss, rate)) in losses.iter().zip(numbers(&run["rates"])).enumerate() {
            let loss = loss.as_f64().unwrap_or_else(|| loss.as_str().unwrap().parse().unwrap());
            reduce.judge(&mut plateau, loss);
            let found = start * plateau.factor();
            // A rounding for every cut so far, on both sides.
            assert!((found - rate).abs() <= 64.0 * f64::EPSILON * rate, "epoch {epoch} of {run}: {found}, not {rate}");
            cuts += usize::from(rate < before);
            before = rate;
        }
    }
    assert!(cuts > 100, "{cuts} cuts");
}

/// Compares values and slopes. Each point counts for itself where it is above 1: else the exponential of 40 would hide all others.
fn reacts_alike(run: &Value, activation: &impl Activation) {
    let [points, values, slopes] = ["points", "values", "slopes"].map(|key| numbers(&run[key]));
    assert_eq!((points.len(), values.len(), slopes.len()), (21, 21, 21));
    for ((x, value), slope) in points.into_iter().zip(values).zip(slopes) {
        let y = activation.value(x);
        for (what, found, expected) in [("value", y, value), ("slope", activation.slope(x, y), slope)] {
            let error = (found - expected).abs();
            let fine = error <= limit::<f64>() * expected.abs().max(1.0);
            assert!(fine, "{} at {x}: {what} {found}, not {expected}", name(run));
        }
    }
}

#[test]
fn activations_have_the_same_value_and_slope() {
    let runs = runs(include_str!("golden/activations.json"));
    assert_eq!(runs.len(), 14);
    for run in &runs {
        match name(run) {
            "identity" => reacts_alike(run, &Identity),
            "relu" => reacts_alike(run, &Relu),
            "leaky_relu" => reacts_alike(run, &LeakyRelu::default()),
            "elu" => reacts_alike(run, &Elu::default()),
            "selu" => reacts_alike(run, &Selu),
            "gelu" => reacts_alike(run, &Gelu),
            "silu" => reacts_alike(run, &Silu),
            "mish" => reacts_alike(run, &Mish),
            "tanh" => reacts_alike(run, &Tanh),
            "sigmoid" => reacts_alike(run, &Sigmoid),
            "hard_sigmoid" => reacts_alike(run, &HardSigmoid),
            "softplus" => reacts_alike(run, &Softplus),
            "softsign" => reacts_alike(run, &Softsign),
            "exponential" => reacts_alike(run, &Exponential),
            other => panic!("there is no activation {other:?}"),
        }
    }
}
