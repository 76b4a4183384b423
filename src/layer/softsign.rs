//! `Softsign`: between -1 and 1, approached slowly.

use super::Activation;
use crate::{Bounds, Float, Initializer, Xavier};

/// Softsign: f(x) = x / (1 + |x|).
///
/// ```
/// use evenkeel::{Activation, Softsign};
/// assert_eq!([-1.0_f32, 3.0].map(|x| Softsign.value(x)), [-0.5, 0.75]);
/// ```
///
/// # Notes
/// Turian, Bergstra and Bengio, 2009. Its tails fall off as 1 / x, so it saturates far more gently than tanh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Softsign;

impl Activation for Softsign {
    fn name(&self) -> &'static str {
        "softsign"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x / (T::one() + x.abs())
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        let root = T::one() + x.abs();
        (root * root).recip()
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(-1.0), high: Some(1.0), ..Bounds::NONE }
    }

    fn kinks(&self) -> &[f64] {
        &[0.0]
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Softsign, |x| x / (1.0 + x.abs()));
}
