//! Calls that make no sense (too large, out of order, of another network) are refused with an error that says so.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evenkeel::*;

/// The error of a call, which is to be this one and to say these words.
#[track_caller]
fn refused<X: Debug>(result: Result<X, Error>, expected: Error, words: &str) {
    let error = result.expect_err("this is to be refused");
    // Compared as text, in which a NaN is a NaN.
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    assert!(error.to_string().contains(words), "{error} does not say {words:?}");
}

/// What a layer named `name` refuses.
fn layer(name: &str, source: Error) -> Error {
    source.in_layer(name)
}

fn rows(data: &[f64], cols: usize) -> Rows<'_, f64> {
    Rows::new(data, cols).unwrap()
}

/// 2 -> `hidden` -> 3.
fn network(hidden: usize) -> Network<f64> {
    Network::builder(2).layer(Linear::new(hidden)).layer(Tanh).layer(Linear::new(3)).build().unwrap()
}

/// A layer that widens rows without parameters, and refuses them when told to.
#[derive(Debug, Clone)]
struct Custom {
    plan: Plan,
    refuses: Arc<AtomicBool>,
}

impl Custom {
    fn new(plan: Plan) -> Self {
        Self { plan, refuses: Arc::new(AtomicBool::new(false)) }
    }
}

impl Layer<f64> for Custom {
    fn kind(&self) -> &'static str {
        "custom"
    }

    fn plan(&self, _: usize) -> Result<Plan, Error> {
        Ok(self.plan.clone())
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(Error::Argument { of: "Custom", argument: "x", value: x.data()[0], must: "nicer" });
        }
        y.data_mut().fill(1.0);
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        dx.into_iter().for_each(|mut dx| dx.data_mut().fill(0.0));
    }
}

#[test]
fn layers_of_nothing() {
    let builder = || Network::<f64>::builder(2).layer(Tanh);
    refused(
        Network::<f64>::builder(0).layer(Tanh).build(),
        Error::Empty { what: "an input row" },
        "an input row is empty",
    );
    refused(Network::<f64>::builder(2).build(), Error::Empty { what: "the list of layers" }, "layers is empty");
    let none = Error::Argument { of: "Linear", argument: "n_out", value: 0.0, must: "at least 1" };
    let says = "layer 1.linear: Linear: n_out is 0, but it must be at least 1";
    refused(builder().layer(Linear::new(0)).build(), layer("1.linear", none), says);
    let none = Error::Argument { of: "Plan", argument: "n_out", value: 0.0, must: "at least 1" };
    refused(builder().layer(Custom::new(Plan::new(0))).build(), layer("1.custom", none), "layer 1.custom");
    let empty = Custom::new(Plan::new(2).param(Param::weight(2, 0)));
    let says = "layer 1.custom: a parameter is empty";
    refused(builder().layer(empty).build(), layer("1.custom", Error::Empty { what: "a parameter" }), says);
}

