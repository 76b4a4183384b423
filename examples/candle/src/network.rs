//! A multilayer perceptron of candle's, drawn from evenkeel's initializers: candle itself has no Xavier, and its CPU no seed.

use candle_core::{Device, Module, Result, Tensor, Var};
use candle_nn::Linear;
use evenkeel::{Error, Generator, Initializer, Param};

use crate::Failure;

/// Linear layers with a tanh between each two.
pub struct Network {
    pub layers: Vec<Linear>,
    /// What is trained: the weight and the bias of each layer in turn.
    pub variables: Vec<Var>,
}

impl Network {
    /// One of these widths, from the inputs to the outputs.
    pub fn new(widths: &[usize], initializer: &dyn Initializer<f32>, seed: u64) -> std::result::Result<Self, Failure> {
        let (mut layers, mut variables) = (Vec::new(), Vec::new());
        for (at, pair) in widths.windows(2).enumerate() {
            let weight = draw(&Param::weight_by_rows(pair[0], pair[1]), initializer, seed, at)?;
            let weight = Var::from_vec(weight, (pair[1], pair[0]), &Device::Cpu)?;
            let bias = Var::from_vec(vec![0.0_f32; pair[1]], pair[1], &Device::Cpu)?;
            layers.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
            variables.extend([weight, bias]);
        }
        Ok(Self { layers, variables })
    }

    /// The outputs of all layers, tanh included where there is one.
    pub fn outputs(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let mut outputs: Vec<Tensor> = Vec::with_capacity(self.layers.len());
        for (at, layer) in self.layers.iter().enumerate() {
            let y = layer.forward(outputs.last().unwrap_or(x))?;
            outputs.push(if at + 1 < self.layers.len() { y.tanh()? } else { y });
        }
        Ok(outputs)
    }
}

fn draw(
    param: &Param,
    initializer: &dyn Initializer<f32>,
    seed: u64,
    layer: usize,
) -> std::result::Result<Vec<f32>, Error> {
    let mut numbers = vec![0.0; param.rows * param.cols];
    initializer.fill(param, &mut numbers, &mut Generator::numbered(seed, "weight", layer as u64))?;
    Ok(numbers)
}
