//! Activations, forward and backward, and softmax, on slices that stay in the first cache: nanoseconds a number are what to look at.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::*;

const COUNT: usize = 4096;

/// Numbers without a pattern from -6 to 6.
fn numbers<T: Float>(count: usize) -> Vec<T> {
    (0..count).map(|at| T::of(6.0 * (at as f64 * 0.37).sin())).collect()
}

fn activation<T: Float>(group: &mut BenchmarkGroup<'_, WallTime>, activation: impl Activation) {
    let (x, dy) = (numbers::<T>(COUNT), numbers::<T>(COUNT));
    let (mut y, mut dx) = (vec![T::zero(); COUNT], vec![T::zero(); COUNT]);
    let name = activation.name();
    group.bench_function(format!("{name}/values"), |bencher| {
        bencher.iter(|| activation.values(black_box(&x), black_box(&mut y)));
    });
    group.bench_function(format!("{name}/slopes"), |bencher| {
        bencher.iter(|| activation.slopes(black_box(&x), black_box(&y), black_box(&dy), black_box(&mut dx)));
    });
}

fn elementwise<T: Float>(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(format!("elementwise/{name}"));
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(400)).sample_size(20);
    group.throughput(Throughput::Elements(COUNT as u64));
    activation::<T>(&mut group, Exponential);
    activation::<T>(&mut group, Tanh);
    activation::<T>(&mut group, Sigmoid);
    activation::<T>(&mut group, Gelu);
    activation::<T>(&mut group, Silu);
    activation::<T>(&mut group, Mish);
    activation::<T>(&mut group, Softplus);
    activation::<T>(&mut group, Elu::default());
    activation::<T>(&mut group, Relu);
    activation::<T>(&mut group, LeakyRelu::default());
    activation::<T>(&mut group, HardSigmoid);
    activation::<T>(&mut group, Softsign);
    for classes in [8, 512] {
        let network = Network::<T>::builder(classes).layer(Softmax).build().expect("a network");
        let (x, mut workspace) = (numbers(COUNT), network.workspace(COUNT / classes).expect("a workspace"));
        let x = Rows::new(&x, classes).expect("whole rows");
        group.bench_function(format!("softmax/{classes}"), |bencher| {
            bencher.iter(|| network.forward(black_box(x), Mode::Infer, &mut workspace).map(drop));
        });
    }
    group.finish();
}

/// Losses with their gradients, of a batch.
fn losses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("losses");
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(400)).sample_size(20);
    for (rows, classes) in [(32, 3), (64, 10), (64, 1000)] {
        let (y, mut grad) = (numbers::<f32>(rows * classes), vec![0.0_f32; rows * classes]);
        let y = Rows::new(&y, classes).expect("whole rows");
        let targets: Vec<usize> = (0..rows).map(|row| row * 7 % classes).collect();
        let values: Vec<f32> = (0..rows * classes).map(|at| (at % 2) as f32).collect();
        let values = Targets::Values(Rows::new(&values, classes).expect("whole rows"));
        group.throughput(Throughput::Elements((rows * classes) as u64));
        let mut loss = |loss: &dyn Loss<f32>, targets: Targets<'_, f32>| {
            group.bench_function(format!("{}/{rows}x{classes}", loss.name()), |bencher| {
                bencher.iter(|| {
                    let grad = RowsMut::new(black_box(&mut grad), classes).expect("whole rows");
                    loss.evaluate(black_box(y), targets, Some(grad))
                });
            });
        };
        loss(&SoftmaxCrossEntropy::new(), Targets::Classes(&targets));
        loss(&SigmoidCrossEntropy::new(), values);
        loss(&MeanSquared::new(), values);
    }
    group.finish();
}

fn all(criterion: &mut Criterion) {
    elementwise::<f32>(criterion, "f32");
    elementwise::<f64>(criterion, "f64");
    losses(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
