//! candle's step: `candle-nn` layers on variables, its own SGD and AdamW; momentum and clipping, which it has not, by its tensors.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Error, Module, Result, Tensor, Var};
use candle_nn::loss::cross_entropy;
use candle_nn::{AdamW, Conv2d, Conv2dConfig, Linear, Optimizer, ParamsAdamW, SGD, VarBuilder, VarMap, conv2d, linear};

use crate::workload::{Hidden, Step, Update, Workload};

enum Optimizing {
    Sgd(SGD),
    Adam(AdamW),
    Momentum { factor: f64, rate: f64, velocities: Vec<(Var, Option<Tensor>)> },
}

pub fn step(workload: &Workload) -> Result<Step> {
    let device = Device::Cpu;
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let (convolutions, widths) = convolutions(workload, &builder)?;
    let pairs = widths.windows(2).enumerate();
    let layers = pairs
        .map(|(at, pair)| linear(pair[0], pair[1], builder.pp(format!("layer{at}"))))
        .collect::<Result<Vec<_>>>()?;
    let mut optimizing = optimizing(workload, variables.all_vars())?;
    let inputs = Tensor::from_vec(workload.inputs(), (workload.batch, workload.n_in()), &device)?;
    let inputs = if convolutions.is_empty() { inputs } else { inputs.reshape((workload.batch, 1, 28, 28))? };
    let classes = workload.classes().into_iter().map(|class| class as u32).collect::<Vec<_>>();
    let classes = Tensor::new(classes, &device)?;
    let (hidden, clip) = (workload.hidden, workload.clip);

    let mut train = move || -> Result<f64> {
        let mut x = inputs.clone();
        for convolution in &convolutions {
            x = convolution.forward(&x)?.relu()?.max_pool2d(2)?;
        }
        if !convolutions.is_empty() {
            x = x.flatten_from(1)?;
        }
        for (at, layer) in layers.iter().enumerate() {
            x = layer.forward(&x)?;
            if at + 1 < layers.len() {
                x = if hidden == Hidden::Tanh { x.tanh()? } else { x.relu()? };
            }
        }
        let loss = cross_entropy(&x, &classes)?;
        let mut gradients = loss.backward()?;
        if let Some(limit) = clip {
            clip_and_read(&mut gradients, &layers, limit)?;
        }
        optimizing.update(&gradients)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    };
    Ok(Box::new(move || train().expect("a step")))
}

/// The convolutions, and the widths of the layers behind them.
fn convolutions(workload: &Workload, builder: &VarBuilder<'_>) -> Result<(Vec<Conv2d>, Vec<usize>)> {
    let mut widths = workload.widths.clone();
    if workload.hidden != Hidden::Convolutions {
        return Ok((Vec::new(), widths));
    }
    widths[0] = 7 * 7 * 32;
    let same = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
    let (first, second) = (builder.pp("first"), builder.pp("second"));
    Ok((vec![conv2d(1, 16, 3, same, first)?, conv2d(16, 32, 3, same, second)?], widths))
}

fn optimizing(workload: &Workload, variables: Vec<Var>) -> Result<Optimizing> {
    let rate = workload.rate();
    Ok(match workload.update {
        Update::Sgd => Optimizing::Sgd(SGD::new(variables, rate)?),
        Update::Adam => {
            let params = ParamsAdamW { lr: rate, weight_decay: 0.0, ..ParamsAdamW::default() };
            Optimizing::Adam(AdamW::new(variables, params)?)
        }
        Update::Momentum(factor) => {
            let velocities = variables.into_iter().map(|variable| (variable, None)).collect();
            Optimizing::Momentum { factor, rate, velocities }
        }
    })
}

impl Optimizing {
    fn update(&mut self, gradients: &GradStore) -> Result<()> {
        match self {
            Self::Sgd(sgd) => sgd.step(gradients),
            Self::Adam(adam) => adam.step(gradients),
            Self::Momentum { factor, rate, velocities } => {
                for (variable, velocity) in velocities {
                    let gradient = gradient(gradients, variable)?;
                    let next = match velocity {
                        Some(velocity) => (velocity.affine(*factor, 0.0)? + gradient)?,
                        None => gradient.clone(),
                    };
                    variable.set(&(variable.as_tensor() - next.affine(*rate, 0.0)?)?)?;
                    *velocity = Some(next);
                }
                Ok(())
            }
        }
    }
}

/// Reads the norm of every layer's gradient, and scales all where their common norm is beyond the limit.
fn clip_and_read(gradients: &mut GradStore, layers: &[Linear], limit: f64) -> Result<Vec<f64>> {
    let mut squares = Vec::with_capacity(layers.len());
    for layer in layers {
        let mut square = 0.0;
        for parameter in [Some(layer.weight()), layer.bias()].into_iter().flatten() {
            square += f64::from(gradient(gradients, parameter)?.sqr()?.sum_all()?.to_scalar::<f32>()?);
        }
        squares.push(square);
    }
    let norm = squares.iter().sum::<f64>().sqrt();
    if norm > limit {
        for parameter in layers.iter().flat_map(|layer| [Some(layer.weight()), layer.bias()]).flatten() {
            let scaled = gradient(gradients, parameter)?.affine(limit / norm, 0.0)?;
            gradients.insert(parameter, scaled);
        }
    }
    Ok(squares.into_iter().map(f64::sqrt).collect())
}

fn gradient<'a>(gradients: &'a GradStore, parameter: &Tensor) -> Result<&'a Tensor> {
    gradients.get(parameter).ok_or_else(|| Error::Msg("a parameter without a gradient".to_owned()))
}
