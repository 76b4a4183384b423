//! Every initializer on a weight of 1024 x 1024, and the samplers on ten million numbers.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::*;

fn initializers(criterion: &mut Criterion) {
    let param = Param::weight(1024, 1024);
    let mut weight = vec![0.0_f32; 1024 * 1024];
    let mut group = criterion.benchmark_group("initializers");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(20);
    group.throughput(Throughput::Elements(weight.len() as u64));
    let all: [(&str, Box<dyn Initializer<f32>>); 11] = [
        ("zeros", Box::new(Zeros)),
        ("constant", Box::new(Constant::new(0.5).expect("a number"))),
        ("normal", Box::new(Normal::new(0.0, 0.01).expect("a deviation"))),
        ("uniform", Box::new(Uniform::new(-0.1, 0.1).expect("bounds"))),
        ("xavier_normal", Box::new(Xavier::normal())),
        ("xavier_uniform", Box::new(Xavier::uniform())),
        ("he_normal", Box::new(He::normal())),
        ("lecun_uniform", Box::new(LeCun::uniform())),
        ("truncated_normal", Box::new(TruncatedNormal::new(0.0, 0.02).expect("a deviation"))),
        ("he_truncated", Box::new(He::truncated())),
        ("orthogonal", Box::new(Orthogonal::default())),
    ];
    for (name, initializer) in all {
        let mut generator = Generator::named(1, name);
        group.bench_function(name, |bencher| {
            bencher.iter(|| initializer.fill(&param, black_box(&mut weight), &mut generator));
        });
    }
    group.finish();
}

fn ten_million(criterion: &mut Criterion) {
    let param = Param::bias(10_000_000);
    let mut numbers = vec![0.0_f32; 10_000_000];
    let mut group = criterion.benchmark_group("ten_million");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group.throughput(Throughput::Elements(numbers.len() as u64));
    let all: [(&str, Box<dyn Initializer<f32>>); 3] = [
        ("normal", Box::new(Normal::new(0.0, 1.0).expect("a deviation"))),
        ("uniform", Box::new(Uniform::new(0.0, 1.0).expect("bounds"))),
        ("truncated_normal", Box::new(TruncatedNormal::new(0.0, 1.0).expect("a deviation"))),
    ];
    for (name, initializer) in all {
        let mut generator = Generator::named(1, name);
        group.bench_function(name, |bencher| {
            bencher.iter(|| initializer.fill(&param, black_box(&mut numbers), &mut generator));
        });
    }
    group.finish();
}

criterion_group!(benches, initializers, ten_million);
criterion_main!(benches);
