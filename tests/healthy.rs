//! Networks that learn get no finding: each activation, depths 1 to 20, several optimizers, classification and regression.
//!
//! Whether a network learns is decided by its own score, before its report is looked at.

use super::common;

use std::ops::ControlFlow;

use common::{digits, waves};
use evenkeel::schedule::{Cosine, Warmup};
use evenkeel::*;

/// A stack of equal hidden layers of one activation.
fn stack(widths: &[usize], activation: impl Fn() -> Box<dyn Layer<f32>>, n_in: usize, n_out: usize) -> Network<f32> {
    let mut network = Network::builder(n_in).seed(5);
    for &width in widths {
        network = network.layer(Linear::new(width)).boxed(activation());
    }
    network.layer(Linear::new(n_out)).build().unwrap()
}

/// Trains, asserts that it learned, and then that nothing was found.
fn learns_in_peace(name: &str, mut trainer: Trainer<f32>, train: &Dataset<f32>, test: &Dataset<f32>) {
    trainer.fit(train, None, |_| ControlFlow::Continue(())).unwrap();
    let result = trainer.evaluate(test).unwrap();
    match result.accuracy {
        Some(accuracy) => assert!(accuracy > 0.85, "{name} reached only {accuracy}"),
        // The targets have variance 1.
        None => assert!(result.loss < 0.3, "{name} is left with a loss of {}", result.loss),
    }
    let report = trainer.report().unwrap();
    assert!(report.findings.is_empty(), "{name}:\n{report}");
}

fn classifier(
    name: &str,
    widths: &[usize],
    activation: impl Fn() -> Box<dyn Layer<f32>>,
    optimizer: impl Optimizer<f32> + 'static,
) {
    let (train, test) = digits();
    let network = stack(widths, activation, 64, 10);
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), optimizer).epochs(15).watch(Monitor::new());
    learns_in_peace(name, trainer.build().unwrap(), &train, &test);
}

fn regressor(
    name: &str,
    widths: &[usize],
    activation: impl Fn() -> Box<dyn Layer<f32>>,
    loss: impl Loss<f32> + 'static,
    optimizer: impl Optimizer<f32> + 'static,
) {
    let (train, test) = waves();
    let network = stack(widths, activation, 3, 1);
    let trainer = Trainer::builder(network, loss, optimizer).epochs(40).watch(Monitor::new());
    learns_in_peace(name, trainer.build().unwrap(), &train, &test);
}

fn boxed(layer: impl Layer<f32> + 'static) -> Box<dyn Layer<f32>> {
    Box::new(layer)
}

fn adam(rate: f64) -> Adam {
    Adam::new(rate).unwrap()
}

fn sgd(rate: f64) -> Sgd {
    Sgd::new(rate).unwrap()
}

#[test]
fn every_activation_classifies() {
    classifier("identity", &[32], || boxed(Identity), sgd(0.2));
    classifier("relu", &[128, 64], || boxed(Relu), adam(0.002));
    classifier("leaky relu", &[64, 64, 64], || boxed(LeakyRelu::default()), sgd(0.1));
    classifier("elu", &[64, 64], || boxed(Elu::default()), adam(0.002));
    classifier("selu", &[64, 64, 64], || boxed(Selu), sgd(0.05));
    classifier("gelu", &[64, 64], || boxed(Gelu), adam(0.002));
    classifier("silu", &[64, 64], || boxed(Silu), adam(0.005));
    classifier("mish", &[64, 64], || boxed(Mish), sgd(0.1));
    classifier("tanh", &[64, 64], || boxed(Tanh), sgd(0.2));
    classifier("sigmoid", &[64], || boxed(Sigmoid), adam(0.01));
    classifier("hard sigmoid", &[64], || boxed(HardSigmoid), adam(0.01));
    classifier("softplus", &[64], || boxed(Softplus), adam(0.005));
    classifier("softsign", &[64, 32], || boxed(Softsign), sgd(0.5));
    classifier("exponential", &[32], || boxed(Exponential), adam(0.002));
}

