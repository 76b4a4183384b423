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
        let m = exp::<T, FMA>(-x.abs());
        let near = (T::one() + m).recip();
        let far = m * near;
        // The sigmoid, and 1 less it, which as a difference would lose its digits.
        let (s, rest) = if x > T::zero() { (near, far) } else { (far, near) };
        s * mul_add::<T, FMA>(x, rest, T::one())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has};
    use super::{Sigmoid, Silu, SiluSlope};

    fn formula(x: f64) -> f64 {
        if x > 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
    }

    #[test]
    fn agrees_with_its_formula() {
        agrees(Sigmoid, 3.0, 1.0, formula);
        let inf = f64::INFINITY;
        has(Sigmoid, &[(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (1e9, 1.0), (-1e9, 0.0)]);
    }

    #[test]
    fn silu_agrees_with_its_formula() {
        agrees(Silu, 3.5, 400.0, |x| x * formula(x));
        let inf = f64::INFINITY;
        has(Silu, &[(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, f64::NAN), (-1e9, -0.0)]);
        // Around its zero at -1.28 the slope is a difference.
        let slope = |x: f64| formula(x) * (1.0 + x * formula(-x));
        super::super::tests::near(SiluSlope, slope);
        has(SiluSlope, &[(0.0, 0.5), (-0.0, 0.5), (1e9, 1.0)]);
    }
}
