//! 1 / (1 + exp(-x)), and x times it.

use super::exp::exp;
use super::{Function, mul_add};
use crate::Float;

/// The logistic sigmoid: within 3 ulp in both tails, subnormal results included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sigmoid;

/// 1 / (1 + exp(-x)). With m = exp(-|x|) it is 1 / (1 + m) above zero and m / (1 + m) below, and nothing overflows.
#[inline(always)]
pub(super) fn sigmoid<T: Float, const FMA: bool>(x: T) -> T {
    let m = exp::<T, FMA>(-x.abs());
    (if x > T::zero() { T::one() } else { m }) / (T::one() + m)
}

impl<T: Float> Function<T> for Sigmoid {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        sigmoid::<T, FMA>(x)
    }
}

/// x / (1 + exp(-x)): within 3.5 ulp; NaN at minus infinity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silu;

impl<T: Float> Function<T> for Silu {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        x * sigmoid::<T, FMA>(x)
    }
}

/// The derivative of [`Silu`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct SiluSlope;

impl<T: Float> Function<T> for SiluSlope {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let s = sigmoid::<T, FMA>(x);
        s * mul_add::<T, FMA>(x, T::one() - s, T::one())
    }
}