#[test]
fn sizes_beyond_all_memory() {
    let too_large = |what, bytes, limit| Error::TooLarge { what, bytes, limit };
    let wide = |width: usize| Network::<f64>::builder(1 << 20).layer(Tanh).layer(Linear::new(width));
    // 2^20 * 2^44 numbers are 2^64: one more than `usize` counts.
    let uncountable = layer("1.linear", too_large("the parameters", u64::MAX, isize::MAX as u64));
    refused(wide(1 << 44).memory_limit(u64::MAX).build(), uncountable, "layer 1.linear: the parameters would take");
    let bytes = ((1 << 30) + (1 << 10)) * 8;
    let large = layer("1.linear", too_large("the parameters", bytes, MEMORY_LIMIT));
    refused(wide(1 << 10).build(), large, "8589942784 bytes, but the limit is 4294967296");
    let small = layer("1.linear", too_large("the parameters", bytes, 1 << 25));
    refused(wide(1 << 10).memory_limit(1 << 25).build(), small, "but the limit is 33554432");
    // Not a single row would fit, though there are no parameters.
    let row = layer("1.linear", too_large("an output row", u64::MAX, 1 << 25));
    refused(wide(usize::MAX).memory_limit(1 << 25).build(), row, "layer 1.linear: an output row would take");
    let row = too_large("an input row", u64::MAX, MEMORY_LIMIT);
    refused(Network::<f64>::builder(usize::MAX).layer(Tanh).build(), row, "an input row would take");

    let network = Network::<f64>::builder(4).layer(Linear::new(100)).memory_limit(10_000).build().unwrap();
    // Values, two deltas, gradients, each of eight bytes: 104 and 200 a row, and 500.
    assert!(network.workspace(2).is_ok_and(|workspace| workspace.capacity() == 2));
    let workspace = too_large("a workspace", (3 * 304 + 500) * 8, 10_000);
    refused(network.workspace(3), workspace, "a workspace would take 11296 bytes, but the limit is 10000");
    refused(network.workspace(usize::MAX), too_large("a workspace", u64::MAX, 10_000), "a workspace would take");
    let outputs = too_large("the outputs", 13 * 800, 10_000);
    refused(network.predict(rows(&[0.0; 52], 4)), outputs, "the outputs would take 10400 bytes");
    let optimizer = Adam::new(0.1).unwrap();
    assert!(network.optimizer_state(&optimizer).is_ok());
    let tight = Network::<f64>::builder(4).layer(Linear::new(100)).memory_limit(7_999).build().unwrap();
    let memory = too_large("the optimizer's memory", 8_000, 7_999);
    refused(tight.optimizer_state(&optimizer), memory, "the optimizer's memory would take 8000 bytes");
    let trainer = Trainer::builder(network, MeanSquared::new(), optimizer).batch(usize::MAX);
    refused(trainer.build(), too_large("a workspace", u64::MAX, 10_000), "a workspace would take");
}

#[test]
fn predictions_keep_to_the_limit() {
    // Hidden rows of 1,000 numbers: the two layers before and after them, of a single row, take 16,000 bytes.
    let network = |limit: u64| {
        let builder = Network::<f64>::builder(1).layer(Linear::without_bias(1000)).layer(Tanh);
        builder.layer(Linear::without_bias(1)).seed(4).memory_limit(limit).build().unwrap()
    };
    let x: Vec<f64> = (0..50).map(f64::from).collect();
    let tight = network(16_000).predict(rows(&x, 1)).unwrap();
    let free = network(MEMORY_LIMIT).predict(rows(&x, 1)).unwrap();
    assert_eq!(tight.len(), 50);
    assert!(tight.iter().zip(&free).all(|(tight, free)| (tight - free).abs() <= 1e-12));

    // A layer with more scratch than anybody has, where nothing is limited.
    let greedy = Custom::new(Plan::new(1).scratch_per_row(usize::MAX / 2).saved_per_row(usize::MAX).saved(usize::MAX));
    let network = Network::builder(1).layer(greedy.clone()).memory_limit(u64::MAX).build().unwrap();
    let none = |what| Error::OutOfMemory { what, bytes: usize::MAX as u64 };
    refused(
        network.predict(rows(&x, 1)),
        none("the memory of a prediction"),
        "no memory for 18446744073709551615 bytes",
    );
    refused(network.workspace(8), none("a workspace"), "no memory for");
    refused(network.workspace(1 << 62), none("a workspace"), "of a workspace");
    let limited = Network::builder(1).layer(greedy).build().unwrap();
    let beyond = Error::TooLarge { what: "the memory of a prediction", bytes: u64::MAX, limit: MEMORY_LIMIT };
    refused(limited.predict(rows(&x, 1)), beyond, "the memory of a prediction would take");
}

