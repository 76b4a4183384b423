//! How many layers there are.

use crate::recipe::LayerKind;
use crate::recipe::leaves::leaves;

/// Leaves out all layers with weights behind the first few, but for the last, with what follows each. A residual counts as one layer, and
/// what a sequence holds as if it stood outside.
pub(in crate::recipe) fn shorten(layers: &mut Vec<LayerKind>, hidden: usize) {
    let mut flat = layers.clone();
    while let Some(at) = flat.iter().position(|layer| matches!(layer, LayerKind::Sequential { .. })) {
        if let LayerKind::Sequential { layers: inside } = flat.remove(at) {
            flat.splice(at..at, inside);
        }
    }
    let weighted = |layer: &LayerKind| leaves(std::slice::from_ref(layer)).iter().any(|leaf| leaf.is_weighted());
    let places: Vec<usize> = (0..flat.len()).filter(|&at| weighted(&flat[at])).collect();
    if let (Some(&from), Some(&to)) = (places.get(hidden), places.last())
        && from < to
    {
        flat.drain(from..to);
        *layers = flat;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{ActivationKind, Start};

    #[test]
    fn what_stands_behind_the_first_few_is_left_out_wherever_it_is() {
        let linear = |units| LayerKind::linear(units, Start::HeUniform);
        let tanh = LayerKind::Activation(ActivationKind::Tanh);
        let residual =
            LayerKind::Residual { layers: vec![linear(1), tanh.clone()], scale: 1.0, learned: false, projection: None };
        let mut layers = vec![
            LayerKind::Sequential { layers: vec![linear(1), tanh.clone()] },
            residual.clone(),
            residual.clone(),
            LayerKind::Sequential { layers: vec![linear(3), tanh.clone(), linear(4)] },
        ];
        shorten(&mut layers, 2);
        assert_eq!(layers, [linear(1), tanh.clone(), residual, linear(4)]);
        // What is short already stays as it is, with its sequences.
        let mut short = vec![LayerKind::Sequential { layers: vec![linear(1), tanh] }, linear(2), linear(3)];
        let before = short.clone();
        shorten(&mut short, 2);
        assert_eq!(short, before);
    }
}
