//! Clippers on a million gradients, with a limit that they exceed and with one that they do not; and every clipper on fifty million, far
//! beyond every cache, beside what memory itself takes for as many reads and writes.
//!
//! A clipper changes the gradients, so every run on a million starts from a copy; what the copy costs, `copy` says.

use std::hint::black_box;
use std::time::Duration;

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

/// Not clipping should take one read, clipping two reads and a write; folded into an update, clipping should add nothing.
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
    let clip = |values: &mut [f32], share: f64| {
        let mut gradients = Gradients::new(layout, &weights, values).expect("one size");
        // The gradients have a size of 1 / sqrt(2), and clipping is to leave them about what they are.
        let norm = (layout.len() as f64 / 2.0).sqrt();
        GlobalNorm::new(norm * share).expect("a limit").clip(&mut gradients)
    };
    group.bench_function("global_norm/not_clipping", |bencher| {
        bencher.iter(|| assert_eq!(clip(&mut values, 1.1).touched, 0));
    });
    // What the first clipping leaves is just within the limit; the next limit is a little lower.
    let mut share = 1.0;
    group.bench_function("global_norm/clipping", |bencher| {
        bencher.iter(|| {
            share *= 0.999;
            let mut clipped = clip(&mut values, share);
            assert!(clipped.touched > 0);
            clipped.settle(&mut values);
        });
    });
    // Limits that the gradients exceed by little; those that a factor serves apply it as the update would not have to.
    let of_layer = 5000.0 * 0.5_f64.sqrt();
    let order = |p: f64, norm: f64| GlobalNorm::new(0.99 * norm).and_then(|clipper| clipper.order(p)).expect("a limit");
    let count = layout.len() as f64;
    let others: [(&str, Box<dyn GradientClipper<f32>>); 9] = [
        ("by_value", Box::new(ByValue::new(0.99).expect("a limit"))),
        ("per_layer", Box::new(PerLayerNorm::new(0.99 * of_layer).expect("a limit"))),
        ("order 1", Box::new(order(1.0, count * std::f64::consts::FRAC_2_PI))),
        ("order 3", Box::new(order(3.0, (count * 0.424_413).cbrt()))),
        ("order infinity", Box::new(order(f64::INFINITY, 1.0))),
        ("block_rms", Box::new(BlockRms::new(0.7).expect("a limit"))),
        ("adaptive_norm", Box::new(AdaptiveNorm::new(1e3).expect("a share"))),
        ("percentile_norm", Box::new(PercentileNorm::new(10.0).expect("a percentile"))),
        ("z_score_norm", Box::new(ZScoreNorm::new(2.5).expect("a threshold"))),
    ];
    let given = values.clone();
    for (name, mut clipper) in others {
        values.copy_from_slice(&given);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut gradients = Gradients::new(layout, &weights, &mut values).expect("one size");
                clipper.clip(black_box(&mut gradients)).norm_after
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
