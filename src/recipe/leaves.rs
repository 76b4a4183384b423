//! The leaves of a recipe: every layer that is not made of others, wherever it stands, in the order in which the signal passes them.

use super::{ActivationKind, LayerKind};

impl LayerKind {
    /// How many units it has, where it is a layer of units: those of a linear layer, the channels of a convolution, the state of a recurrent
    /// layer, the numbers of an embedding.
    pub(super) fn units(&self) -> Option<usize> {
        match self {
            Self::Linear { units, .. } | Self::Conv2d { units, .. } => Some(*units),
            Self::Recurrent { hidden, .. } => Some(*hidden),
            Self::Embedding { dim, .. } => Some(*dim),
            _ => None,
        }
    }

    /// As [`units`](Self::units), to be changed.
    pub(super) fn units_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Linear { units, .. } | Self::Conv2d { units, .. } => Some(units),
            Self::Recurrent { hidden, .. } => Some(hidden),
            Self::Embedding { dim, .. } => Some(dim),
            _ => None,
        }
    }

    /// Whether it has weights of its own.
    pub(super) fn is_weighted(&self) -> bool {
        self.units().is_some() || matches!(self, Self::Attention { .. })
    }

    /// The activation that it is, where it is one that does anything.
    pub(super) fn activation(&self) -> Option<ActivationKind> {
        match self {
            Self::Activation(ActivationKind::Identity) => None,
            Self::Activation(activation) => Some(*activation),
            _ => None,
        }
    }
}

/// Every leaf of some layers; of a residual first those of the branch, then the projection.
pub(super) fn leaves(layers: &[LayerKind]) -> Vec<&LayerKind> {
    let mut found = Vec::new();
    collect(layers, &mut found);
    found
}

fn collect<'a>(layers: &'a [LayerKind], found: &mut Vec<&'a LayerKind>) {
    for layer in layers {
        match layer {
            LayerKind::Residual { layers, projection, .. } => {
                collect(layers, found);
                collect(projection.as_deref().map_or(&[], std::slice::from_ref), found);
            }
            LayerKind::Sequential { layers } => collect(layers, found),
            LayerKind::PerStep { layer, .. } => collect(std::slice::from_ref(&**layer), found),
            leaf => found.push(leaf),
        }
    }
}

/// As [`leaves`], to be changed.
pub(super) fn leaves_mut(layers: &mut [LayerKind]) -> Vec<&mut LayerKind> {
    let mut found = Vec::new();
    collect_mut(layers, &mut found);
    found
}

fn collect_mut<'a>(layers: &'a mut [LayerKind], found: &mut Vec<&'a mut LayerKind>) {
    for layer in layers {
        match layer {
            LayerKind::Residual { layers, projection, .. } => {
                collect_mut(layers, found);
                collect_mut(projection.as_deref_mut().map_or(&mut [], std::slice::from_mut), found);
            }
            LayerKind::Sequential { layers } => collect_mut(layers, found),
            LayerKind::PerStep { layer, .. } => collect_mut(std::slice::from_mut(&mut **layer), found),
            leaf => found.push(leaf),
        }
    }
}

/// The place among the leaves of the last layer with weights: the one that gives the output.
pub(super) fn output(leaves: &[&LayerKind]) -> Option<usize> {
    leaves.iter().rposition(|leaf| leaf.is_weighted())
}

/// For each leaf the activation that the signal meets behind it, before the next weights; `None` where there is none.
pub(super) fn followers(layers: &[LayerKind]) -> Vec<Option<ActivationKind>> {
    let mut found = Vec::new();
    follow(layers, None, &mut found);
    found
}

fn follow(layers: &[LayerKind], behind: Option<ActivationKind>, found: &mut Vec<Option<ActivationKind>>) {
    for (at, layer) in layers.iter().enumerate() {
        let behind = met(&layers[at + 1..]).unwrap_or(behind);
        match layer {
            LayerKind::Residual { layers, projection, .. } => {
                follow(layers, behind, found);
                follow(projection.as_deref().map_or(&[], std::slice::from_ref), behind, found);
            }
            LayerKind::Sequential { layers } => follow(layers, behind, found),
            LayerKind::PerStep { layer, .. } => follow(std::slice::from_ref(&**layer), behind, found),
            _ => found.push(behind),
        }
    }
}

/// What decides first among these layers: an activation, or weights, which ask for none. `None` where nothing does.
fn met(layers: &[LayerKind]) -> Option<Option<ActivationKind>> {
    leaves(layers).into_iter().find_map(|leaf| match leaf.activation() {
        None if leaf.is_weighted() => Some(None),
        None => None,
        activation => Some(activation),
    })
}

