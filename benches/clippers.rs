//! Clippers on a million gradients, with a limit that they exceed and with one that they do not; and every clipper on fifty million, far
//! beyond every cache, beside what memory itself takes for as many reads and writes.
//!
//! A clipper changes the gradients, so every run on a million starts from a copy; what the copy costs, `copy` says.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::*;

fn clippers(criterion: &mut Criterion) {
    // Four layers of 500 x 500.
    let builder = (0..4).fold(Network::<f32>::builder(500), |builder, _| builder.layer(Linear::without_bias(500)));
    let network = builder.build().expect("a network");
    let (layout, weights) = (network.layout(), network.parameters());
    let given: Vec<f32> = (0..layout.len()).map(|at| (at as f32 * 0.37).sin()).collect();
    let mut values = given.clone();
    let mut group = criterion.benchmark_group("clippers");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(20);
    group.throughput(Throughput::Elements(given.len() as u64));
    group.bench_function("copy", |bencher| bencher.iter(|| black_box(&mut values).copy_from_slice(&given)));
    for (kind, factor) in [("clipping", 0.5), ("not_clipping", 2.0)] {
        let limit = |limit: f64| limit * factor;
        // The gradients have a size of 1 / sqrt(2) and entries up to 1.
        let all: [(&str, Box<dyn GradientClipper<f32>>); 3] = [
            ("by_value", Box::new(ByValue::new(limit(1.0)).expect("a limit"))),
            ("per_layer", Box::new(PerLayerNorm::new(limit(500.0 * 0.5_f64.sqrt())).expect("a limit"))),
            ("global_norm", Box::new(GlobalNorm::new(limit(1000.0 * 0.5_f64.sqrt())).expect("a limit"))),
        ];
        for (name, mut clipper) in all {
            group.bench_function(format!("{name}/{kind}"), |bencher| {
                bencher.iter(|| {
                    values.copy_from_slice(&given);
                    let mut gradients = Gradients::new(layout, weights, &mut values).expect("one size");
                    let clipped = clipper.clip(black_box(&mut gradients));
                    assert_eq!(clipped.touched > 0, kind == "clipping");
                    clipped.norm_after
                });
            });
        }
    }
    group.finish();
}

/// Not clipping should take one read, clipping by one factor two reads and a write; folded into an update, clipping should add nothing.
fn fifty_million(criterion: &mut Criterion) {
    let builder = Network::<f32>::builder(5000).layer(Linear::without_bias(5000)).layer(Linear::without_bias(5000));
    let network = builder.weights(Zeros).build().expect("a network");
    let (layout, mut weights) = (network.layout(), network.parameters().to_vec());
    let mut values: Vec<f32> = (0..layout.len()).map(|at| (at as f32 * 0.37).sin()).collect();
    let mut group = criterion.benchmark_group("fifty_million");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3)).sample_size(10);
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("one read", |bencher| bencher.iter(|| sum(black_box(&values))));
    group.bench_function("two reads and one write", |bencher| {
        bencher.iter(|| {
            let sum = sum(black_box(&values));
            // As good as one, and unknown to the compiler.
            let factor = black_box(1.0_f32 - 1e-7 * sum.signum());
            values.iter_mut().for_each(|value| *value *= factor);
        });
    });
    // The gradients have a size of 1 / sqrt(2).
    let mut beyond = GlobalNorm::new(1.1 * (layout.len() as f64 / 2.0).sqrt()).expect("a limit");
    group.bench_function("global_norm/not_clipping", |bencher| {
        bencher.iter(|| {
            let mut gradients = Gradients::new(layout, &weights, &mut values).expect("one size");
            assert_eq!(beyond.clip(black_box(&mut gradients)).touched, 0);
        });
    });
    // Limits that the gradients exceed, every time anew: what they and the clipper were before is put back while nobody looks at the clock. What a
    // clipper leaves to the update is applied here.
    let given = values.clone();
    for (name, mut clipper) in every_clipper(layout.len()) {
        let memory = clipper.memory();
        group.bench_function(format!("{name}/clipping"), |bencher| {
            bencher.iter_custom(|count| {
                let mut taken = Duration::ZERO;
                for _ in 0..count {
                    values.copy_from_slice(&given);
                    clipper.restore(&memory).expect("its own memory");
                    let start = Instant::now();
                    let mut gradients = Gradients::new(layout, &weights, &mut values).expect("one size");
                    let mut clipped = clipper.clip(black_box(&mut gradients));
                    clipped.settle(&mut values);
                    taken += start.elapsed();
                    assert!(clipped.touched > 0, "{name} has not clipped");
                }
                taken
            });
        });
    }
    values.copy_from_slice(&given);
    let optimizer = Sgd::new(1e-9).expect("a rate");
    for (name, scale) in [("update", 1.0), ("update/clipping", 0.5)] {
        let mut norms = [0.0; 2];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (weights, gradients) = (&mut weights[..], &values[..]);
                let norms = &mut norms;
                optimizer.update(Update {
                    layout,
                    weights,
                    gradients,
                    slots: &mut [],
                    step: 1,
                    rate: 1e-9,
                    scale,
                    norms,
                });
            });
        });
    }
    group.finish();
}

/// Every clipper, with a limit that so many gradients of two square layers exceed: they have a size of 1 / sqrt(2), and entries up to 1.
fn every_clipper(len: usize) -> [(&'static str, Box<dyn GradientClipper<f32>>); 11] {
    let count = len as f64;
    let norm = (count / 2.0).sqrt();
    let order = |p: f64, norm: f64| GlobalNorm::new(0.9 * norm).and_then(|clipper| clipper.order(p)).expect("a limit");
    // Norms half as large were seen before, so that this one stands out.
    let mut percentile = PercentileNorm::new(10.0).expect("a percentile");
    GradientClipper::<f32>::restore(&mut percentile, &[0.5 * norm; 100]).expect("norms");
    let mut z_score = ZScoreNorm::new(2.5).expect("a threshold");
    GradientClipper::<f32>::restore(&mut z_score, &[25.0, 0.5 * norm, 0.01 * norm]).expect("norms");
    // Of weights that are 0 the least size counts, 1e-3; a unit's gradient has one of 50.
    let adaptive = || AdaptiveNorm::new(1e3).expect("a share");
    let global = || GlobalNorm::new(0.9 * norm).expect("a limit");
    [
        ("by_value", Box::new(ByValue::new(0.9).expect("a limit"))),
        ("per_layer", Box::new(PerLayerNorm::new(0.9 * norm / 2.0_f64.sqrt()).expect("a limit"))),
        ("global_norm", Box::new(global())),
        ("order 1", Box::new(order(1.0, count * std::f64::consts::FRAC_2_PI))),
        ("order 3", Box::new(order(3.0, (count * 0.424_413).cbrt()))),
        ("order infinity", Box::new(order(f64::INFINITY, 1.0))),
        ("block_rms", Box::new(BlockRms::new(0.6).expect("a limit"))),
        ("adaptive_norm", Box::new(adaptive())),
        ("percentile_norm", Box::new(percentile)),
        ("z_score_norm", Box::new(z_score)),
        ("chain", Box::new(Chain::new().then(adaptive()).then(GlobalNorm::new(10.0).expect("a limit")))),
    ]
}

/// One read, in as many sums as hide their latency.
fn sum(values: &[f32]) -> f32 {
    let mut sums = [0.0; 64];
    for block in values.as_chunks::<64>().0 {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum()
}

criterion_group!(benches, clippers, fifty_million);
criterion_main!(benches);
