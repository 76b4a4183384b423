//! `Elu`: smooth below zero, down to a floor.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Error, Float};

/// The exponential linear unit: f(x) = x where x > 0, else a (exp(x) - 1).
///
/// ```
/// use evenkeel::{Activation, Elu};
/// assert_eq!([-1e9_f32, 3.0].map(|x| Elu::default().value(x)), [-1.0, 3.0]);
/// ```
///
/// # Notes
/// Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2016.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elu {
    alpha: f64,
}

impl Elu {
    /// With the floor at `-alpha`.
    ///
    /// # Errors
    /// [`Error::Argument`] where `alpha` is zero, negative or not finite.
    pub fn new(alpha: f64) -> Result<Self, Error> {
        Ok(Self { alpha: Error::positive("Elu", "alpha", alpha)? })
    }

    fn kernel<T: Float>(&self) -> elementwise::Elu<T> {
        elementwise::Elu { above: T::one(), below: T::of(self.alpha) }
    }
}

impl Default for Elu {
    /// With the floor at -1.
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Activation for Elu {
    fn name(&self) -> &'static str {
        "elu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        if x > T::zero() { x } else { T::of(self.alpha) * x.exp_m1() }
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        if x > T::zero() { T::one() } else { T::of(self.alpha) * x.exp() }
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(self.kernel(), x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::EluSlope(self.kernel()), x, dy, dx);
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(-self.alpha), ..Bounds::NONE }
    }

    fn kinks(&self) -> &[f64] {
        &[0.0]
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Elu::default(), |x| if x > 0.0 { x } else { x.exp_m1() });
    super::activation::tests::agrees(&Elu::new(2.0).unwrap(), |x| if x > 0.0 { x } else { 2.0 * x.exp_m1() });
    assert!(Elu::new(0.0).is_err());
}
