//! x tanh(log(1 + exp(x))), which one exponential is enough for.
//!
//! With n = exp(x), tanh(log(1 + n)) = n (n + 2) / (n (n + 2) + 2); above zero both sides are multiplied by exp(-2x), so that nothing
//! overflows.

use super::exp::exp;
use super::{Function, mul_add};
use crate::Float;

/// m = exp(-|x|), and the two sides of the fraction that is tanh(log(1 + exp(x))).
#[inline(always)]
fn fraction<T: Float, const FMA: bool>(x: T) -> (T, T, T) {
    let two = T::of(2.0);
    let m = exp::<T, FMA>(-x.abs());
    let below = m * (m + two);
    let above = mul_add::<T, FMA>(two, m, T::one());
    if x > T::zero() { (m, above, mul_add::<T, FMA>(m + m, m, above)) } else { (m, below, below + two) }
}

/// Mish: within 5 ulp; NaN at minus infinity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mish;

impl<T: Float> Function<T> for Mish {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let (_, over, under) = fraction::<T, FMA>(x);
        x * (over / under)
    }
}

/// The derivative of [`Mish`]: t + x sigmoid(x) (1 - t^2), and the second factor is 4 n (1 + n) / under^2 below zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MishSlope;

impl<T: Float> Function<T> for MishSlope {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let (m, over, under) = fraction::<T, FMA>(x);
        let once = m * (T::one() + m);
        let curve = T::of(4.0) * (if x > T::zero() { m * once } else { once }) / (under * under);
        mul_add::<T, FMA>(x, curve, over / under)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has, near};
    use super::{Mish, MishSlope};

    fn log_one_plus_exp(x: f64) -> f64 {
        if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
    }

    #[test]
    fn agrees_with_its_formula() {
        agrees(Mish, 5.0, 400.0, |x| x * log_one_plus_exp(x).tanh());
        let inf = f64::INFINITY;
        has(Mish, &[(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, f64::NAN), (1e9, 1e9), (-1e9, -0.0)]);
        near(MishSlope, |x| {
            let t = log_one_plus_exp(x).tanh();
            let sigmoid = if x > 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) };
            t + x * sigmoid * log_one_plus_exp(x).cosh().powi(-2)
        });
    }
}
