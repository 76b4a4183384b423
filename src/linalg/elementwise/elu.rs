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

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has};
    use super::*;

    /// An `Elu` of both types.
    #[derive(Debug, Clone, Copy)]
    struct Both(f64, f64);

    impl<T: Float> Function<T> for Both {
        #[inline(always)]
        fn at<const FMA: bool>(&self, x: T) -> T {
            Elu { above: T::of(self.0), below: T::of(self.1) }.at::<FMA>(x)
        }
    }

    #[derive(Debug, Clone, Copy)]
    struct BothSlopes(f64, f64);

    impl<T: Float> Function<T> for BothSlopes {
        #[inline(always)]
        fn at<const FMA: bool>(&self, x: T) -> T {
            EluSlope(Elu { above: T::of(self.0), below: T::of(self.1) }).at::<FMA>(x)
        }
    }

    #[test]
    fn agrees_with_its_formula() {
        agrees(Both(1.25, 1.75), 2.5, 1.0, |x| if x > 0.0 { 1.25 * x } else { 1.75 * x.exp_m1() });
        agrees(BothSlopes(1.25, 1.75), 2.5, 2.0, |x| if x > 0.0 { 1.25 } else { 1.75 * x.exp() });
        let inf = f64::INFINITY;
        has(Both(2.0, 3.0), &[(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -3.0), (1e9, 2e9), (-1e9, -3.0)]);
        has(BothSlopes(2.0, 3.0), &[(0.0, 3.0), (-0.0, 3.0), (inf, 2.0), (-inf, 0.0), (1e9, 2.0), (-1e9, 0.0)]);
    }
}
