//! `Selu`: the unit that normalizes itself.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Float, Initializer, LeCun};

const ALPHA: f64 = 1.673_263_242_354_377_2;
const SCALE: f64 = 1.050_700_987_355_480_5;

/// The scaled exponential linear unit: f(x) = s x where x > 0, else s a (exp(x) - 1), with s = 1.0507..., a = 1.6732...
///
/// ```
/// use evenkeel::{Activation, Selu};
/// assert_eq!(Selu.value(1.0_f64), 1.0507009873554805);
/// ```
///
/// # Notes
/// Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017: with [`LeCun`] weights, mean 0 and
/// variance 1 of a layer's inputs are a fixed point that attracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selu;

fn kernel<T: Float>() -> elementwise::Elu<T> {
    elementwise::Elu { above: T::of(SCALE), below: T::of(SCALE * ALPHA) }
}

impl Activation for Selu {
    fn name(&self) -> &'static str {
        "selu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        if x > T::zero() { T::of(SCALE) * x } else { T::of(SCALE * ALPHA) * x.exp_m1() }
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        if x > T::zero() { T::of(SCALE) } else { T::of(SCALE * ALPHA) * x.exp() }
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(kernel(), x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::EluSlope(kernel()), x, dy, dx);
    }

    fn usual_gain(&self) -> Option<f64> {
        Some(0.75)
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(LeCun::normal())
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: Some(-SCALE * ALPHA), ..Bounds::NONE }
    }

    fn kinks(&self) -> &[f64] {
        &[0.0]
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Selu, |x| SCALE * if x > 0.0 { x } else { ALPHA * x.exp_m1() });
}
