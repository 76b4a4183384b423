//! `Identity`: nothing at all.

use super::Activation;
use crate::{Expectations, Float, Initializer, Xavier};

/// The identity: f(x) = x. A stack of linear layers with nothing else between them is one linear layer.
///
/// ```
/// use evenkeel::{Activation, Identity};
/// assert_eq!(Identity.value(-2.5_f32), -2.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity;

impl Activation for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x
    }

    fn slope<T: Float>(&self, _: T, _: T) -> T {
        T::one()
    }

    fn usual_gain(&self) -> Option<f64> {
        Some(1.0)
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_two_slopes(mean, variance, [1.0, 1.0])
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Identity, |x| x);
}
