//! Whatever a user asks for, the answer is a value or an error: never a panic, and never more memory than was allowed.

use std::cell::Cell;
use std::fmt::Debug;
use std::ops::ControlFlow;

use evenkeel::schedule::{self, Cosine, ReduceOnPlateau, Schedule, StepDecay, Warmup};
use evenkeel::*;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

/// What no network of these tests may exceed.
const LIMIT: u64 = 1 << 20;

/// Numbers at the edges of what a float can hold, and usual ones: so many of these on one that is not finite.
fn extreme(usual: u32) -> impl Strategy<Value = f64> {
    let edges = [0.0, -0.0, -1.0, 5e-324, 1e-310, 1e-30, 1e38, 1e39, 1e155, f64::MAX, f64::MIN];
    let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![usual => 0.001_f64..2.0, 2 => select(edges.to_vec()), 1 => select(none.to_vec())]
}

fn width(usual: u32) -> impl Strategy<Value = usize> {
    let huge = [0, 1 << 17, 1 << 20, 1 << 33, 1 << 60, usize::MAX / 8, usize::MAX];
    prop_oneof![usual => 1_usize..9, 1 => select(huge.to_vec())]
}

/// A kind, and three numbers that mean what the kind makes of them.
type Drawn = (u8, f64, f64);

fn drawn(usual: u32) -> impl Strategy<Value = Drawn> {
    (any::<u8>(), extreme(usual), extreme(usual))
}

/// An initializer whose type is known when the program runs.
#[derive(Debug)]
struct Start<T>(Box<dyn Initializer<T>>);

impl<T: Float> Initializer<T> for Start<T> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        self.0.fill(param, out, rng)
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        self.0.moments(param)
    }
}

fn initializer<T: Float>((kind, a, b): Drawn) -> Result<Start<T>, Error> {
    Ok(Start(match kind % 8 {
        0 => Box::new(Constant::new(a)?),
        1 => Box::new(Normal::new(a, b)?),
        2 => Box::new(Uniform::new(a.min(b), b)?),
        3 => Box::new(VarianceScaling::new(a, FanMode::Average, UnitUniform)?.gain(b)?.kurtosis(a)?),
        4 => Box::new(He::uniform().gain(a)?),
        5 => Box::new(LeCun::normal()),
        6 => Box::new(Xavier::normal().gain(a)?.gain(b)?),
        _ => Box::new(Zeros),
    }))
}

fn layer<T: Float>(kind: u8, width: usize, start: Option<Drawn>, x: f64) -> Result<Box<dyn Layer<T>>, Error> {
    Ok(match kind % 20 {
        0 => Box::new(Relu),
        1 => Box::new(LeakyRelu::new(x)?),
        2 => Box::new(Elu::new(x)?),
        3 => Box::new(Tanh),
        4 => Box::new(Softmax),
        5 => Box::new(evenkeel::Exponential),
        6 => Box::new(Gelu),
        7 => Box::new(Mish),
        8 => Box::new(Softplus),
        9 => Box::new(Selu),
        10 => Box::new(Softsign),
        11 => Box::new(HardSigmoid),
        12 => Box::new(Silu),
        13 => Box::new(Sigmoid),
        14 => Box::new(Linear::without_bias(width)),
        _ => match start {
            Some(start) => Box::new(Linear::new(width).weights(initializer::<T>(start)?)),
            None => Box::new(Linear::new(width)),
        },
    })
}

/// How a network is drawn: its input, its layers, the initializers of all others, its seed.
type Stack = (usize, Vec<(u8, usize, Option<Drawn>, f64)>, Option<Drawn>, u64);

fn stack(usual: u32) -> impl Strategy<Value = Stack> {
    let start = || proptest::option::weighted(0.3, drawn(usual));
    let layer = (any::<u8>(), width(4 * usual), start(), extreme(usual));
    (width(4 * usual), proptest::collection::vec(layer, 0..6), start(), any::<u64>())
}

fn network<T: Float>((n_in, layers, start, seed): Stack) -> Result<Network<T>, Error> {
    let mut builder = Network::builder(n_in).seed(seed).memory_limit(LIMIT);
    for (kind, width, start, x) in layers {
        builder = builder.boxed(layer(kind, width, start, x)?);
    }
    if let Some(start) = start {
        builder = builder.weights(initializer(start)?).biases(initializer(start)?);
    }
    builder.build()
}

