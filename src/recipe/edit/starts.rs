//! Where weights and biases begin.

use crate::recipe::leaves::{followers, leaves_mut};
use crate::recipe::{ActivationKind, CellKind, LayerKind, Start};

/// Every weight starts as what follows it asks for: He for ReLU and its relatives, Xavier else; those of a recurrent layer and of an
/// embedding as their kind does. A learned scale starts at no more than 1.
pub(in crate::recipe) fn fit_weights(layers: &mut [LayerKind]) {
    let followers = followers(layers);
    leaves_mut(layers).into_iter().zip(followers).for_each(|(leaf, follower)| fit(leaf, follower));
    lower_scales(layers);
}

/// The same for weights that start alike, and for no others.
pub(in crate::recipe) fn randomize_constant(layers: &mut [LayerKind]) {
    let followers = followers(layers);
    for (leaf, follower) in leaves_mut(layers).into_iter().zip(followers) {
        let starts_alike = match leaf {
            LayerKind::Linear { weights, .. }
            | LayerKind::Conv2d { weights, .. }
            | LayerKind::Embedding { weights, .. } => weights.is_some_and(|start| start.is_constant()),
            LayerKind::Recurrent { weights, recurrent_weights, .. } => {
                [weights, recurrent_weights].into_iter().flatten().any(|start| start.is_constant())
            }
            _ => false,
        };
        if starts_alike {
            fit(leaf, follower);
        }
    }
}

fn fit(leaf: &mut LayerKind, follower: Option<ActivationKind>) {
    match leaf {
        LayerKind::Linear { weights, .. } | LayerKind::Conv2d { weights, .. } => {
            let squeezes =
                follower.is_none_or(|activation| activation.saturates() || activation == ActivationKind::Softmax);
            *weights = Some(if squeezes { Start::XavierUniform } else { Start::HeUniform });
        }
        LayerKind::Recurrent { weights, recurrent_weights, .. } => (*weights, *recurrent_weights) = (None, None),
        LayerKind::Embedding { weights, .. } => *weights = None,
        _ => {}
    }
}

fn lower_scales(layers: &mut [LayerKind]) {
    for layer in layers {
        match layer {
            LayerKind::Residual { layers, scale, learned, .. } => {
                if *learned {
                    *scale = scale.clamp(-1.0, 1.0);
                }
                lower_scales(layers);
            }
            LayerKind::Sequential { layers } => lower_scales(layers),
            LayerKind::PerStep { layer, .. } => lower_scales(std::slice::from_mut(&mut **layer)),
            _ => {}
        }
    }
}

/// Every bias at zero, those of a forget gate where their layer usually has them.
pub(in crate::recipe) fn zero_biases(layers: &mut [LayerKind]) {
    for leaf in leaves_mut(layers) {
        if let LayerKind::Linear { bias, .. } | LayerKind::Conv2d { bias, .. } | LayerKind::Recurrent { bias, .. } =
            leaf
        {
            *bias = Start::Zeros;
        }
        if let LayerKind::Recurrent { cell: CellKind::Lstm { forget_bias }, .. } = leaf {
            *forget_bias = CellKind::FORGET_BIAS;
        }
    }
}
