//! Norms and attention.

use evenkeel::*;

use super::{leaves_the_same, one_at_a_time};

/// Wide enough that statistics, norms and rows of attention are all shared.
fn trainer() -> Trainer<f32> {
    let (steps, width) = (32, 32);
    let network = Network::builder(steps * width)
        .layer(BatchNorm::new())
        .layer(LayerNorm::over(width))
        .layer(MultiHeadAttention::new(width, 4).causal())
        .layer(PerStep::new(width, Linear::new(48)))
        .layer(BatchNorm::channels(48))
        .layer(Tanh)
        .layer(PerStep::new(48, Linear::new(6)))
        .layer(RmsNorm::over(6))
        .layer(BatchNorm::channels(6))
        .layer(MultiHeadAttention::new(6, 2))
        .layer(Linear::new(10))
        .seed(5)
        .build()
        .unwrap();
    Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(1e-3).unwrap()).batch(400).build().unwrap()
}

/// What is left of two steps.
fn run() -> Vec<u32> {
    let inputs = (0..400 * 1024).map(|at| (at as f32 * 0.37).sin()).collect();
    let data = Dataset::classes(inputs, 1024, (0..400).map(|row| row * 7 % 10).collect()).unwrap();
    let mut trainer = trainer();
    for _ in 0..2 {
        trainer.step(&data).unwrap();
    }
    let outputs = trainer.network().predict(data.inputs()).unwrap();
    let network = trainer.network();
    network.parameters().iter().chain(network.state()).chain(&outputs).map(|x| x.to_bits()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let _running = one_at_a_time();
    leaves_the_same(run);
}
