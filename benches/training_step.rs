//! Training steps and predictions of five networks: in f32 and f64, on one and two threads, unwatched and watched.
//!
//! A step of `Trainer`: gather the rows, forward, loss, backward, clip, update; the watched one looks closely every 50th time. Here the
//! rows are always the same ones.

mod common;

use std::time::Duration;

use common::{Workload, pool};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use evenkeel::*;

fn train<T: Float>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    workload: &Workload,
    monitor: Option<Monitor>,
) {
    let builder = workload.trainer::<T>();
    let builder = match monitor {
        Some(monitor) => builder.watch(monitor),
        None => builder,
    };
    let (mut trainer, data) = (builder.build().expect("a trainer"), workload.data(workload.batch));
    group.bench_function(name, |bencher| bencher.iter(|| trainer.step(&data).expect("a step")));
}

fn infer<T: Float>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, workload: &Workload, rows: usize) {
    let (network, data) = (workload.network::<T>(), workload.data::<T>(rows));
    let mut predictor = network.predictor(rows).expect("a predictor");
    group.bench_function(name, |bencher| {
        bencher.iter(|| network.predict_with(data.inputs(), &mut predictor).expect("outputs").data()[0]);
    });
}

fn training_step(criterion: &mut Criterion) {
    for workload in Workload::all() {
        let mut group = criterion.benchmark_group(workload.name);
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
        group.throughput(Throughput::Elements(workload.batch as u64));
        let (one, two) = (pool(1), pool(2));
        one.install(|| train::<f32>(&mut group, "train/f32/1 thread", &workload, None));
        one.install(|| train::<f32>(&mut group, "train/f32/1 thread, watched", &workload, Some(Monitor::new())));
        two.install(|| train::<f32>(&mut group, "train/f32/2 threads", &workload, None));
        one.install(|| train::<f64>(&mut group, "train/f64/1 thread", &workload, None));
        two.install(|| train::<f64>(&mut group, "train/f64/2 threads", &workload, None));
        one.install(|| infer::<f32>(&mut group, "infer/f32/1 thread", &workload, workload.batch));
        two.install(|| infer::<f32>(&mut group, "infer/f32/2 threads", &workload, workload.batch));
        one.install(|| infer::<f64>(&mut group, "infer/f64/1 thread", &workload, workload.batch));
        group.throughput(Throughput::Elements(1));
        one.install(|| infer::<f32>(&mut group, "infer/f32/one row", &workload, 1));
        group.finish();
    }
}

criterion_group!(benches, training_step);
criterion_main!(benches);
