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

#[cfg(test)]
mod tests {
    use super::super::tests::{agrees, has, near};
    use super::*;

    /// x, x Phi(x) and its derivative, in 40 digits, rounded.
    const EXACT: [(f64, f64, f64); 23] = [
        (-38.2, -5.378646e-318, -2.05464136e-316),
        (-30.0, -1.472014178144456e-196, -4.416031690708495e-195),
        (-20.5, -2.206758018052147e-92, -4.523803306172878e-91),
        (-12.3, -5.570309556075305e-34, -6.850900949792137e-33),
        (-8.7, -1.4436961568693623e-17, -1.255603622325922e-16),
        (-5.1, -8.661163776452767e-07, -4.406115192100745e-06),
        (-3.3, -0.0015952996698664658, -0.00520105335649337),
        (-2.1, -0.037515283181914764, -0.07450113099608054),
        (-1.2, -0.13808360426604993, -0.11795359575814726),
        (-0.7, -0.1693745565561511, 0.023385898866340155),
        (-0.3, -0.1146265733433142, 0.26767223317289013),
        (-0.01, -0.004960106436853684, 0.49202142034750757),
        (-1e-09, -4.999999996010577e-10, 0.49999999920211546),
        (1e-09, 5.000000003989423e-10, 0.5000000007978845),
        (0.01, 0.005039893563146316, 0.5079785796524924),
        (0.3, 0.1853734266566858, 0.7323277668271099),
        (0.7, 0.5306254434438489, 0.9766141011336599),
        (1.2, 1.0619163957339501, 1.1179535957581472),
        (2.1, 2.0624847168180853, 1.0745011309960806),
        (3.3, 3.2984047003301336, 1.0052010533564935),
        (5.1, 5.099999133883622, 1.000004406115192),
        (8.7, 8.7, 1.0000000000000002),
        (38.0, 38.0, 1.0),
    ];

    #[test]
    fn agrees_with_many_digits() {
        for (x, value, slope) in EXACT {
            for (y, dy) in
                [(Gelu.at::<true>(x), GeluSlope.at::<true>(x)), (Gelu.at::<false>(x), GeluSlope.at::<false>(x))]
            {
                let smallest = f64::MIN_POSITIVE * f64::EPSILON;
                assert!(
                    (y - value).abs() <= 5.0 * f64::EPSILON * value.abs() + 40.0 * smallest,
                    "{x}: {y}, not {value}"
                );
                let bound = 5.0 * f64::EPSILON * slope.abs().max(x.abs() * value.abs()) + 40.0 * smallest;
                assert!((dy - slope).abs() <= bound, "{x}: slope {dy}, not {slope}");
            }
        }
    }

    #[test]
    fn agrees_with_its_formula() {
        let share = |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
        // In f64 it is this formula that is not exact in the tail: hence only from -1 on.
        agrees(Tailless(Gelu), 5.0, 0.0, |x| x.max(-1.0) * share(x.max(-1.0)));
        let inf = f64::INFINITY;
        has(Gelu, &[(0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, f64::NAN), (1e9, 1e9), (-1e9, -0.0)]);
        near(GeluSlope, |x| {
            share(x) + if x.abs() > 50.0 { 0.0 } else { x * (-0.5 * x * x).exp() * 0.398_942_280_401_432_7 }
        });
        has(GeluSlope, &[(1e9, 1.0), (-1e9, 0.0)]);
    }

    #[derive(Debug, Clone, Copy)]
    struct Tailless<F>(F);

    impl<T: Float, F: Function<T>> Function<T> for Tailless<F> {
        #[inline(always)]
        fn at<const FMA: bool>(&self, x: T) -> T {
            self.0.at::<FMA>(if x < -T::one() { -T::one() } else { x })
        }
    }
}
