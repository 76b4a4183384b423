//! `Mish`: each input times the tanh of its softplus.

use super::Activation;
use super::sigmoid::logistic;
use super::softplus::log_one_plus_exp;
use crate::linalg::elementwise;
use crate::{Bounds, Float};

/// Mish: f(x) = x tanh(log(1 + exp(x))).
///
/// ```
/// use evenkeel::{Activation, Mish};
/// assert!((Mish.value(1.0_f64) - 0.8650983882673103).abs() < 1e-15);
/// ```
///
/// # Notes
/// Misra, "Mish: a self regularized non-monotonic activation function", 2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mish;

impl Activation for Mish {
    fn name(&self) -> &'static str {
        "mish"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x * log_one_plus_exp(x).tanh()
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        let t = log_one_plus_exp(x).tanh();
        t + x * logistic(x) * (T::one() - t * t)
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Mish, x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::MishSlope, x, dy, dx);
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Mish, |x| x * x.exp().ln_1p().tanh());
}
