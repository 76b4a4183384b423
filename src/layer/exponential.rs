//! `Exponential`: always positive, without bound.

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Expectations, Float, Initializer, Xavier};

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

    /// E\[exp(k x)\] = exp(k mean + k^2 variance / 2): the higher a moment, the further out in the tail is what makes it.
    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        let variance = if variance > 0.0 { variance } else { 0.0 };
        let moment = |k: f64| (k * mean + k * k * variance / 2.0).exp();
        let second = moment(2.0);
        Expectations {
            mean: moment(1.0),
            second,
            fourth: moment(4.0),
            slope_mean: moment(1.0),
            slope_second: second,
            growth: 2.0 * second,
            curvature: 4.0 * second,
        }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Exponential, f64::exp);
}

#[cfg(test)]
#[test]
fn its_moments_are_those_of_the_quadrature() {
    for (mean, variance) in [(0.0, 0.0), (0.3, 1e-3), (-1.0, 0.25), (0.5, 1.0)] {
        let (exact, found) = (
            Exponential.expectations(mean, variance),
            Expectations::of(mean, variance, &[], |x: f64| (x.exp(), x.exp())),
        );
        let pairs = [
            (exact.mean, found.mean),
            (exact.second, found.second),
            (exact.fourth, found.fourth),
            (exact.slope_mean, found.slope_mean),
            (exact.slope_second, found.slope_second),
        ];
        for (exact, found) in pairs {
            assert!((exact / found - 1.0).abs() < 1e-12, "{mean} {variance}: {exact} {found}");
        }
        if variance > 0.0 {
            assert!((exact.growth / found.growth - 1.0).abs() < 1e-9, "{exact:?} {found:?}");
        }
    }
    // Here the fourth moment lies sixteen deviations out, beyond any quadrature that ends sooner.
    let wide = Exponential.expectations(0.0, 16.0);
    assert!((wide.fourth / 128_f64.exp() - 1.0).abs() < 1e-12 && (wide.second / 32_f64.exp() - 1.0).abs() < 1e-12);
}
