//! Normalization between the layers.

use crate::recipe::LayerKind;
use crate::recipe::leaves::{leaves, output};

/// Normalization behind every hidden layer that has none: of its channels over the batch behind a convolution, of each row else.
pub(in crate::recipe) fn normalize(layers: &mut Vec<LayerKind>) {
    let hidden = output(&leaves(layers)).unwrap_or(0);
    insert(layers, &mut (0..hidden));
}

/// Goes through the leaves in their order, as long as there are hidden ones.
fn insert(layers: &mut Vec<LayerKind>, hidden: &mut impl Iterator<Item = usize>) {
    let mut at = 0;
    while at < layers.len() {
        match &mut layers[at] {
            LayerKind::Residual { layers, projection, .. } => {
                insert(layers, hidden);
                let other = projection.as_deref().map_or(0, |layer| leaves(std::slice::from_ref(layer)).len());
                hidden.by_ref().take(other).for_each(drop);
            }
            LayerKind::Sequential { layers } => insert(layers, hidden),
            LayerKind::PerStep { layer, .. } => {
                let mut inside = vec![(**layer).clone()];
                insert(&mut inside, hidden);
                if inside.len() > 1 {
                    **layer = LayerKind::Sequential { layers: inside };
                }
            }
            leaf => {
                let norm = match leaf {
                    LayerKind::Linear { .. } => Some(LayerKind::LayerNorm { width: None }),
                    LayerKind::Conv2d { units, .. } => Some(LayerKind::BatchNorm { channels: Some(*units) }),
                    LayerKind::Recurrent { hidden, .. } => Some(LayerKind::LayerNorm { width: Some(*hidden) }),
                    _ => None,
                };
                let is_hidden = hidden.next().is_some();
                if let (true, Some(norm)) = (is_hidden, norm)
                    && !layers.get(at + 1).is_some_and(is_normalization)
                {
                    layers.insert(at + 1, norm);
                    at += 1;
                }
            }
        }
        at += 1;
    }
}

fn is_normalization(layer: &LayerKind) -> bool {
    matches!(layer, LayerKind::BatchNorm { .. } | LayerKind::LayerNorm { .. } | LayerKind::RmsNorm { .. })
}