#[test]
fn calls_out_of_order() {
    let order = |call, needs| Error::Order { call, needs };
    let (loss, targets) = (SoftmaxCrossEntropy::new(), Targets::Classes(&[0]));
    let refusing = Custom::new(Plan::new(3));
    let builder = Network::builder(2).layer(Linear::new(3)).layer(refusing.clone());
    let mut network = builder.build().unwrap();
    let mut workspace = network.workspace(4).unwrap();
    let optimizer = Sgd::new(0.1).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let (mut monitor, x) = (Monitor::new(), [0.5; 2]);
    let watched = network.watch(&mut monitor).unwrap();

    let input = order("forward_input", "input");
    refused(network.forward_input(Mode::Train, &mut workspace), input, "forward_input needs input first");
    let too_soon = order("loss", "forward in training mode");
    let says = "loss needs forward in training mode first";
    refused(network.loss(&loss, targets, &mut workspace), too_soon.clone(), says);
    network.forward(rows(&x, 2), Mode::Infer, &mut workspace).unwrap();
    refused(network.loss(&loss, targets, &mut workspace), too_soon.clone(), says);
    network.forward(rows(&x, 2), Mode::Train, &mut workspace).unwrap();
    refused(network.backward(&mut workspace), order("backward", "loss"), "backward needs loss first");
    // A loss that was refused is none.
    assert!(network.loss(&loss, Targets::Classes(&[9]), &mut workspace).is_err());
    refused(network.backward(&mut workspace), order("backward", "loss"), "backward needs loss first");
    network.loss(&loss, targets, &mut workspace).unwrap();
    let watching = network.observe_gradients(&mut monitor, &watched, &workspace);
    refused(watching, order("observe_gradients", "backward"), "observe_gradients needs backward first");
    let update = network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1);
    refused(update, order("update", "backward"), "update needs backward first");
    network.backward(&mut workspace).unwrap();
    refused(network.backward(&mut workspace), order("backward", "loss"), "backward needs loss first");
    network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
    let twice = network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1);
    refused(twice, order("update", "backward"), "update needs backward first");
    assert_eq!((network.updates(), state.updates()), (1, 1));

    // A pass that a layer refuses is none either, though one went well before it.
    network.forward(rows(&x, 2), Mode::Train, &mut workspace).unwrap();
    refusing.refuses.store(true, Ordering::Relaxed);
    let nicer = layer("1.custom", Error::Argument { of: "Custom", argument: "x", value: 1.5, must: "nicer" });
    network.parameters_mut().copy_from_slice(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
    let says = "layer 1.custom: Custom: x is 1.5, but it must be nicer";
    refused(network.forward_input(Mode::Train, &mut workspace), nicer.clone(), says);
    refused(network.loss(&loss, targets, &mut workspace), too_soon, "loss needs forward");
    refused(network.predict(rows(&x, 2)), nicer.clone(), says);
    let data = Dataset::classes(x.to_vec(), 2, vec![0]).unwrap();
    let mut trainer = Trainer::builder(network, loss, optimizer).build().unwrap();
    refused(trainer.step(&data), nicer.clone(), says);
    refused(trainer.evaluate(&data), nicer, says);
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn what_belongs_to_another_network() {
    let foreign = |what| Error::Foreign { what };
    let (mut four, five) = (network(4), network(5));
    let mut workspace = five.workspace(4).unwrap();
    let says = "the workspace belongs to a network of another shape";
    let refuses = |result: Result<(), Error>| refused(result, foreign("the workspace"), says);
    refuses(four.forward(rows(&[0.0; 2], 2), Mode::Train, &mut workspace).map(drop));
    refuses(four.forward_input(Mode::Train, &mut workspace).map(drop));
    let (loss, targets) = (SoftmaxCrossEntropy::new(), Targets::Classes(&[0]));
    five.forward(rows(&[0.0; 2], 2), Mode::Train, &mut workspace).unwrap();
    refuses(four.loss(&loss, targets, &mut workspace).map(drop));
    five.loss(&loss, targets, &mut workspace).unwrap();
    refuses(four.backward(&mut workspace));
    five.backward(&mut workspace).unwrap();
    let (adam, momentum) = (Adam::new(0.1).unwrap(), Sgd::new(0.1).unwrap().momentum(0.5).unwrap());
    let mut state = four.optimizer_state(&adam).unwrap();
    refuses(four.update(&adam, &mut state, &mut workspace, 1.0, 0.1));
    let (mut monitor, mut empty) = (Monitor::new(), Monitor::new());
    let watched = four.watch(&mut monitor).unwrap();
    refuses(four.observe_activations(&mut monitor, &watched, &workspace));
    refuses(four.observe_breakdown(&mut monitor, &watched, &workspace));
    refuses(four.observe_gradients(&mut monitor, &watched, &workspace));
    let unknown = four.observe_weights(&mut empty, &watched, &state);
    refused(unknown, foreign("the parameter's id"), "the parameter's id belongs to");

    // Its own workspace, but the state of another optimizer, or network.
    let mut workspace = four.workspace(1).unwrap();
    four.forward(rows(&[0.0; 2], 2), Mode::Train, &mut workspace).unwrap();
    four.loss(&loss, targets, &mut workspace).unwrap();
    four.backward(&mut workspace).unwrap();
    for mut other in [four.optimizer_state(&momentum).unwrap(), five.optimizer_state(&adam).unwrap()] {
        let update = four.update(&adam, &mut other, &mut workspace, 1.0, 0.1);
        refused(update, foreign("the optimizer's state"), "the optimizer's state belongs to");
    }
    refused(four.copy_from(&five), foreign("the network copied from"), "the network copied from belongs to");

    // A snapshot of another network, optimizer or clipper leaves a trainer as it was.
    let trainer = |network: &Network<f64>| Trainer::builder(network.clone(), loss.clone(), adam);
    let mut own = trainer(&four).build().unwrap();
    let before = own.network().parameters().to_vec();
    let other = trainer(&five).build().unwrap().snapshot();
    assert!(matches!(own.restore(&other), Err(Error::Foreign { .. })));
    // As many numbers to remember, but another layer between them.
    let turned = Network::<f64>::builder(2).layer(Linear::new(4)).layer(Relu).layer(Linear::new(3)).build().unwrap();
    let mut turned = trainer(&turned).build().unwrap();
    turned.step(&Dataset::classes(vec![1.0, 1.0], 2, vec![0]).unwrap()).unwrap();
    let restored = own.restore(&turned.snapshot());
    refused(restored, foreign("the network copied from"), "another shape");
    let other = Trainer::builder(four, loss.clone(), momentum).build().unwrap().snapshot();
    refused(own.restore(&other), foreign("the optimizer's state"), "the optimizer's state belongs to");
    assert_eq!((own.network().parameters(), own.steps()), (&before[..], 0));
}

#[test]
fn starting_values_that_are_no_numbers() {
    /// Draws a NaN at one place; or refuses altogether.
    #[derive(Debug)]
    struct Broken(Option<usize>);
    impl Initializer<f64> for Broken {
        fn fill(&self, _: &Param, out: &mut [f64], _: &mut Generator) -> Result<(), Error> {
            out.fill(0.5);
            let at = self.0.ok_or(Error::Empty { what: "the bag of numbers" })?;
            out[at] = f64::NAN;
            Ok(())
        }
        fn moments(&self, _: &Param) -> Option<InitMoments> {
            None
        }
    }
    let builder = || Network::builder(2).layer(Linear::new(3)).layer(Tanh);
    let nan = |what: &str, index| Error::NonFinite { what: what.to_owned(), index, value: f64::NAN, step: 0 };
    let weight = layer("2.linear", nan("the starting values of 2.linear.weight", 5));
    let says = "layer 2.linear: step 0: entry 5 of the starting values of 2.linear.weight is NaN";
    refused(builder().layer(Linear::new(3).weights(Broken(Some(5)))).build(), weight, says);
    let bias = layer("0.linear", nan("the starting values of 0.linear.bias", 1));
    refused(builder().biases(Broken(Some(1))).build(), bias, "0.linear.bias is NaN");
    let empty = layer("0.linear", Error::Empty { what: "the bag of numbers" });
    refused(builder().weights(Broken(None)).build(), empty, "layer 0.linear: the bag of numbers is empty");
    // Finite in f64, infinite in f32.
    let single = Network::<f32>::builder(2).layer(Linear::new(3)).weights(Constant::new(1e39).unwrap()).build();
    let what = "the starting values of 0.linear.weight".to_owned();
    let infinite = layer("0.linear", Error::NonFinite { what, index: 0, value: f64::INFINITY, step: 0 });
    refused(single, infinite, "0.linear.weight is inf");
    let network = network(4);
    let unknown = Error::Unknown {
        kind: "parameter",
        name: "1.tanh.weight".to_owned(),
        known: "0.linear.weight, 0.linear.bias, 2.linear.weight, 2.linear.bias".to_owned(),
    };
    refused(
        network.parameter("1.tanh.weight"),
        unknown,
        "there is no parameter named \"1.tanh.weight\"; there are: 0.",
    );
    let known = "0.linear, 1.tanh, 2.linear".to_owned();
    let unknown = Error::Unknown { kind: "layer", name: "tanh".to_owned(), known };
    let workspace = network.workspace(1).unwrap();
    refused(workspace.activation("tanh"), unknown, "there is no layer named \"tanh\"; there are: 0.linear, 1.tanh");
}
