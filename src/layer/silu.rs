//! `Silu`: each input times its sigmoid.

use super::Activation;
use super::sigmoid::logistic;
use crate::linalg::elementwise;
use crate::{Bounds, Float};

/// The sigmoid linear unit, also called swish: f(x) = x / (1 + exp(-x)).
///
/// ```
/// use evenkeel::{Activation, Silu};
/// assert!((Silu.value(1.0_f64) - 0.7310585786300049).abs() < 1e-15);
/// ```
///
/// # Notes
/// Hendrycks and Gimpel, 2016; Ramachandran, Zoph and Le, "Searching for activation functions", 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Silu;

impl Activation for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x * logistic(x)
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        logistic(x) * (T::one() + x * logistic(-x))
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Silu, x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::SiluSlope, x, dy, dx);
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Silu, |x| x / (1.0 + (-x).exp()));
}
