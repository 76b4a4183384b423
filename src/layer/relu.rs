//! `Relu`: what is positive passes.

use super::Activation;
use crate::{Bounds, Expectations, Float};

/// The rectified linear unit: f(x) = max(x, 0), and NaN of NaN; f'(0) is taken as 0.
///
/// ```
/// use evenkeel::{Activation, Relu};
/// assert_eq!([-2.0_f32, 3.0].map(|x| Relu.value(x)), [0.0, 3.0]);
/// assert!(Relu.value(f32::NAN).is_nan());
/// ```
///
/// # Notes
/// Weights that feed it start as [`He`](crate::He) says: it drops half of the second moment of a centred input. A unit that is
/// 0 on every example is dead: no gradient reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relu;

impl Activation for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        // Written this way round, a NaN passes.
        if x < T::zero() { T::zero() } else { x }
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        if x > T::zero() { T::one() } else { T::zero() }
    }

    fn usual_gain(&self) -> Option<f64> {
        Some(2.0_f64.sqrt())
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }

    fn kinks(&self) -> &[f64] {
        &[0.0]
    }

    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_two_slopes(mean, variance, [1.0, 0.0])
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Relu, |x| x.max(0.0));
}
