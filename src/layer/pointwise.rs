//! `Pointwise`: a function applied to every number on its own, whose type is only known when the program runs.

use std::fmt::Debug;

use crate::{Activation, Expectations};

/// What an [`Activation`] says of itself where its type is only known when the program runs; every activation says it by itself.
///
/// ```
/// use evenkeel::{Layer, Tanh};
/// let layer: Box<dyn Layer<f32>> = Box::new(Tanh);
/// let tanh = layer.pointwise().expect("it is one");
/// assert_eq!(tanh.value_and_slope(0.0), (0.0, 1.0));
/// assert!((tanh.expected(0.0, 1.0).second - 0.394_294_490_397_84).abs() < 1e-13);
/// ```
pub trait Pointwise: Debug + Send + Sync {
    /// f(x) and f'(x).
    fn value_and_slope(&self, x: f64) -> (f64, f64);

    /// The moments of f(x) and f'(x) where x is normal, with that mean and variance.
    fn expected(&self, mean: f64, variance: f64) -> Expectations;

    /// The inputs at which the slope is not smooth.
    fn breaks(&self) -> &[f64];
}

impl<A: Activation> Pointwise for A {
    fn value_and_slope(&self, x: f64) -> (f64, f64) {
        let y = self.value(x);
        (y, self.slope(x, y))
    }

    fn expected(&self, mean: f64, variance: f64) -> Expectations {
        self.expectations(mean, variance)
    }

    fn breaks(&self) -> &[f64] {
        self.kinks()
    }
}
