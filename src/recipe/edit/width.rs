//! How many units layers have.

use crate::recipe::leaves::{leaves, output};
use crate::recipe::shape::Image;
use crate::recipe::{ActivationKind, LayerKind, Start};

/// Gives every layer but the last so many units at least; what is told the size of what it gets is told the new one.
pub(in crate::recipe) fn widen(layers: &mut [LayerKind], least: usize) {
    let leaves = leaves(layers);
    let Some(last) = output(&leaves) else { return };
    let hidden = leaves[..last].iter().filter(|leaf| leaf.units().is_some()).count();
    Widening { least, hidden }.pass(layers, Width { old: 0, new: 0 });
}

/// A hidden layer of so many units with ReLU in front of a linear layer that is the only one with weights.
pub(in crate::recipe) fn add_hidden(layers: &mut Vec<LayerKind>, units: usize) {
    let mut weighted = layers
        .iter()
        .enumerate()
        .filter(|(_, layer)| leaves(std::slice::from_ref(*layer)).iter().any(|leaf| leaf.is_weighted()));
    let (Some((at, LayerKind::Linear { .. })), None) = (weighted.next(), weighted.next()) else { return };
    layers.splice(at..at, [LayerKind::linear(units, Start::HeUniform), LayerKind::Activation(ActivationKind::Relu)]);
}

/// The number of units, channels or numbers a step that a layer gets: before the change, and with it.
#[derive(Debug, Clone, Copy)]
struct Width {
    old: usize,
    new: usize,
}

impl Width {
    /// Tells a layer that was told the old width the new one.
    fn tell(self, told: &mut usize) {
        if *told == self.old && self.old != self.new {
            *told = self.new;
        }
    }
}

struct Widening {
    least: usize,
    /// How many hidden layers are still to come.
    hidden: usize,
}

impl Widening {
    /// Widens these layers, which get rows of that width; says what the last of them gives.
    fn pass(&mut self, layers: &mut [LayerKind], mut width: Width) -> Width {
        for layer in layers {
            width = self.one(layer, width);
        }
        width
    }

    fn one(&mut self, layer: &mut LayerKind, width: Width) -> Width {
        match layer {
            LayerKind::Conv2d { image: Image(.., channels), .. }
            | LayerKind::MaxPool2d { image: Image(.., channels), .. }
            | LayerKind::AveragePool2d { image: Image(.., channels), .. } => width.tell(channels),
            LayerKind::BatchNorm { channels: Some(told) }
            | LayerKind::LayerNorm { width: Some(told) }
            | LayerKind::RmsNorm { width: Some(told) }
            | LayerKind::Recurrent { width: told, .. }
            | LayerKind::Attention { width: told, .. } => width.tell(told),
            LayerKind::PerStep { width: told, layer } => {
                width.tell(told);
                return self.one(layer, width);
            }
            LayerKind::Sequential { layers } => return self.pass(layers, width),
            LayerKind::Residual { layers, projection, .. } => {
                let given = self.pass(layers, width);
                match projection {
                    Some(projection) => drop(self.one(projection, width)),
                    // The sum needs both to be as wide: the branch is made to give what it gets.
                    None if given.old == width.old || width.old == 0 => {
                        return tie(layers, given, width);
                    }
                    None => {}
                }
                return given;
            }
            _ => {}
        }
        let Some(units) = layer.units_mut() else { return width };
        let old = *units;
        if self.hidden > 0 {
            self.hidden -= 1;
            *units = self.least.max(old);
        }
        Width { old, new: *units }
    }
}

/// Sets the units of the last layer of a branch to what the branch gets, and tells what stands behind it.
fn tie(branch: &mut [LayerKind], given: Width, gets: Width) -> Width {
    let wanted = if gets.old == 0 { given.old } else { gets.new };
    let change = Width { old: given.new, new: wanted };
    let Some(at) =
        branch.iter().rposition(|layer| leaves(std::slice::from_ref(layer)).iter().any(|leaf| leaf.units().is_some()))
    else {
        return gets;
    };
    match &mut branch[at] {
        LayerKind::Sequential { layers } => drop(tie(layers, given, gets)),
        LayerKind::PerStep { layer, .. } => drop(tie(std::slice::from_mut(&mut **layer), given, gets)),
        layer => layer.units_mut().into_iter().for_each(|units| *units = wanted),
    }
    for layer in &mut branch[at + 1..] {
        if let LayerKind::BatchNorm { channels: Some(told) }
        | LayerKind::LayerNorm { width: Some(told) }
        | LayerKind::RmsNorm { width: Some(told) } = layer
        {
            change.tell(told);
        }
    }
    Width { old: given.old, new: wanted }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use crate::recipe::Recipe;
    use crate::recipe::leaves::hidden_units;

    const HEAD: &str = r#"name = "widths"
seed = 1
[data]
file = "none.csv"
targets = 1
task = "regression"
[training]
loss = "mse"
batch = 1
epochs = 1
optimizer = { kind = "sgd" }
"#;

    /// A branch has to give as many numbers as it gets, however wide the layers around it become.
    #[test]
    fn wider_layers_fit_together() {
        for source in [
            r#"[[layers]]
kind = "linear"
units = 2
[[layers]]
kind = "layer_norm"
width = 2
[[layers]]
kind = "residual"
layers = [ { kind = "linear", units = 3 }, { kind = "relu" }, { kind = "linear", units = 2 }, { kind = "layer_norm", width = 2 } ]
[[layers]]
kind = "linear"
units = 1"#,
            r#"[[layers]]
kind = "residual"
layers = [ { kind = "linear", units = 2 }, { kind = "relu" }, { kind = "linear", units = 64 } ]
[[layers]]
kind = "residual"
projection = { kind = "linear", units = 3 }
layers = [ { kind = "linear", units = 2 }, { kind = "relu" }, { kind = "linear", units = 3 } ]
[[layers]]
kind = "linear"
units = 1"#,
            r#"[[layers]]
kind = "conv2d"
image = [8, 8, 1]
units = 2
kernel = 3
padding = "same"
[[layers]]
kind = "batch_norm"
channels = 2
[[layers]]
kind = "max_pool2d"
image = [8, 8, 2]
kernel = 2
[[layers]]
kind = "conv2d"
image = [4, 4, 2]
units = 3
kernel = 3
[[layers]]
kind = "flatten"
[[layers]]
kind = "linear"
units = 1"#,
            r#"[[layers]]
kind = "per_step"
width = 8
layer = { kind = "sequential", layers = [ { kind = "linear", units = 2 }, { kind = "relu" } ] }
[[layers]]
kind = "gru"
steps = 8
width = 2
hidden = 3
[[layers]]
kind = "multi_head_attention"
width = 3
heads = 1
[[layers]]
kind = "lstm"
steps = 8
width = 3
hidden = 1
last = true
[[layers]]
kind = "linear"
units = 1"#,
        ] {
            let mut recipe = Recipe::from_toml(&format!("{HEAD}{source}")).expect("it can be read");
            recipe.network(64).expect("it is sound");
            super::widen(&mut recipe.layers, 16);
            recipe.network(64).unwrap_or_else(|error| panic!("{error}: {}", recipe.to_toml()));
            assert!(hidden_units(&recipe.layers).iter().all(|units| *units >= 16));
        }
    }
}