/// Draws from a strategy, and makes sure that both good and bad were among what was drawn.
fn assert_both<S: Strategy<Value: Debug>>(cases: u32, strategy: S, test: impl Fn(S::Value) -> Result<(), Error>) {
    let (good, bad) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        let counter = if test(value).is_ok() { &good } else { &bad };
        counter.set(counter.get() + 1);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    println!("{} went well, {} were refused", good.get(), bad.get());
    assert!(good.get() > cases / 20 && bad.get() > cases / 20, "{} went well, {} were refused", good.get(), bad.get());
}

/// Builds a network, and has it do all it can with rows of that number.
fn build_and_pass<T: Float>(stack: Stack, rows: usize, number: f64) -> Result<(), Error> {
    let mut network = network::<T>(stack)?;
    assert!(network.parameters().iter().all(|parameter| parameter.is_finite()));
    let mut monitor = Monitor::new();
    let watched = network.watch(&mut monitor)?;
    let adam = Adam::new(1.0)?;
    let mut state = network.optimizer_state(&adam)?;
    let mut workspace = network.workspace(rows)?;
    let data = vec![T::of(number); rows * network.n_in()];
    let x = Rows::new(&data, network.n_in())?;
    assert_eq!(network.predict(x)?.len(), rows * network.n_out());
    monitor.begin(0);
    network.forward(x, Mode::Train, &mut workspace)?;
    network.observe_activations(&mut monitor, &watched, &workspace)?;
    let zeros = vec![T::zero(); rows * network.n_out()];
    let targets = Targets::Values(Rows::new(&zeros, network.n_out())?);
    let loss = network.loss(&MeanSquared::new(), targets, &mut workspace)?;
    network.backward(&mut workspace)?;
    network.observe_gradients(&mut monitor, &watched, &workspace)?;
    network.update(&adam, &mut state, &mut workspace, 1.0, 1.0)?;
    network.observe_weights(&mut monitor, &watched, &state)?;
    monitor.end(loss);
    assert!(!monitor.report().to_string().is_empty());
    Ok(())
}

#[test]
fn no_network_panics() {
    let strategy = (stack(3), width(12), extreme(3), any::<bool>());
    assert_both(20000, strategy, |(stack, rows, number, single)| {
        if single { build_and_pass::<f32>(stack, rows, number) } else { build_and_pass::<f64>(stack, rows, number) }
    });
}

fn clipper(kind: u8, limit: f64) -> Result<Option<Box<dyn GradientClipper<f32>>>, Error> {
    Ok(Some(match kind % 4 {
        0 => Box::new(ByValue::new(limit)?),
        1 => Box::new(PerLayerNorm::new(limit)?),
        2 => Box::new(GlobalNorm::new(limit)?),
        _ => return Ok(None),
    }))
}

#[derive(Debug)]
struct AnySchedule(Box<dyn Schedule>);

impl Schedule for AnySchedule {
    fn factor(&self, step: u64) -> f64 {
        self.0.factor(step)
    }
}

fn any_schedule((kind, a, b): Drawn) -> Result<AnySchedule, Error> {
    let steps = |x: f64| (x as u64).saturating_add(1);
    Ok(AnySchedule(match kind % 6 {
        0 => Box::new(Cosine::new(steps(a))?.floor(b)?),
        1 => Box::new(schedule::Exponential::new(a)?),
        2 => Box::new(StepDecay::new(steps(a), b)?),
        3 => Box::new(Warmup::new(steps(a), Cosine::new(steps(b))?)?),
        _ => Box::new(schedule::Constant),
    }))
}

#[derive(Debug, Clone)]
struct Plans {
    stack: Stack,
    loss: u8,
    optimizer: Drawn,
    schedule: Drawn,
    clipper: (u8, f64),
    policy: NonFinite,
    batch: usize,
    epochs: u64,
    rows: usize,
    /// The width of the inputs, and of the targets: 0 where it is the network's.
    cols: [usize; 2],
    numbers: Vec<f64>,
    watch: Option<(u64, usize)>,
    patience: Option<(u64, f64)>,
}

fn plans() -> impl Strategy<Value = Plans> {
    let some = |x: usize| prop_oneof![18 => 1..9_usize, 1 => Just(0), 1 => Just(x)];
    let settings = (any::<u8>(), drawn(20), drawn(20), (any::<u8>(), extreme(20)));
    let policy = select(vec![NonFinite::Stop, NonFinite::Skip, NonFinite::Zero]);
    let numbers = proptest::collection::vec(prop_oneof![99 => -2.0..2.0, 1 => extreme(1)], 1..20);
    let cols = [prop_oneof![15 => Just(0), 1 => 1..3_usize], prop_oneof![15 => Just(0), 1 => 1..3_usize]];
    let watch = proptest::option::of((prop_oneof![1..9_u64, select(vec![0, u64::MAX])], some(usize::MAX)));
    let patience = proptest::option::of((select(vec![0, 1, 2, u64::MAX]), extreme(20)));
    let sizes = (some(usize::MAX), 0..4_u64, 0..9_usize);
    (stack(20), settings, policy, sizes, cols, numbers, watch, patience).prop_map(
        |(
            stack,
            (loss, optimizer, schedule, clipper),
            policy,
            (batch, epochs, rows),
            cols,
            numbers,
            watch,
            patience,
        )| {
            Plans {
                stack,
                loss,
                optimizer,
                schedule,
                clipper,
                policy,
                batch,
                epochs,
                rows,
                cols,
                numbers,
                watch,
                patience,
            }
        },
    )
}

