//! `Sigmoid`: between 0 and 1.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Float, Initializer, Xavier};

/// The logistic sigmoid: f(x) = 1 / (1 + exp(-x)).
///
/// ```
/// use evenkeel::{Activation, Sigmoid};
/// assert_eq!([-1e9_f32, 0.0, 1e9].map(|x| Sigmoid.value(x)), [0.0, 0.5, 1.0]);
/// ```
///
/// # Notes
/// Its slope is nowhere above 1/4, so every such layer shrinks the gradient: a deep stack of them vanishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sigmoid;

/// 1 / (1 + exp(-x)), with full relative accuracy in both tails.
pub(super) fn logistic<T: Float>(x: T) -> T {
    if x > T::zero() {
        return (T::one() + (-x).exp()).recip();
    }
    let e = x.exp();
    e / (T::one() + e)
}

impl Activation for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn value<T: Float>(&self, x: T) -> T {
        logistic(x)
    }

    fn slope<T: Float>(&self, _: T, y: T) -> T {
        y * (T::one() - y)
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Sigmoid, x, y);
    }

    fn usual_gain(&self) -> Option<f64> {
        Some(1.0)
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(0.0), high: Some(1.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
}
