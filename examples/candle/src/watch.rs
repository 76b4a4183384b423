//! What stands between a training loop of candle's and a monitor: numbers are shown where they lie, as slices.

use candle_core::backprop::GradStore;
use candle_core::{Storage, Tensor};
use evenkeel::{Activation, ActivationId, Bounds, Monitor, Param, ParameterId, Rows, StabilityReport, Tanh};

use crate::Failure;
use crate::network::Network;

/// A monitor, and the names it knows a network's parts by.
pub struct Watch {
    monitor: Monitor,
    parameters: Vec<ParameterId>,
    outputs: Vec<ActivationId>,
    /// The rows on which outputs are looked at: the same every time.
    probe: Tensor,
    /// The parameters before the update, on a step that is looked at in full.
    before: Vec<Vec<f32>>,
}

impl Watch {
    /// Registers every layer from input to output, and shows the numbers it starts with.
    pub fn new(network: &Network, probe: Tensor) -> Result<Self, Failure> {
        let mut monitor = Monitor::new();
        let (mut parameters, mut outputs) = (Vec::new(), Vec::new());
        for (at, layer) in network.layers.iter().enumerate() {
            let (n_out, n_in) = layer.weight().dims2()?;
            let name = format!("layer {at}");
            for (param, variable) in
                [Param::weight_by_rows(n_in, n_out), Param::bias(n_out)].iter().zip(&network.variables[2 * at..])
            {
                let id = monitor.watch_parameter(&name, param);
                shown(variable, |numbers| monitor.initial(id, numbers))?;
                parameters.push(id);
            }
            let squashed = at + 1 < network.layers.len();
            outputs.push(monitor.watch_activation(&name, n_out, if squashed { Tanh.bounds() } else { Bounds::NONE }));
        }
        Ok(Self { monitor, parameters, outputs, probe, before: Vec::new() })
    }

    /// Before the forward pass.
    pub fn begin(&mut self, step: u64, network: &Network) -> Result<(), Failure> {
        self.monitor.begin(step);
        self.before.clear();
        if self.monitor.looking() {
            for (&id, output) in self.outputs.iter().zip(network.outputs(&self.probe)?) {
                let width = output.dim(1)?;
                shown(&output, |numbers| self.monitor.activations(id, Rows::new(numbers, width)?))?;
            }
            for variable in &network.variables {
                self.before.push(variable.flatten_all()?.to_vec1()?);
            }
        }
        Ok(())
    }

    /// After the backward pass. The last layer comes first: what is not finite spoils the gradients of all layers before it.
    pub fn gradients(&mut self, network: &Network, gradients: &GradStore) -> Result<(), Failure> {
        for (&id, variable) in self.parameters.iter().zip(&network.variables).rev() {
            if let Some(gradient) = gradients.get(variable) {
                shown(gradient, |numbers| self.monitor.gradient(id, numbers))?;
            }
        }
        Ok(())
    }

    /// After the update.
    pub fn end(&mut self, network: &Network, loss: f64) -> Result<(), Failure> {
        for ((&id, variable), before) in self.parameters.iter().zip(&network.variables).zip(&self.before) {
            shown(variable, |after| self.monitor.updated(id, before, after))?;
        }
        self.monitor.end(loss);
        Ok(())
    }

    /// What was seen, and what it means.
    pub fn report(&self) -> StabilityReport {
        self.monitor.report()
    }
}

/// Shows the numbers of a tensor, row by row; they are copied only where they do not lie so, as the gradients of candle's weights do not.
fn shown(tensor: &Tensor, look: impl FnOnce(&[f32]) -> Result<(), evenkeel::Error>) -> Result<(), Failure> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(numbers), Some((from, to))) => Ok(look(&numbers.as_slice::<f32>()?[from..to])?),
        _ => Err("the numbers are not in the memory of the processor".into()),
    }
}
