//! tanh(x).

use super::Function;
use super::exp::exp_less_one;
use crate::Float;

/// tanh(x): within 3 ulp, odd to the last bit.
///
/// With t = exp(-2|x|) - 1 it is -t / (2 + t), and neither half of that loses digits near zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tanh;

impl<T: Float> Function<T> for Tanh {
    #[inline(always)]
    fn at<const FMA: bool>(&self, x: T) -> T {
        let t = exp_less_one::<T, FMA>(-(x.abs() + x.abs()));
        (t / (T::of(2.0) + t)).abs().copysign(x)
    }
}
