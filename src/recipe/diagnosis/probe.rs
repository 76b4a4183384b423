//! `Probe`: what a network makes of some rows, layer by layer, forwards and backwards.

use crate::recipe::leaves::leaves;
use crate::recipe::{Column, LayerKind, Prepared, Recipe};
use crate::{Bounds, Error, Mode, Network, Role, Rows, Slot, Targets};

/// How many rows of the training data are looked at, evenly spaced: enough for a spread to be known to 1 / sqrt(2 * 256), 4 %.
const ROWS: usize = 256;

/// An output is at a flat end within this share of the range from it: there the slope of tanh is below 0.04.
const FLAT: f64 = 0.01;

/// What a network makes of the probe rows.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// From input to output.
    pub(super) layers: Vec<LayerProbe>,
    /// The weights of every layer, also of those inside others.
    pub(super) weights: Vec<WeightProbe>,
}

/// Some weights of one layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightProbe {
    /// The root mean square, times the square root of the number of inputs: 1 keeps the second moment of a linear layer.
    pub(super) gain: f64,
    /// Whether a normalization behind them makes their size of no matter.
    normalized: bool,
    /// Through how many steps they carry a state, where they do.
    pub(super) steps: Option<usize>,
}

/// What one layer makes of them.
#[derive(Debug, Clone)]
pub(super) struct LayerProbe {
    pub(super) name: String,
    /// How much an output differs from row to row: the root of the mean, over units, of the variance over rows.
    pub(super) spread: f64,
    /// The share of its outputs at a flat end, where it has such ends.
    pub(super) flat: f64,
    /// The share of its outputs that are the same for every row.
    pub(super) still: f64,
    /// The norm of the gradient of its parameters; `None` where it has none.
    pub(super) gradient: Option<f64>,
    /// The norm of the gradient of its biases.
    pub(super) bias_gradient: Option<f64>,
    /// The root of the mean square of its weights.
    pub(super) weight: Option<f64>,
}

impl Probe {
    pub(super) fn of(recipe: &Recipe, network: &Network<f32>, data: &Prepared) -> Result<Self, Error> {
        let set = data.train();
        let count = set.rows().min(ROWS);
        let spaced: Vec<usize> = (0..count).map(|at| at * set.rows() / count).collect();
        let set = set.select(&spaced)?;
        let mut workspace = network.workspace(count)?;
        network.forward(set.inputs(), Mode::Infer, &mut workspace)?;
        let mut layers = Vec::new();
        for (name, layer) in network.layer_names().iter().zip(network.layers()) {
            layers.push(LayerProbe::seen(name, workspace.activation(name)?, layer.bounds()));
        }
        let gradients = gradient_norms(recipe, network, set.inputs(), set.targets(), &mut workspace);
        for (at, slot) in network.layout().slots().iter().enumerate() {
            let layer = &mut layers[slot.layer];
            let norm = gradients.get(at).copied().unwrap_or(f64::NAN);
            layer.gradient = Some(layer.gradient.unwrap_or(0.0).hypot(norm));
            if slot.param.role == Role::Bias {
                layer.bias_gradient = Some(layer.bias_gradient.unwrap_or(0.0).hypot(norm));
            }
            if slot.param.role == Role::Weight {
                layer.weight = Some(root_mean_square(network, slot));
            }
        }
        Ok(Self { layers, weights: weights(recipe, network) })
    }

    /// The layers with weights, from input to output.
    pub(super) fn trained(&self) -> impl DoubleEndedIterator<Item = &LayerProbe> {
        self.layers.iter().filter(|layer| layer.gradient.is_some())
    }

    /// The gain of the weights of each layer, from input to output, but for those behind which it does not matter.
    pub(super) fn gains(&self) -> impl Iterator<Item = f64> {
        self.weights.iter().filter(|weight| !weight.normalized).map(|weight| weight.gain)
    }
}

fn root_mean_square(network: &Network<f32>, slot: &Slot) -> f64 {
    let weights = &network.parameters()[slot.range.clone()];
    let squares: f64 = weights.iter().map(|w| f64::from(*w).powi(2)).sum();
    (squares / weights.len() as f64).sqrt()
}

/// The weights of every layer, in the order of the signal: parameters of one layer have all of their name in common but its last part.
fn weights(recipe: &Recipe, network: &Network<f32>) -> Vec<WeightProbe> {
    let leaves = leaves(&recipe.layers);
    let mut owners = (0..leaves.len()).filter(|&at| leaves[at].is_weighted());
    let (mut owner, mut known) = (None, "");
    let mut found = Vec::new();
    for slot in network.layout().slots().iter().filter(|slot| slot.param.role == Role::Weight) {
        let (of, name) = slot.param.name.rsplit_once('.').unwrap_or(("", &slot.param.name));
        if of != known || owner.is_none() {
            (owner, known) = (owners.next(), of);
        }
        let Some(at) = owner else { break };
        let normalizes = |layer: &&LayerKind| {
            matches!(layer, LayerKind::BatchNorm { .. } | LayerKind::LayerNorm { .. } | LayerKind::RmsNorm { .. })
        };
        let (steps, fan_in) = match leaves[at] {
            LayerKind::Recurrent { steps, .. } if name != "weight" => (Some(*steps), slot.param.fans.fan_in),
            // What is looked up is not summed.
            LayerKind::Embedding { .. } => (None, 1),
            _ => (None, slot.param.fans.fan_in),
        };
        let gain = root_mean_square(network, slot) * (fan_in as f64).sqrt();
        found.push(WeightProbe { gain, normalized: leaves.get(at + 1).is_some_and(normalizes), steps });
    }
    found
}

/// The norm of the gradient of each parameter; none where a layer refuses.
fn gradient_norms(
    recipe: &Recipe,
    network: &Network<f32>,
    inputs: Rows<'_, f32>,
    targets: Targets<'_, f32>,
    workspace: &mut crate::Workspace<f32>,
) -> Vec<f64> {
    let mut backward = || -> Result<(), Error> {
        let loss = recipe.training.loss.build()?;
        network.forward(inputs, Mode::Train, workspace)?;
        network.loss(&*loss, targets, workspace)?;
        network.backward(workspace)
    };
    match backward() {
        Ok(()) => workspace.gradient_norms().collect(),
        Err(_) => Vec::new(),
    }
}

impl LayerProbe {
    fn seen(name: &str, rows: Rows<'_, f32>, bounds: Bounds) -> Self {
        let columns = Column::all(rows);
        let variances: f64 = columns.iter().map(|column| column.deviation.powi(2)).sum();
        let still = columns.iter().filter(|column| column.deviation == 0.0).count();
        Self {
            name: name.to_owned(),
            spread: (variances / columns.len() as f64).sqrt(),
            flat: match (bounds.low, bounds.high) {
                (Some(low), Some(high)) => {
                    let margin = FLAT * (high - low);
                    let flat = rows.data().iter().map(|y| f64::from(*y));
                    let flat = flat.filter(|y| *y < low + margin || *y > high - margin).count();
                    flat as f64 / rows.data().len() as f64
                }
                _ => 0.0,
            },
            still: still as f64 / columns.len() as f64,
            gradient: None,
            bias_gradient: None,
            weight: None,
        }
    }
}