#[test]
fn deep_networks_classify() {
    classifier("10 tanh", &[64; 10], || boxed(Tanh), sgd(0.05));
    classifier("20 tanh", &[64; 20], || boxed(Tanh), adam(0.001));
    classifier("10 relu", &[64; 10], || boxed(Relu), adam(0.001));
    classifier("20 relu", &[64; 20], || boxed(Relu), adam(0.0005));
    classifier("20 leaky relu", &[48; 20], || boxed(LeakyRelu::new(0.2).unwrap()), adam(0.0005));
    classifier("20 selu", &[64; 20], || boxed(Selu), adam(0.0005));
    classifier("3 sigmoid", &[64; 3], || boxed(Sigmoid), adam(0.01));
}

#[test]
fn every_activation_regresses() {
    let squared = MeanSquared::new;
    regressor("relu", &[64, 64], || boxed(Relu), squared(), adam(0.005));
    regressor("tanh", &[32, 32], || boxed(Tanh), squared(), sgd(0.1).momentum(0.9).unwrap());
    regressor("gelu", &[64], || boxed(Gelu), squared(), adam(0.01));
    regressor("silu", &[32, 32], || boxed(Silu), Huber::new(1.0).unwrap(), adam(0.01));
    regressor("elu", &[32, 32], || boxed(Elu::default()), MeanAbsolute::new(), adam(0.01));
    regressor("softsign", &[64], || boxed(Softsign), squared(), adam(0.02));
    regressor("softplus", &[64, 64], || boxed(Softplus), squared(), adam(0.01));
    regressor("sigmoid", &[64], || boxed(Sigmoid), squared(), adam(0.05));
    regressor("mish", &[64, 64, 64], || boxed(Mish), squared(), AdamW::new(0.005, 0.01).unwrap());
    regressor("8 relu", &[64; 8], || boxed(Relu), squared(), adam(0.002));
    regressor("12 tanh", &[48; 12], || boxed(Tanh), squared(), adam(0.002));
}

#[test]
fn what_only_looks_like_trouble() {
    let (train, test) = digits();
    let relu = |widths: &[usize]| stack(widths, || boxed(Relu), 64, 10);
    let trainer = |network| Trainer::builder(network, SoftmaxCrossEntropy::new(), adam(0.005)).watch(Monitor::new());

    // Trained until nothing is left of the loss: tiny gradients are what one wants.
    let finished = trainer(relu(&[64])).epochs(100).build().unwrap();
    learns_in_peace("finished", finished, &train, &test);

    // Single rows and a last layer that starts at zero: losses and first gradients of every size.
    let mut network = Network::builder(64).seed(3).layer(Linear::new(64)).layer(Relu);
    network = network.layer(Linear::new(10).weights(Zeros));
    let jagged = Trainer::builder(network.build().unwrap(), SoftmaxCrossEntropy::new(), sgd(0.02)).batch(1).epochs(4);
    learns_in_peace("single rows", jagged.watch(Monitor::new()).build().unwrap(), &train, &test);

    // Clipped in most steps, at a high rate that rises and falls.
    let schedule = Warmup::new(50, Cosine::new(600).unwrap()).unwrap();
    let clipped = trainer(relu(&[64, 64])).clip(GlobalNorm::new(0.5).unwrap()).schedule(schedule).epochs(15);
    learns_in_peace("clipped", clipped.build().unwrap(), &train, &test);

    // Decayed weights and smoothed labels: the loss stays far above zero.
    let smooth = SoftmaxCrossEntropy::new().smoothing(0.2).unwrap();
    let decayed = Trainer::builder(relu(&[64]), smooth, AdamW::new(0.005, 0.1).unwrap()).epochs(20);
    learns_in_peace("decayed", decayed.watch(Monitor::new()).build().unwrap(), &train, &test);

    // A regression on one input, so wide that the weights of the first layer have the smallest of all fans.
    let (train, test) = common::parabola();
    let wide = Trainer::builder(stack(&[200], || boxed(Tanh), 1, 1), MeanSquared::new(), adam(0.01)).epochs(60);
    learns_in_peace("wide", wide.watch(Monitor::new()).build().unwrap(), &train, &test);
}
