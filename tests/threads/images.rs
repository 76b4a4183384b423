//! Convolutions and pools.

use evenkeel::*;

use super::{leaves_the_same, one_at_a_time};

/// Convolutions of every kind, and pools, so large that all of them are shared.
fn convolutional() -> Network<f32> {
    let first = Conv2d::new((20, 20, 8), 24, 3).padding(Padding::Same);
    let pool = MaxPool2d::new(first.output_shape().unwrap(), 2);
    let each = Conv2d::new(pool.output_shape().unwrap(), 24, 3).groups(24).padding(Padding::Same);
    let mixed = Conv2d::new(each.output_shape().unwrap(), 32, 1);
    let strided = Conv2d::new(mixed.output_shape().unwrap(), 32, 3).stride(2).padding(Padding::Same);
    let grouped = Conv2d::new(strided.output_shape().unwrap(), 32, 3).groups(2);
    let mean = AveragePool2d::global(grouped.output_shape().unwrap());
    let builder = Network::builder(20 * 20 * 8).layer(first).layer(Relu).layer(pool).layer(each).layer(mixed);
    builder.layer(Relu).layer(strided).layer(grouped).layer(mean).layer(Linear::new(10)).seed(3).build().unwrap()
}

/// What three steps leave.
fn run() -> Vec<u32> {
    let inputs = (0..37 * 3200).map(|at| (at as f32 * 0.37).sin()).collect();
    let data = Dataset::classes(inputs, 3200, (0..37).map(|row| row * 7 % 10).collect()).unwrap();
    let builder = Trainer::builder(convolutional(), SoftmaxCrossEntropy::new(), Sgd::new(0.05).unwrap());
    let mut trainer = builder.batch(37).build().unwrap();
    for _ in 0..3 {
        trainer.step(&data).unwrap();
    }
    let outputs = trainer.network().predict(data.inputs()).unwrap();
    trainer.network().parameters().iter().chain(&outputs).map(|x| x.to_bits()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let _running = one_at_a_time();
    leaves_the_same(run);
}
