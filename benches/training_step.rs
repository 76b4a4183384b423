//! Training steps and predictions of six networks: in f32 and f64, on one and two threads, unwatched and watched.
//!
//! A step of `Trainer`: gather the rows, forward, loss, backward, clip, update; the watched one looks closely every 50th time. Here the
//! rows are always the same ones.

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{Workload, pool};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use evenkeel::*;
use rayon::ThreadPool;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Measures `work` inside of the pool, so that what is measured does not include the way in.
fn measure(group: &mut Group<'_>, name: &str, pool: &ThreadPool, mut work: impl FnMut() + Send) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            pool.install(|| {
                let start = Instant::now();
                (0..times).for_each(|_| work());
                start.elapsed()
            })
        });
    });
}

fn train<T: Float>(group: &mut Group<'_>, name: &str, pool: &ThreadPool, workload: &Workload, watch: bool) {
    let builder = workload.trainer::<T>();
    let builder = if watch { builder.watch(Monitor::new()) } else { builder };
    let (mut trainer, data) = (builder.build().expect("a trainer"), workload.data(workload.batch));
    measure(group, name, pool, || _ = trainer.step(&data).expect("a step"));
}

fn infer<T: Float>(group: &mut Group<'_>, name: &str, pool: &ThreadPool, workload: &Workload, rows: usize) {
    let (network, data) = (workload.network::<T>(), workload.data::<T>(rows));
    let mut predictor = network.predictor(rows).expect("a predictor");
    measure(group, name, pool, || {
        _ = black_box(network.predict_with(black_box(data.inputs()), &mut predictor).expect("outputs"));
    });
}

fn training_step(criterion: &mut Criterion) {
    let (one, two) = (&pool(1), &pool(2));
    for workload in &Workload::all() {
        let mut group = criterion.benchmark_group(workload.name);
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
        group.throughput(Throughput::Elements(workload.batch as u64));
        train::<f32>(&mut group, "train/f32/1 thread", one, workload, false);
        train::<f32>(&mut group, "train/f32/1 thread, watched", one, workload, true);
        train::<f32>(&mut group, "train/f32/2 threads", two, workload, false);
        train::<f64>(&mut group, "train/f64/1 thread", one, workload, false);
        train::<f64>(&mut group, "train/f64/2 threads", two, workload, false);
        infer::<f32>(&mut group, "infer/f32/1 thread", one, workload, workload.batch);
        infer::<f32>(&mut group, "infer/f32/2 threads", two, workload, workload.batch);
        infer::<f64>(&mut group, "infer/f64/1 thread", one, workload, workload.batch);
        group.throughput(Throughput::Elements(1));
        infer::<f32>(&mut group, "infer/f32/one row", one, workload, 1);
        group.finish();
    }
}

criterion_group!(benches, training_step);
criterion_main!(benches);
