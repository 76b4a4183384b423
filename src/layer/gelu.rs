//! `Gelu`: each input times the share of normal numbers below it.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::Activation;
use crate::linalg::elementwise;
use crate::{Bounds, Expectations, Float};

/// The Gaussian error linear unit, exact: f(x) = x Phi(x), with Phi the normal distribution function.
///
/// ```
/// use evenkeel::{Activation, Gelu};
/// assert!((Gelu.value(1.0_f64) - 0.8413447460685429).abs() < 1e-15);
/// ```
///
/// # Notes
/// Hendrycks and Gimpel, "Gaussian error linear units", 2016; the form with the error function, not the one with tanh. Computed in f64
/// through erfc, so that the tail below zero keeps its relative accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gelu;

/// Phi(x), the share of a standard normal distribution below x.
fn normal_share(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

impl Activation for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn value<T: Float>(&self, x: T) -> T {
        T::of(x.get() * normal_share(x.get()))
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        let x = x.get();
        let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        T::of(normal_share(x) + x * density)
    }

    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        elementwise::map(elementwise::Gelu, x, y);
    }

    fn slopes<T: Float>(&self, x: &[T], _: &[T], dy: &[T], dx: &mut [T]) {
        elementwise::pull_back(elementwise::GeluSlope, x, dy, dx);
    }

    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_slices(mean, variance, &[], |x, y, slopes| {
            self.values(x, y);
            // The slope needs no second error function: it is f(x) / x and the density times x.
            let squares: Vec<f64> = x.iter().map(|x| -0.5 * x * x).collect();
            elementwise::map(elementwise::Exp, &squares, slopes);
            for ((slope, &x), &y) in slopes.iter_mut().zip(x).zip(&*y) {
                let share = if x == 0.0 { 0.5 } else { y / x };
                *slope = share + x * *slope / (2.0 * PI).sqrt();
            }
        })
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

#[cfg(test)]
#[test]
fn agrees_with_its_formula() {
    super::activation::tests::agrees(&Gelu, |x| 0.5 * x * libm::erfc(-x / 2_f64.sqrt()));
}
