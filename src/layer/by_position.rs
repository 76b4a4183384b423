//! What theory says of images and sequences whose positions are not alike.

use std::collections::HashMap;

use super::Layer;
use crate::{Float, InitMoments, Moments, Plan};

/// The gradient of a layer whose positions are not alike: what [`Layer::gradient_by_position`] hands back.
///
/// ```
/// use evenkeel::{Conv2d, He, InitMoments, Initializer, Layer, Moments, Padding};
/// let conv = Conv2d::<f64>::new((1, 3, 1), 1, (1, 3)).padding(Padding::Same).without_bias();
/// let plan = conv.plan(3)?;
/// let (x, weight) = ([Moments { mean: 0.0, second: 1.0 }], [InitMoments { mean: 0.0, variance: 0.5, kurtosis: None }]);
/// let gradient = conv.gradient_by_position(&plan, &x, &weight, &[1.0]).expect("it is known");
/// assert_eq!(gradient.by_input, [1.0, 1.5, 1.0]); // a pixel at the border is seen at two positions
/// assert_eq!(gradient.by_parameters, [7.0]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradientByPosition {
    /// The mean square of the gradient by an input, at every position; a single number where all are alike.
    pub by_input: Vec<f64>,
    /// The sum of the squares of the gradient by each of the layer's parameters, in the order of its plan.
    pub by_parameters: Vec<f64>,
}

/// Their mean: what is known where positions are not told apart.
pub(crate) fn mean_of(x: &[Moments]) -> Moments {
    if let &[alike] = x {
        return alike;
    }
    let count = x.len() as f64;
    let sum = |of: fn(&Moments) -> f64| x.iter().map(of).sum::<f64>() / count;
    Moments { mean: sum(|x| x.mean), second: sum(|x| x.second) }
}

/// The same of the squares of a gradient.
pub(crate) fn mean_square_of(squares: &[f64]) -> f64 {
    if let &[alike] = squares { alike } else { squares.iter().sum::<f64>() / squares.len() as f64 }
}

/// What a position of `x` has, of which there may be only one.
pub(super) fn at<N: Copy>(x: &[N], position: usize) -> N {
    if x.len() == 1 { x[0] } else { x[position] }
}

/// How many positions both tell apart, of which one may say the same of all; `None` where they are at odds.
pub(super) fn common(one: usize, other: usize) -> Option<usize> {
    (one == other || one == 1 || other == 1).then_some(one.max(other))
}

/// What a layer makes of its positions; of their mean where it does not tell them apart.
pub(crate) fn outputs<T: Float>(
    layer: &dyn Layer<T>,
    plan: &Plan,
    x: &[Moments],
    weights: &[InitMoments],
) -> Option<Vec<Moments>> {
    let by_position = layer.moments_by_position(plan, x, weights);
    by_position.or_else(|| Some(vec![layer.moments(plan, mean_of(x), weights)?.y]))
}

/// What a map makes of every position by itself. Most positions of an image are the same, far from the border and in its corners, but for
/// rounding: where the first 40 bits of two agree the map is asked once.
pub(super) fn each<R: Copy>(x: &[Moments], of: impl Fn(Moments) -> Option<R>) -> Option<Vec<R>> {
    let key = |number: f64| number.to_bits() >> 12;
    let mut known: HashMap<[u64; 2], R> = HashMap::new();
    let one = |&x: &Moments| {
        let key = [key(x.mean), key(x.second)];
        if let Some(&known) = known.get(&key) {
            return Some(known);
        }
        let made = of(x)?;
        known.insert(key, made);
        Some(made)
    };
    x.iter().map(one).collect()
}

/// Of a layer without parameters that treats every number by itself: its outputs, position by position, where there are several.
pub(super) fn pointwise_outputs<T: Float>(layer: &impl Layer<T>, plan: &Plan, x: &[Moments]) -> Option<Vec<Moments>> {
    if x.len() == 1 {
        return None;
    }
    each(x, |x| Some(layer.moments(plan, x, &[])?.y))
}

/// The same of the gradient by its inputs.
pub(super) fn pointwise_gradients<T: Float>(
    layer: &impl Layer<T>,
    plan: &Plan,
    x: &[Moments],
    dy: &[f64],
) -> Option<GradientByPosition> {
    let back = each(x, |x| layer.moments(plan, x, &[])?.back)?;
    // What is an image of one size to the layer in front may be one of another size to the layer behind.
    let positions = common(back.len(), dy.len())?;
    let by_input = (0..positions).map(|position| at(&back, position) * at(dy, position)).collect();
    Some(GradientByPosition { by_input, by_parameters: Vec::new() })
}
