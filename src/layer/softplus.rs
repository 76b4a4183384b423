//! `Softplus`: a smooth ReLU.

use super::Activation;
use super::sigmoid::logistic;
use crate::linalg::elementwise;
use crate::{Bounds, Float};

/// Softplus: f(x) = log(1 + exp(x)).
///
/// ```
/// use evenkeel::{Activation, Softplus};
/// assert_eq!(Softplus.value(1e9_f32), 1e9);
/// assert!((Softplus.value(0.0_f64) - 2_f64.ln()).abs() < 1e-15);
/// ```
///
/// # Notes
/// Dugas, Bengio, Belisle, Nadeau and Garcia, "Incorporating second-order functional knowledge", 2001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Softplus;

/// log(1 + exp(x)) without overflow, and with full relative accuracy far below zero.
pub(super) fn log_one_plus_exp<T: Float>(x: T) -> T {
    if x > T::zero() { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

impl Activation for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn value<T: Float>(&self, x: T) -> T {
        log_one_plus_exp(x)
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        logistic(x)
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Softplus, x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::Sigmoid, x, dy, dx);
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Softplus, |x| x.exp().ln_1p());
}
