//! x Phi(x), with Phi the normal distribution function.
//!
//! With a = |x|, Phi(-a) = exp(-a^2 / 2) h(a) / (a + c), where h hardly changes: a polynomial in y = 1 - 2c / (a + c), which runs from
//! -1 at a = 0 to below 1.

use super::exp::exp_of_sum;
use super::{Function, mul_add, polynomial};
use crate::Float;

/// Phi(x) and exp(-x^2 / 2).
#[inline(always)]
fn normal<T: Float, const FMA: bool>(x: T) -> (T, T) {
    let a = x.abs();
    // From there on the exponential is zero.
    let a = if a > T::GELU_HIGHEST { T::GELU_HIGHEST } else { a };
    // An exponent of some hundred, rounded, would cost the exponential as many ulps: so a^2 is taken as the square of the first half of
    // the bits of a, which is exact, and the rest.
    let half = a.first_half();
    let bell = exp_of_sum::<T, FMA>(T::of(-0.5) * (half * half), T::of(-0.5) * ((a - half) * (a + half)));
    let inverse = (a + T::of(T::GELU_PLACE)).recip();
    let y = mul_add::<T, FMA>(T::of(-2.0 * T::GELU_PLACE), inverse, T::one());
    let tail = bell * (inverse * polynomial::<T, FMA>(T::GELU, y));
    (if x > T::zero() { T::one() - tail } else { tail }, bell)
}

/// GELU: within 5 ulp, plus a few of the smallest subnormal number in the tail below zero; NaN at minus infinity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gelu;

impl<T: Float> Function<T> for Gelu {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        x * normal::<T, FMA>(x).0
    }
}

/// The derivative of [`Gelu`]: Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi).
#[derive(Debug, Clone, Copy)]
pub(crate) struct GeluSlope;

impl<T: Float> Function<T> for GeluSlope {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let (share, bell) = normal::<T, FMA>(x);
        mul_add::<T, FMA>(x, bell * T::of(0.398_942_280_401_432_7), share)
    }
}
