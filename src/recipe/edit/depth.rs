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
