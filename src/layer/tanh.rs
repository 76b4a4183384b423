//! `Tanh`: between -1 and 1.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Float, Initializer, Xavier};

/// The hyperbolic tangent: f(x) = tanh(x).
///
/// ```
/// use evenkeel::{Activation, Tanh};
/// assert_eq!([-1e9_f32, 0.0].map(|x| Tanh.value(x)), [-1.0, 0.0]);
/// ```
///
/// # Notes
/// Its slope at 0 is 1, which is what [`Xavier`] assumes of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tanh;

impl Activation for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x.tanh()
    }

    fn slope<T: Float>(&self, _: T, y: T) -> T {
        T::one() - y * y
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Tanh, x, y);
    }

    fn usual_gain(&self) -> Option<f64> {
        Some(5.0 / 3.0)
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(-1.0), high: Some(1.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Tanh, f64::tanh);
}
