//! Every clipper on a million gradients, with a limit that they exceed and with one that they do not.
//!
//! A clipper changes the gradients, so every run starts from a copy; what the copy costs, `copy` says.

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

criterion_group!(benches, clippers);
criterion_main!(benches);
