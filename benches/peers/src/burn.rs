//! burn's step: its modules and optimizers on the pure-Rust CPU backend, with autodiff.

use std::hint::black_box;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use crate::workload::{Hidden, Step, Update, Workload};

#[derive(Module, Debug)]
struct Net {
    convolutions: Vec<Conv2d>,
    layers: Vec<Linear>,
}

impl Net {
    fn forward(&self, mut x: Tensor<2>, hidden: Hidden) -> Tensor<2> {
        if hidden == Hidden::Convolutions {
            let mut images = x.reshape([-1, 1, 28, 28]);
            let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
            for convolution in &self.convolutions {
                images = pool.forward(activation::relu(convolution.forward(images)));
            }
            x = images.flatten(1, 3);
        }
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if at + 1 < self.layers.len() {
                x = if hidden == Hidden::Tanh { activation::tanh(x) } else { activation::relu(x) };
            }
        }
        x
    }
}

pub fn step(workload: &Workload) -> Step {
    let device = Device::flex().autodiff();
    let linear = |pair: &[usize]| {
        LinearConfig::new(pair[0], pair[1]).with_initializer(Initializer::XavierUniform { gain: 1.0 }).init(&device)
    };
    let convolution = |channels| {
        Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(&device)
    };
    let mut widths = workload.widths.clone();
    let mut convolutions = Vec::new();
    if workload.hidden == Hidden::Convolutions {
        widths[0] = 7 * 7 * 32;
        convolutions = vec![convolution([1, 16]), convolution([16, 32])];
    }
    let mut model = Some(Net { convolutions, layers: widths.windows(2).map(linear).collect() });
    let mut optimizer: ModuleOptimizer = match workload.update {
        Update::Sgd => SgdConfig::new().init(),
        Update::Momentum(momentum) => {
            let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0);
            SgdConfig::new().with_momentum(Some(momentum)).init()
        }
        Update::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
    };
    let shape = [workload.batch, workload.n_in()];
    let inputs = Tensor::<2>::from_data(TensorData::new(workload.inputs(), shape), &device);
    let classes = workload.classes().into_iter().map(|class| class as i64).collect::<Vec<_>>();
    let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [workload.batch]), &device);
    let loss = CrossEntropyLossConfig::new().init(&device);
    let (hidden, clip, rate) = (workload.hidden, workload.clip, workload.rate());

    Box::new(move || {
        let trained = model.take().expect("put back after each step");
        let value = loss.forward(trained.forward(inputs.clone(), hidden), classes.clone());
        let mut gradients = GradientsParams::from_grads(value.backward(), &trained);
        if let Some(limit) = clip {
            black_box(clip_and_read(&mut gradients, &trained, limit));
        }
        model = Some(optimizer.step(rate, trained, gradients));
        f64::from(value.into_scalar::<f32>())
    })
}

/// Reads the norm of every layer's gradient, and scales all where their common norm is beyond the limit: burn's own clipping takes
/// each parameter for itself.
fn clip_and_read(gradients: &mut GradientsParams, model: &Net, limit: f64) -> Vec<f64> {
    let mut squares = Vec::with_capacity(model.layers.len());
    for layer in &model.layers {
        let bias = layer.bias.as_ref().expect("a bias");
        let weight = square(gradients.get::<2>(layer.weight.id));
        squares.push(weight + square(gradients.get::<1>(bias.id)));
    }
    let norm = squares.iter().sum::<f64>().sqrt();
    if norm > limit {
        for layer in &model.layers {
            let bias = layer.bias.as_ref().expect("a bias");
            let scaled = gradients.remove::<2>(layer.weight.id).expect("a gradient").mul_scalar(limit / norm);
            gradients.register(layer.weight.id, scaled);
            let scaled = gradients.remove::<1>(bias.id).expect("a gradient").mul_scalar(limit / norm);
            gradients.register(bias.id, scaled);
        }
    }
    squares.into_iter().map(f64::sqrt).collect()
}

fn square<const D: usize>(gradient: Option<Tensor<D>>) -> f64 {
    f64::from(gradient.expect("a gradient").square().sum().into_scalar::<f32>())
}
