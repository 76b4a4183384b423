//! Which activations stand between the layers, and behind the last.

use crate::recipe::leaves::{followers, leaves, leaves_mut, output};
use crate::recipe::{ActivationKind, LayerKind};

/// That activation in the place of every other one but that of the output.
pub(in crate::recipe) fn replace_hidden(layers: &mut [LayerKind], with: ActivationKind) {
    let last = output(&leaves(layers)).unwrap_or(0);
    for leaf in leaves_mut(layers).into_iter().take(last) {
        if let LayerKind::Activation(activation) = leaf {
            *activation = with;
        }
    }
}

/// That activation behind every hidden layer that has none: behind a normalization, and before dropout.
pub(in crate::recipe) fn add_between(layers: &mut Vec<LayerKind>, with: ActivationKind) {
    let leaves = leaves(layers);
    let last = output(&leaves).unwrap_or(0);
    let bare = |(at, (leaf, follower)): (usize, (&&LayerKind, Option<ActivationKind>))| {
        let linear = matches!(leaf, LayerKind::Linear { .. } | LayerKind::Conv2d { .. });
        at < last && linear && follower.is_none()
    };
    let bare: Vec<bool> = leaves.iter().zip(followers(layers)).enumerate().map(bare).collect();
    add(layers, with, &mut bare.into_iter());
}

/// Goes through the leaves in their order, of which it is told which are bare.
fn add(layers: &mut Vec<LayerKind>, with: ActivationKind, bare: &mut impl Iterator<Item = bool>) {
    let mut at = 0;
    while at < layers.len() {
        match &mut layers[at] {
            LayerKind::Residual { layers, projection, .. } => {
                add(layers, with, bare);
                // What stands on the other way is to be left as it is.
                let other = projection.as_deref().map_or(0, |layer| leaves(std::slice::from_ref(layer)).len());
                bare.by_ref().take(other).for_each(drop);
            }
            LayerKind::Sequential { layers } => add(layers, with, bare),
            LayerKind::PerStep { layer, .. } => {
                let mut inside = vec![(**layer).clone()];
                add(&mut inside, with, bare);
                if inside.len() > 1 {
                    **layer = LayerKind::Sequential { layers: inside };
                }
            }
            _ if bare.next() == Some(true) => {
                let normalizes = |layer: &&LayerKind| {
                    matches!(
                        layer,
                        LayerKind::BatchNorm { .. } | LayerKind::LayerNorm { .. } | LayerKind::RmsNorm { .. }
                    )
                };
                if layers.get(at + 1).as_ref().is_some_and(normalizes) {
                    at += 1;
                    bare.next();
                }
                layers.insert(at + 1, LayerKind::Activation(with));
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
}

/// That activation behind the last weights, in the place of whatever stands there; `Identity` is none.
pub(in crate::recipe) fn set_output(layers: &mut Vec<LayerKind>, with: ActivationKind) {
    truncate(layers);
    if with != ActivationKind::Identity {
        layers.push(LayerKind::Activation(with));
    }
}

/// Leaves out what stands behind the last layer with weights, also where that is inside others. A branch is left as it is.
pub(super) fn truncate(layers: &mut Vec<LayerKind>) {
    let weighted = |layer: &LayerKind| leaves(std::slice::from_ref(layer)).iter().any(|leaf| leaf.is_weighted());
    let Some(last) = layers.iter().rposition(weighted) else { return };
    layers.truncate(last + 1);
    match &mut layers[last] {
        LayerKind::Sequential { layers } => truncate(layers),
        LayerKind::PerStep { layer, .. } => {
            if let LayerKind::Sequential { layers } = &mut **layer {
                truncate(layers);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Start;

    const RELU: LayerKind = LayerKind::Activation(ActivationKind::Relu);
    const TANH: LayerKind = LayerKind::Activation(ActivationKind::Tanh);

    fn linear(units: usize) -> LayerKind {
        LayerKind::linear(units, Start::HeUniform)
    }

    fn residual(layers: Vec<LayerKind>) -> LayerKind {
        LayerKind::Residual { layers, scale: 1.0, learned: false, projection: Some(Box::new(linear(9))) }
    }

    #[test]
    fn activations_are_put_where_there_are_none() {
        let norm = LayerKind::BatchNorm { channels: None };
        let per_step = |layer| LayerKind::PerStep { width: 1, layer: Box::new(layer) };
        let mut layers = vec![per_step(linear(1)), residual(vec![linear(2), norm.clone()]), linear(3), TANH, linear(4)];
        add_between(&mut layers, ActivationKind::Relu);
        let stepped = LayerKind::Sequential { layers: vec![linear(1), RELU] };
        let expected = [per_step(stepped), residual(vec![linear(2), norm, RELU]), linear(3), TANH, linear(4)];
        assert_eq!(layers, expected);
        replace_hidden(&mut layers, ActivationKind::Tanh);
        assert_eq!(layers[1], residual(vec![linear(2), LayerKind::BatchNorm { channels: None }, TANH]));
    }

    #[test]
    fn the_output_is_found_inside_others() {
        let mut layers = vec![linear(1), LayerKind::Sequential { layers: vec![TANH, linear(2), TANH] }, RELU];
        set_output(&mut layers, ActivationKind::Identity);
        assert_eq!(layers, [linear(1), LayerKind::Sequential { layers: vec![TANH, linear(2)] }]);
        set_output(&mut layers, ActivationKind::Tanh);
        assert_eq!(layers.last(), Some(&TANH));
    }
}
