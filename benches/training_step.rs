//! A training step of three networks, each without a monitor and with one, so that the monitor's share of a step can be read.
//!
//! The rates are so low that the networks stay what they are, however many steps are measured. A step of `Trainer`: gather the rows, forward, loss, backward, clip, update; the watched one looks closely every 50th time.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::*;

/// So many rows of inputs without a pattern, each of a class.
fn data(rows: usize, n_in: usize, classes: usize) -> Dataset<f32> {
    let inputs = (0..rows * n_in).map(|at| (at as f32 * 0.37).sin()).collect();
    Dataset::classes(inputs, n_in, (0..rows).map(|row| row * 7 % classes).collect()).expect("finite rows")
}

fn network(widths: &[usize], activation: fn(NetworkBuilder<f32>) -> NetworkBuilder<f32>) -> Network<f32> {
    let (last, hidden) = widths[1..].split_last().expect("an output");
    let builder = hidden
        .iter()
        .fold(Network::builder(widths[0]), |builder, &width| activation(builder.layer(Linear::new(width))));
    builder.layer(Linear::new(*last)).seed(1).build().expect("a network")
}

fn tiny() -> TrainerBuilder<f32> {
    let network = network(&[4, 16, 16, 3], |builder| builder.layer(Tanh));
    Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(1e-6).expect("a rate")).batch(32)
}

fn digits() -> TrainerBuilder<f32> {
    let network = network(&[64, 128, 64, 10], |builder| builder.layer(Relu));
    Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(1e-6).expect("a rate")).batch(32)
}

fn deep() -> TrainerBuilder<f32> {
    let mut widths = [128; 52];
    (widths[0], widths[51]) = (64, 10);
    let network = network(&widths, |builder| builder.layer(Tanh));
    let builder = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(1e-6).expect("a rate")).batch(64);
    builder.clip(GlobalNorm::new(1.0).expect("a limit"))
}

fn compare(
    criterion: &mut Criterion,
    name: &str,
    builder: fn() -> TrainerBuilder<f32>,
    data: &Dataset<f32>,
    rows: u64,
) {
    let mut group = criterion.benchmark_group(format!("training_step/{name}"));
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3)).sample_size(30);
    group.throughput(Throughput::Elements(rows));
    for (watched, monitor) in [("unwatched", None), ("watched", Some(Monitor::new()))] {
        let builder = match monitor {
            Some(monitor) => builder().watch(monitor),
            None => builder(),
        };
        let mut trainer = builder.build().expect("a trainer");
        group.bench_function(watched, |bencher| bencher.iter(|| trainer.step(data).expect("a step")));
    }
    group.finish();
}

fn training_step(criterion: &mut Criterion) {
    compare(criterion, "tiny", tiny, &data(3200, 4, 3), 32);
    compare(criterion, "digits", digits, &data(3200, 64, 10), 32);
    compare(criterion, "deep", deep, &data(640, 64, 10), 64);
}

criterion_group!(benches, training_step);
criterion_main!(benches);
