//! Dense layers, activations, clippers, optimizers, and the global pool.

use evenkeel::*;

use super::{leaves_the_same, one_at_a_time};

/// Wide enough that products, activations, norms and updates are all shared.
fn trainer(optimizer: impl Optimizer<f32> + 'static) -> Trainer<f32> {
    let network = Network::builder(300)
        .layer(Linear::new(400))
        .layer(Tanh)
        .layer(Linear::new(350))
        .layer(Relu)
        .layer(Residual::new().layer(Dropout::new(0.2).unwrap()).layer(Linear::new(350)).learned_scale(0.5).unwrap())
        .layer(Linear::new(10))
        .seed(5)
        .build()
        .unwrap();
    let builder = Trainer::builder(network, SoftmaxCrossEntropy::new(), optimizer).batch(129);
    builder.clip(GlobalNorm::new(0.5).unwrap()).watch(Monitor::new().period(2).unwrap()).build().unwrap()
}

fn data() -> Dataset<f32> {
    let inputs = (0..500 * 300).map(|at| (at as f32 * 0.37).sin()).collect();
    Dataset::classes(inputs, 300, (0..500).map(|row| row * 7 % 10).collect()).unwrap()
}

/// What is left of five steps: parameters and outputs, losses and norms.
fn run(optimizer: impl Optimizer<f32> + 'static) -> (Vec<u32>, Vec<u64>) {
    let (data, mut trainer) = (data(), trainer(optimizer));
    let mut numbers = Vec::new();
    for _ in 0..5 {
        let outcome = trainer.step(&data).unwrap();
        numbers.extend([outcome.loss.to_bits(), outcome.clipped.norm_before.to_bits()]);
    }
    let outputs = trainer.network().predict(data.inputs()).unwrap();
    let bits = trainer.network().parameters().iter().chain(&outputs).map(|x| x.to_bits()).collect();
    let report = trainer.report().unwrap();
    numbers.extend(report.layers.iter().filter_map(|layer| layer.update_ratio.now()).map(f64::to_bits));
    (bits, numbers)
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let _running = one_at_a_time();
    leaves_the_same(|| run(Adam::new(1e-3).unwrap()));
    let sgd = || run(Sgd::new(0.05).unwrap().momentum(0.9).unwrap().weight_decay(1e-4).unwrap());
    // And in the global pool, which is entered from outside.
    assert!(leaves_the_same(sgd) == sgd(), "the global pool leaves other bits than one thread");
}
