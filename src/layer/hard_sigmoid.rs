//! `HardSigmoid`: a straight line between 0 and 1.

use super::Activation;
use crate::{Bounds, Float, Initializer, Xavier};

/// The sigmoid in three straight pieces: f(x) = x / 6 + 1/2, limited to the range from 0 to 1.
///
/// ```
/// use evenkeel::{Activation, HardSigmoid};
/// assert_eq!([-3.0_f32, 0.0, 3.0].map(|x| HardSigmoid.value(x)), [0.0, 0.5, 1.0]);
/// ```
///
/// # Notes
/// As in PyTorch and Keras 3. Beyond -3 and 3 it passes no gradient at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HardSigmoid;

impl Activation for HardSigmoid {
    fn name(&self) -> &'static str {
        "hard_sigmoid"
    }

    fn value<T: Float>(&self, x: T) -> T {
        let three = T::of(3.0);
        // Written this way round, a NaN passes.
        if x <= -three {
            T::zero()
        } else if x >= three {
            T::one()
        } else {
            x / T::of(6.0) + T::of(0.5)
        }
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        if x.abs() < T::of(3.0) { T::of(1.0 / 6.0) } else { T::zero() }
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Xavier::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(0.0), high: Some(1.0), ..Bounds::NONE }
    }

    fn kinks(&self) -> &[f64] {
        &[-3.0, 3.0]
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&HardSigmoid, |x| (x / 6.0 + 0.5).clamp(0.0, 1.0));
}
