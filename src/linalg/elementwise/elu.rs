//! Straight above zero, a scaled exp(x) - 1 below.

use super::Function;
use super::exp::{exp, exp_less_one};
use crate::Float;

/// `above * x` where x > 0, else `below * (exp(x) - 1)`: within 2.5 ulp.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elu<T> {
    /// The slope above zero.
    pub(crate) above: T,
    /// The negative of the floor below.
    pub(crate) below: T,
}

impl<T: Float> Function<T> for Elu<T> {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let low = self.below * exp_less_one::<T, FMA>(if x > T::zero() { T::zero() } else { x });
        // Zero goes with the line, and keeps its sign.
        if x >= T::zero() { self.above * x } else { low }
    }
}

/// The derivative of [`Elu`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct EluSlope<T>(pub(crate) Elu<T>);

impl<T: Float> Function<T> for EluSlope<T> {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let low = self.0.below * exp::<T, FMA>(x);
        if x > T::zero() { self.0.above } else { low }
    }
}