/// The activation of the output: that behind the last weights; `Identity` where there is none. What a residual adds up is free again.
pub(super) fn output_activation(layers: &[LayerKind]) -> ActivationKind {
    fn last(layers: &[LayerKind]) -> Option<ActivationKind> {
        layers.iter().rev().find_map(|layer| match layer {
            LayerKind::Activation(ActivationKind::Identity) | LayerKind::Dropout { .. } | LayerKind::Flatten => None,
            LayerKind::Activation(activation) => Some(*activation),
            LayerKind::Sequential { layers } => last(layers),
            LayerKind::PerStep { layer, .. } => last(std::slice::from_ref(&**layer)),
            _ => Some(ActivationKind::Identity),
        })
    }
    last(layers).unwrap_or(ActivationKind::Identity)
}

/// How many units the layers of units have, but for the one that gives the output: those that can be widened.
pub(super) fn hidden_units(layers: &[LayerKind]) -> Vec<usize> {
    let leaves = leaves(layers);
    let last = output(&leaves).unwrap_or(0);
    leaves[..last].iter().filter_map(|leaf| leaf.units()).collect()
}

/// The activations between the layers with weights.
pub(super) fn hidden_activations(layers: &[LayerKind]) -> Vec<ActivationKind> {
    let leaves = leaves(layers);
    let last = output(&leaves).unwrap_or(0);
    leaves[..last].iter().filter_map(|leaf| leaf.activation()).collect()
}

/// Whether the inputs are numbers of things, which an embedding looks up.
pub(super) fn reads_indices(layers: &[LayerKind]) -> bool {
    leaves(layers)
        .into_iter()
        .find(|leaf| leaf.is_weighted())
        .is_some_and(|leaf| matches!(leaf, LayerKind::Embedding { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Start;

    fn linear(units: usize) -> LayerKind {
        LayerKind::linear(units, Start::XavierUniform)
    }

    fn nested() -> Vec<LayerKind> {
        use ActivationKind::{Gelu, Relu, Tanh};
        vec![
            LayerKind::PerStep { width: 4, layer: Box::new(linear(1)) },
            LayerKind::Sequential { layers: vec![LayerKind::Activation(Tanh), linear(2)] },
            LayerKind::Residual {
                layers: vec![linear(3), LayerKind::Activation(Relu), linear(4)],
                scale: 1.0,
                learned: false,
                projection: Some(Box::new(linear(5))),
            },
            LayerKind::Dropout { rate: 0.1 },
            LayerKind::Activation(Gelu),
            LayerKind::Sequential { layers: vec![linear(6), LayerKind::Activation(ActivationKind::Softmax)] },
        ]
    }

    #[test]
    fn leaves_stand_in_the_order_of_the_signal() {
        use ActivationKind::{Gelu, Relu, Softmax, Tanh};
        let mut layers = nested();
        let units: Vec<_> = leaves(&layers).iter().filter_map(|leaf| leaf.units()).collect();
        assert_eq!(units, [1, 2, 3, 4, 5, 6]);
        assert_eq!(leaves(&layers), leaves_mut(&mut layers.clone()));
        // Behind the last layer of a branch, and behind the projection, comes what stands behind the sum.
        let behind: Vec<_> = leaves(&layers)
            .iter()
            .zip(followers(&layers))
            .filter(|(leaf, _)| leaf.is_weighted())
            .map(|pair| pair.1)
            .collect();
        assert_eq!(behind, [Some(Tanh), None, Some(Relu), Some(Gelu), Some(Gelu), Some(Softmax)]);
        assert_eq!((hidden_units(&layers), hidden_activations(&layers)), (vec![1, 2, 3, 4, 5], vec![Tanh, Relu, Gelu]));
        assert_eq!(output_activation(&layers), Softmax);
        for leaf in leaves_mut(&mut layers) {
            leaf.units_mut().into_iter().for_each(|units| *units = 7);
        }
        assert_eq!(hidden_units(&layers), [7; 5]);
    }

    #[test]
    fn a_sum_has_no_activation_of_its_own() {
        let branch = vec![linear(2), LayerKind::Activation(ActivationKind::Tanh)];
        let residual = LayerKind::Residual { layers: branch, scale: 1.0, learned: false, projection: None };
        assert_eq!(output_activation(&[linear(2), residual]), ActivationKind::Identity);
    }
}
