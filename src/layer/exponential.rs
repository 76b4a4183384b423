//! `Exponential`: always positive, without bound.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Float, Initializer, Xavier};

/// The exponential: f(x) = exp(x). For outputs that are rates or counts; as a hidden activation it explodes.
///
/// ```
/// use evenkeel::{Activation, Exponential};
/// assert_eq!(Exponential.value(0.0_f32), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exponential;

impl Activation for Exponential {
    fn name(&self) -> &'static str {
        "exponential"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x.exp()
    }

    fn slope<T: Float>(&self, _: T, y: T) -> T {
        y
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Exp, x, y);
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Exponential, f64::exp);
}