fn train(plans: Plans) -> Result<(), Error> {
    let network = network::<f32>(plans.stack)?;
    let (n_in, n_out) = (network.n_in(), network.n_out());
    let cols =
        [if plans.cols[0] == 0 { n_in } else { plans.cols[0] }, if plans.cols[1] == 0 { n_out } else { plans.cols[1] }];
    let numbers =
        |cols: usize| (0..plans.rows * cols).map(|at| plans.numbers[at % plans.numbers.len()] as f32).collect();
    let data = if plans.loss.is_multiple_of(5) {
        let classes = (0..plans.rows).map(|row| plans.numbers[row % plans.numbers.len()].abs() as usize).collect();
        Dataset::classes(numbers(cols[0]), cols[0], classes)?
    } else {
        Dataset::values(numbers(cols[0]), cols[0], numbers(cols[1]), cols[1])?
    };
    let (kind, a, b) = plans.optimizer;
    // Each loss with one optimizer or two.
    let builder = match plans.loss % 10 {
        0 => Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(a)?.epsilon(1e-8)?),
        1 => Trainer::builder(network, MeanSquared::new(), Adam::new(a)?.betas(0.0, 0.0)?),
        2 => Trainer::builder(network, MeanAbsolute::new(), AdamW::new(a, b)?),
        3 => Trainer::builder(network, Huber::new(b)?, Sgd::new(a)?.nesterov()),
        4 => Trainer::builder(network, SigmoidCrossEntropy::new(), Sgd::new(a)?.weight_decay(b)?),
        5 => Trainer::builder(network, SoftmaxCrossEntropy::new().smoothing(0.1)?, Sgd::new(a)?),
        6 => Trainer::builder(network, MeanSquared::new(), Sgd::new(a)?.momentum(0.99)?.nesterov()),
        7 => Trainer::builder(network, Poisson::new(), RmsProp::new(a)?.epsilon(b.abs())?.centered()),
        8 => Trainer::builder(network, BinaryCrossEntropy::new(), Adagrad::new(a)?.initial_accumulator(b.abs())?),
        _ => Trainer::builder(network, SumSquared::new(), RmsProp::new(a)?.momentum(0.9)?.weight_decay(b.abs())?),
    };
    let builder = if kind % 3 == 0 { builder.micro_batch(usize::from(kind % 7)) } else { builder };
    let builder = if kind % 5 == 0 { builder.reduce_on_plateau(ReduceOnPlateau::new(0.5, 0)?) } else { builder };
    let builder = builder.batch(plans.batch).epochs(plans.epochs).seed(u64::from(kind)).non_finite(plans.policy);
    let builder = builder.schedule(any_schedule(plans.schedule)?);
    let builder = match clipper(plans.clipper.0, plans.clipper.1)? {
        Some(clipper) => builder.clip_boxed(clipper),
        None => builder,
    };
    let builder = match plans.patience {
        Some((patience, improvement)) => {
            builder.early_stopping(EarlyStopping::new(patience)?.improvement(improvement)?)
        }
        None => builder,
    };
    let builder = match plans.watch {
        Some((period, probe)) => builder.watch(Monitor::new().period(period)?).probe_rows(probe),
        None => builder,
    };
    let mut trainer = builder.build()?;
    let snapshot = trainer.snapshot();
    let result = trainer.fit(&data, kind.is_multiple_of(2).then_some(&data), |_| ControlFlow::Continue(())).map(drop);
    // Whatever became of it, it can be told, and it can go on.
    if let Some(report) = trainer.report() {
        let json = serde_json::to_string(&report).expect("a report is written as JSON");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok_and(|json| json["steps"] == report.steps));
        assert!(!report.to_string().is_empty());
    }
    trainer.restore(&snapshot)?;
    trainer.restore(&trainer.snapshot())?;
    let step = trainer.step(&data).map(drop);
    result.and(step).and(trainer.evaluate(&data).map(drop))
}

#[test]
fn no_run_panics() {
    assert_both(20000, plans(), train);
}
