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

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has};
    use super::Tanh;

    #[test]
    fn agrees_with_its_formula() {
        agrees(Tanh, 3.0, 0.0, f64::tanh);
        let inf = f64::INFINITY;
        has(Tanh, &[(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (1e9, 1.0), (-1e9, -1.0)]);
    }
}
