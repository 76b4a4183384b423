//! Where memory is taken: at the start, and then no more.
//!
//! A test binary of its own, since its allocator counts. It counts by thread, so that tests do not see each other.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;

use evenkeel::schedule::{Cosine, ReduceOnPlateau};
use evenkeel::*;

struct Counting;

thread_local! {
    /// How often memory was taken, moved or given back; and how many bytes are held.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // While a thread ends its counters are gone, and nobody reads them.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call goes to the system's allocator with the same arguments; counting takes no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many calls of the allocator `work` makes.
fn calls(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

#[test]
fn the_allocator_counts() {
    let held = HELD.get();
    let mut numbers: Vec<usize> = Vec::new();
    assert_eq!(calls(|| numbers.reserve_exact(100)), 1);
    assert_eq!(HELD.get() - held, 800);
    assert_eq!(calls(|| drop(numbers)), 1);
    assert_eq!(HELD.get(), held);
}

/// Nineteen rows: with batches of four, the last of an epoch has three.
fn rows_of_classes() -> Dataset<f32> {
    let inputs = (0..19 * 5).map(|at| (at as f32 * 0.7).sin()).collect();
    Dataset::classes(inputs, 5, (0..19).map(|row| row % 3).collect()).unwrap()
}

fn rows_of_values() -> Dataset<f32> {
    let numbers = |cols: usize| (0..19 * cols).map(|at| (at as f32 * 0.3).cos()).collect();
    Dataset::values(numbers(5), 5, numbers(3), 3).unwrap()
}

fn network() -> Network<f32> {
    let builder = Network::builder(5).layer(Linear::new(33)).layer(Tanh).layer(Linear::new(17)).layer(Relu);
    builder.layer(Linear::without_bias(17)).layer(Softmax).layer(Linear::new(3)).seed(3).build().unwrap()
}

/// Layers in layers, three deep, of every kind that has others inside; with noise, and with a part that has no gradients to write.
fn nested() -> Network<f32> {
    let inner = Sequential::new().layer(Linear::new(9)).layer(Dropout::new(0.1).unwrap()).layer(Flatten);
    let scaled = Residual::new().layer(inner).learned_scale(0.5).unwrap();
    let projected = Residual::new().layer(scaled).layer(Linear::new(3)).projection(Linear::new(3));
    let builder = Network::builder(5).layer(Sequential::new().layer(Linear::new(9)).layer(Tanh));
    builder.layer(projected.scale(0.7).unwrap()).seed(3).build().unwrap()
}

/// After the first step, not one call in four epochs of single steps.
fn assert_steps_are_free(name: &str, trainer: TrainerBuilder<f32>, data: &Dataset<f32>) {
    let mut trainer = trainer.batch(4).build().unwrap();
    assert!(
        calls(|| assert!(trainer.step(data).is_ok())) > 0,
        "{name}: the first step is to fill the order of the rows"
    );
    let mut ends = 0;
    for step in 1..20 {
        let before = CALLS.get();
        let outcome = trainer.step(data).unwrap();
        let taken = CALLS.get() - before;
        assert_eq!(taken, 0, "{name}: step {step} with {} rows", outcome.rows);
        assert!(outcome.applied, "{name}");
        assert_eq!(outcome.rows, if outcome.ends_epoch { 3 } else { 4 });
        ends += usize::from(outcome.ends_epoch);
    }
    assert_eq!(ends, 4);
}

#[test]
fn a_prediction_takes_no_memory() {
    for network in [network(), nested()] {
        let mut predictor = network.predictor(19).unwrap();
        let data = rows_of_classes();
        let taken = calls(|| assert!(network.predict_with(data.inputs(), &mut predictor).is_ok()));
        assert_eq!(taken, 0);
    }
}

#[test]
fn images_take_no_memory() {
    // Windows that are unfolded, filtered, of each channel and of groups; all kinds of pools.
    let first = Conv2d::new((9, 9, 2), 8, 3).padding(Padding::Same);
    let second = Conv2d::new((9, 9, 8), 8, 3);
    let builder =
        Network::builder(9 * 9 * 2).layer(ChannelsLast::new((2, 9, 9))).layer(first).layer(Relu).layer(second);
    let builder = builder.layer(MaxPool2d::new((7, 7, 8), 3).stride(2)).layer(Conv2d::new((3, 3, 8), 8, 2).groups(8));
    let builder = builder.layer(Conv2d::new((2, 2, 8), 4, 2).groups(2).padding(Padding::Same));
    let builder = builder.layer(AveragePool2d::new((2, 2, 4), 2)).layer(Linear::new(3));
    let inputs = (0..19 * 162).map(|at| (at as f32 * 0.7).sin()).collect();
    let data = Dataset::classes(inputs, 162, (0..19).map(|row| row % 3).collect()).unwrap();
    let network = builder.seed(3).build().unwrap();
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
    assert_steps_are_free("images", trainer.watch(Monitor::new()), &data);
}

#[test]
fn a_step_of_the_trainer_takes_no_memory() {
    let classes = || Trainer::builder(network(), SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
    let heavy = Sgd::new(0.01).unwrap().momentum(0.9).unwrap().nesterov().weight_decay(0.01).unwrap();
    let values = || Trainer::builder(network(), MeanSquared::new(), heavy);
    let (of_classes, of_values) = (rows_of_classes(), rows_of_values());
    let every = || Monitor::new().period(1).unwrap();
    let norm = || GlobalNorm::new(1e-3).unwrap();
    assert_steps_are_free("Adam", classes(), &of_classes);
    let nested = Trainer::builder(nested(), SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap()).watch(every());
    assert_steps_are_free("layers in layers", nested, &of_classes);
    assert_steps_are_free("momentum", values(), &of_values);
    assert_steps_are_free("Adam, watched", classes().watch(Monitor::new()), &of_classes);
    assert_steps_are_free("Adam, watched closely", classes().watch(every()).clip(norm()), &of_classes);
    assert_steps_are_free("momentum, watched", values().watch(Monitor::new()).clip(norm()), &of_values);
    let by_layer = PerLayerNorm::new(1e-3).unwrap();
    assert_steps_are_free("by layer", values().watch(every()).probe_rows(7).clip(by_layer), &of_values);
    let percentile = PercentileNorm::new(10.0).unwrap().window(3).unwrap();
    let last = ZScoreNorm::new(0.1).unwrap().warm_up(2).unwrap();
    let chain = Chain::new().then(AdaptiveNorm::new(1e-3).unwrap()).then(BlockRms::new(1e-4).unwrap());
    let chain = chain.then(percentile).then(GlobalNorm::new(1e-4).unwrap().order(3.0).unwrap()).then(last);
    assert_steps_are_free("a chain of clippers", classes().clip(chain), &of_classes);
    let parts = || classes().micro_batch(3).watch(every()).clip(norm());
    assert_steps_are_free("Adam, in parts", parts(), &of_classes);
    assert_steps_are_free("momentum, in parts", values().micro_batch(1), &of_values);
    let rms = RmsProp::new(0.01).unwrap().momentum(0.5).unwrap().centered();
    let of_probabilities = Trainer::builder(network(), CategoricalCrossEntropy::new(), rms);
    let reduce = ReduceOnPlateau::new(0.5, 1).unwrap();
    assert_steps_are_free("RMSprop", of_probabilities.reduce_on_plateau(reduce), &of_classes);
    let counting = Trainer::builder(network(), Poisson::new(), Adagrad::new(0.01).unwrap());
    assert_steps_are_free("Adagrad", counting, &of_values);
    let cosine = Cosine::new(100).unwrap();
    assert_steps_are_free(
        "by value",
        values().watch(every()).schedule(cosine).clip(ByValue::new(1e-4).unwrap()),
        &of_values,
    );
}

#[test]
fn a_batch_in_parts_takes_the_memory_of_a_part() {
    let data = rows_of_classes();
    let held = |batch: usize, micro: usize| {
        let before = HELD.get();
        let builder = Trainer::builder(network(), SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
        let mut trainer = builder.batch(batch).micro_batch(micro).build().unwrap();
        assert_eq!(trainer.step(&data).unwrap().rows, batch.min(19));
        (HELD.get() - before, drop(trainer)).0
    };
    // Of the other rows there are only the classes, and of no more than the data have.
    assert_eq!(held(16, 4) - held(4, 4), (16 - 4) * size_of::<usize>() as isize);
    assert_eq!(held(usize::MAX, 4) - held(4, 4), (19 - 4) * size_of::<usize>() as isize);
    assert_eq!(held(4, 1024), held(4, 4));
}

#[test]
fn norms_and_attention_take_no_memory() {
    let network = Network::builder(5)
        .layer(Linear::new(12))
        .layer(BatchNorm::new())
        .layer(LayerNorm::over(4))
        .layer(MultiHeadAttention::new(4, 2).causal())
        .layer(PerStep::new(4, Linear::new(3)))
        .layer(RmsNorm::over(3))
        .layer(BatchNorm::channels(3))
        .layer(Linear::new(3));
    let network = network.seed(3).build().unwrap();
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
    assert_steps_are_free("norms and attention", trainer.watch(Monitor::new()), &rows_of_classes());
}

#[test]
fn a_step_through_sequences_takes_no_memory() {
    // Rows of one step of five numbers, of five steps of one, and ragged.
    let network = |steps: usize, last: bool| {
        let plain = Rnn::new(steps, 5 / steps, 6).unwrap().truncate(2).unwrap();
        let gru = Gru::new(steps, 6, 7).unwrap();
        let lstm = Lstm::new(steps, 7, 5).unwrap().chrono(5).unwrap();
        let builder = Network::builder(5).layer(plain).layer(gru);
        let builder = if last { builder.layer(lstm.last()) } else { builder.layer(lstm) };
        builder.layer(Linear::new(3)).seed(3).build().unwrap()
    };
    for (steps, last) in [(1, false), (5, true), (5, false)] {
        let ragged = rows_of_classes().with_lengths((0..19).map(|row| 1 + row % steps).collect()).unwrap();
        for data in [rows_of_classes(), ragged] {
            let trainer = Trainer::builder(network(steps, last), SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap());
            let trainer = trainer.watch(Monitor::new().period(1).unwrap());
            assert_steps_are_free("sequences", trainer, &data);
            let network = network(steps, last);
            let mut predictor = network.predictor(19).unwrap();
            let taken = calls(|| {
                predictor.set_lengths(data.lengths()).unwrap();
                network.predict_with(data.inputs(), &mut predictor).unwrap();
            });
            assert_eq!(taken, 0);
        }
    }
    let held = HELD.get();
    let mut monitor = Monitor::new();
    drop(network(5, true).watch(&mut monitor).unwrap());
    assert_same(monitor.memory(), HELD.get() - held, 4);
}

#[test]
fn a_loop_by_hand_takes_no_memory() {
    for period in [1, Monitor::PERIOD] {
        let mut network = network();
        let data = rows_of_classes();
        let Targets::Classes(classes) = data.targets() else { unreachable!("the data have classes") };
        let mut monitor = Monitor::new().period(period).unwrap();
        let watched = network.watch(&mut monitor).unwrap();
        let (mut workspace, mut probe) = (network.workspace(4).unwrap(), network.workspace(19).unwrap());
        let optimizer = AdamW::new(0.01, 0.1).unwrap();
        let mut state = network.optimizer_state(&optimizer).unwrap();
        let (mut clipper, loss) = (GlobalNorm::new(1e-3).unwrap(), SoftmaxCrossEntropy::new());
        let mut pass = |step: u64| -> Result<(), Error> {
            let start = step as usize % 5 * 4;
            let rows = start..19.min(start + 4);
            let x = Rows::new(&data.inputs().data()[rows.start * 5..rows.end * 5], 5)?;
            monitor.begin(step);
            if monitor.looking() {
                network.forward(data.inputs(), Mode::Infer, &mut probe)?;
                network.observe_activations(&mut monitor, &watched, &probe)?;
            }
            network.forward(x, Mode::Train, &mut workspace)?;
            let value = network.loss(&loss, Targets::Classes(&classes[rows]), &mut workspace)?;
            network.backward(&mut workspace)?;
            network.observe_breakdown(&mut monitor, &watched, &workspace)?;
            network.observe_gradients(&mut monitor, &watched, &workspace)?;
            let verdict = NonFinite::Stop.decide(Some(&mut clipper), &mut network.gradients(&mut workspace)?, step)?;
            monitor.clipped(&verdict.clipped);
            network.update(&optimizer, &mut state, &mut workspace, verdict.clipped.pending, 0.01)?;
            network.observe_weights(&mut monitor, &watched, &state)?;
            monitor.end(value);
            Ok(())
        };
        // Nothing at all, not even in the first step: there is no order of the rows to draw.
        assert_eq!(calls(|| (0..60).for_each(|step| pass(step).unwrap())), 0, "period {period}");
        assert_eq!(monitor.report().clipping.clipped, 60);
    }
}

/// A monitor of `layers` layers with 2 x 2 weights, biases and outputs.
fn small_layers(monitor: &mut Monitor, layers: usize) -> Vec<(ParameterId, ParameterId, ActivationId)> {
    let names = (0..layers).map(|layer| format!("{layer}.linear"));
    let watch = |name: String| {
        let weight = monitor.watch_parameter(&name, &Param::weight(2, 2));
        let bias = monitor.watch_parameter(&name, &Param::bias(2));
        (weight, bias, monitor.watch_activation(&name, 2, Bounds { dead: Some(0.0), ..Bounds::NONE }))
    };
    names.map(watch).collect()
}

#[test]
fn ten_million_steps_of_history_take_less_than_a_megabyte() {
    const STEPS: u64 = 10_000_000;
    // Ten layers take at most five times the memory of two.
    let mut monitor = Monitor::new();
    let ids = small_layers(&mut monitor, 2);
    let start = Instant::now();
    let taken = calls(|| {
        for step in 0..STEPS {
            let small = (step % 977) as f32 * 1e-3;
            let outputs = [small, 1.0, 0.0, 0.5];
            monitor.begin(step);
            for &(weight, bias, activation) in &ids {
                if monitor.looking() {
                    monitor.activations(activation, Rows::new(&outputs, 2).unwrap()).unwrap();
                }
                monitor.gradient(weight, &[small, 0.1, 0.2, 0.3]).unwrap();
                monitor.gradient(bias, &[0.1, small]).unwrap();
                monitor.weights(weight, &[0.5, small, -0.5, 0.1], 1e-3).unwrap();
                monitor.weights(bias, &[0.5, small], 1e-3).unwrap();
            }
            monitor.end(1.0 / (step + 1) as f64);
        }
    });
    println!("{STEPS} steps of two layers: {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!(taken, 0, "a step by hand took memory");
    assert_eq!(monitor.steps(), STEPS);
    assert!(5 * monitor.memory() < 1 << 20, "{} bytes", monitor.memory());
    let layer = monitor.report();
    let layer = layer.layer("1.linear").unwrap();
    assert_eq!((layer.gradient.len(), layer.weight.len()), (STEPS, STEPS / Monitor::PERIOD + 9));
}

#[test]
fn memory_is_what_is_held() {
    for layers in [1, 5, 10, 33] {
        let held = HELD.get();
        let mut monitor = Monitor::new();
        drop(small_layers(&mut monitor, layers));
        assert_same(monitor.memory(), HELD.get() - held, layers);
    }
    let held = HELD.get();
    let mut monitor = Monitor::new();
    network().watch(&mut monitor).unwrap();
    assert_same(monitor.memory(), HELD.get() - held, 7);
    // Wide layers, where most of the memory is that of their units.
    let wide = Network::<f32>::builder(2).layer(Linear::new(20_000)).layer(Relu).layer(Linear::new(1)).build().unwrap();
    let held = HELD.get();
    let mut monitor = Monitor::new();
    drop(wide.watch(&mut monitor).unwrap());
    assert_same(monitor.memory(), HELD.get() - held, 3);
}

/// To the byte; the monitor itself stands on the stack.
fn assert_same(said: usize, counted: isize, layers: usize) {
    assert_eq!(said, counted as usize + size_of::<Monitor>(), "{layers} layers");
}
