//! log(1 + exp(x)).

use super::Function;
use super::exp::exp;
use super::log::log_one_plus;
use crate::Float;

/// Softplus: within 4 ulp, also far below zero, where it is exp(x), subnormal results included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Softplus;

impl<T: Float> Function<T> for Softplus {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let rest = log_one_plus::<T, FMA>(exp::<T, FMA>(-x.abs()));
        // A NaN is lost on the left, but not on the right.
        (if x > T::zero() { x } else { T::zero() }) + rest
    }
}
