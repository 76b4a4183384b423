//! `Probe`: what a network makes of some rows, layer by layer, forwards and backwards.

use crate::recipe::{Column, Prepared, Recipe};
use crate::{Bounds, Error, Mode, Network, Role, Rows, Targets};

/// How many rows of the training data are looked at, evenly spaced: enough for a spread to be known to 1 / sqrt(2 * 256), 4 %.
const ROWS: usize = 256;

/// An output is at a flat end within this share of the range from it: there the slope of tanh is below 0.04.
const FLAT: f64 = 0.01;

/// What a network makes of the probe rows.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// From input to output.
    pub(super) layers: Vec<LayerProbe>,
}

/// What one layer makes of them.
#[derive(Debug, Clone)]
pub(super) struct LayerProbe {
    pub(super) name: String,
    /// How much an output differs from row to row: the root of the mean, over units, of the variance over rows.
    pub(super) spread: f64,
    /// The share of its outputs at a flat end, where it has such ends.
    pub(super) flat: f64,
    /// Whether it brings what it gets to a size of its own.
    pub(super) normalizes: bool,
    /// The norm of the gradient of its parameters; `None` where it has none.
    pub(super) gradient: Option<f64>,
    /// The norm of the gradient of its biases.
    pub(super) bias_gradient: Option<f64>,
    /// The root of the mean square of its weights.
    pub(super) weight: Option<f64>,
    /// Inputs and units of its weights.
    pub(super) shape: Option<(usize, usize)>,
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
                let weights = &network.parameters()[slot.range.clone()];
                let squares: f64 = weights.iter().map(|w| f64::from(*w).powi(2)).sum();
                layer.weight = Some((squares / weights.len() as f64).sqrt());
                layer.shape = Some((slot.param.fans.fan_in, slot.param.fans.fan_out));
            }
        }
        Ok(Self { layers })
    }

    /// The layers with weights, from input to output.
    pub(super) fn trained(&self) -> impl DoubleEndedIterator<Item = &LayerProbe> {
        self.layers.iter().filter(|layer| layer.gradient.is_some())
    }

    /// The gain of the weights of each layer, from input to output, but for those behind which it does not matter.
    pub(super) fn gains(&self) -> impl Iterator<Item = f64> {
        let behind = self.layers.iter().skip(1).map(Some).chain([None]);
        let matters = |behind: Option<&LayerProbe>| !behind.is_some_and(|behind| behind.normalizes);
        self.layers.iter().zip(behind).filter(move |(_, behind)| matters(*behind)).filter_map(|(layer, _)| layer.gain())
    }
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
        Self {
            name: name.to_owned(),
            spread: spread(rows),
            flat: match (bounds.low, bounds.high) {
                (Some(low), Some(high)) => {
                    let margin = FLAT * (high - low);
                    let flat = rows.data().iter().map(|y| f64::from(*y));
                    let flat = flat.filter(|y| *y < low + margin || *y > high - margin).count();
                    flat as f64 / rows.data().len() as f64
                }
                _ => 0.0,
            },
            normalizes: bounds.normalized,
            gradient: None,
            bias_gradient: None,
            weight: None,
            shape: None,
        }
    }

    /// The root mean square of the weights, times the square root of the number of inputs: 1 keeps the second moment of a linear layer.
    pub(super) fn gain(&self) -> Option<f64> {
        Some(self.weight? * (self.shape?.0 as f64).sqrt())
    }
}

/// How much numbers differ from row to row: the root of the mean, over columns, of their variance.
fn spread(rows: Rows<'_, f32>) -> f64 {
    let variances: f64 = Column::all(rows).iter().map(|column| column.deviation.powi(2)).sum();
    (variances / rows.cols() as f64).sqrt()
}
