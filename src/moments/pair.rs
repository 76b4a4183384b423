//! `Pair`: what a function makes of two correlated normal variables.

use std::f64::consts::PI;

use super::quadrature::expectation;

/// E\[f(u) f(v)\] and E\[f'(u) f'(v)\] for normal u and v of mean 0 and the same variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) product: f64,
    pub(crate) slopes: f64,
}

/// Of u and v with that variance and correlation: one integral inside the other, v = c u + sqrt(1 - c^2) w.
pub(crate) fn correlated(variance: f64, c: f64, kinks: &[f64], f: impl Fn(f64) -> (f64, f64)) -> Pair {
    let deviation = variance.sqrt();
    let rest = deviation * ((1.0 - c) * (1.0 + c)).max(0.0).sqrt();
    if rest == 0.0 {
        let both = |u: f64| {
            let ((of_u, slope_of_u), (of_v, slope_of_v)) = (f(u), f(c * u));
            [of_u * of_v, slope_of_u * slope_of_v]
        };
        let [product, slopes] = expectation(0.0, deviation, kinks, both);
        return Pair { product, slopes };
    }
    // Where v is near a kink the inner integral changes quickly with u: panels end there, and at a few of its widths beside it.
    let mut cuts = kinks.to_vec();
    if c != 0.0 {
        let width = rest / c.abs();
        cuts.extend(
            kinks.iter().flat_map(|&kink| [-8.0, -4.0, -2.0, 0.0, 2.0, 4.0, 8.0].map(|k| kink / c + k * width)),
        );
    }
    let of_u = |u: f64| {
        let (value, slope) = f(u);
        let [product, slopes] = expectation(c * u, rest, kinks, |v| {
            let (of_v, slope_of_v) = f(v);
            [of_v, slope_of_v]
        });
        [value * product, slope * slopes]
    };
    let [product, slopes] = expectation(0.0, deviation, &cuts, of_u);
    Pair { product, slopes }
}

impl Pair {
    /// Of f(x) = above x where x > 0, else below x: in closed form (Cho and Saul, "Kernel methods for deep learning", 2009).
    pub(crate) fn of_two_slopes(variance: f64, c: f64, [above, below]: [f64; 2]) -> Self {
        let (angle, both, difference) = (PI - c.acos(), above * below, (above - below).powi(2) / (2.0 * PI));
        let arc = ((1.0 - c) * (1.0 + c)).max(0.0).sqrt() + c * angle;
        Self { product: variance * (both * c + difference * arc), slopes: both + difference * angle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Elu, Gelu, Relu, Selu, Tanh};

    fn of(activation: &impl Activation, variance: f64, c: f64) -> Pair {
        correlated(variance, c, activation.kinks(), |x| {
            let y = activation.value(x);
            (y, activation.slope(x, y))
        })
    }

    const CORRELATIONS: [f64; 9] = [-1.0, -0.7, -0.1, 0.0, 0.3, 0.9, 0.999, 0.999_999, 1.0];

    #[test]
    fn two_slopes_agree_with_the_quadrature() {
        for variance in [1e-6, 1.0, 30.0] {
            for c in CORRELATIONS {
                let (found, expected) = (of(&Relu, variance, c), Pair::of_two_slopes(variance, c, [1.0, 0.0]));
                assert!((found.product - expected.product).abs() <= 1e-10 * variance, "{variance} {c} {found:?}");
                // E f' f' has an infinite slope at both ends, where its quadrature is the weaker: sqrt(1 - c^2) of rounding.
                assert!((found.slopes - expected.slopes).abs() <= 1e-8, "{variance} {c} {found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn smooth_functions_agree_with_their_closed_forms() {
        for q in [0.01, 1.0, 9.0] {
            for c in CORRELATIONS {
                let k: f64 = q * c;
                let v = q - k * k / (1.0 + q);
                let expected = k * (0.25 + (k / (1.0 + q)).asin() / (2.0 * PI))
                    + (q * v + k * k / (1.0 + q)) / (2.0 * PI * ((1.0 + q) * (1.0 + v)).sqrt());
                let found = of(&Gelu, q, c).product;
                assert!((found - expected).abs() <= 1e-12 * q.max(1.0), "GELU, {q} {c}: {found} {expected}");
                let sine = correlated(q, c, &[], |x| (x.sin(), x.cos()));
                assert!((sine.product - (-q).exp() * k.sinh()).abs() < 1e-12, "{q} {c}: {sine:?}");
                assert!((sine.slopes - (-q).exp() * k.cosh()).abs() < 1e-12, "{q} {c}: {sine:?}");
                // Williams, "Computing with infinite networks", 1998.
                let erf = correlated(q, c, &[], |x| (libm::erf(x), std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()));
                let (sine, root) = (2.0 * k / (1.0 + 2.0 * q), (1.0 + 2.0 * q).powi(2) - 4.0 * k * k);
                assert!((erf.product - 2.0 / PI * sine.asin()).abs() < 1e-12, "{q} {c}: {erf:?}");
                assert!((erf.slopes - 4.0 / PI / root.sqrt()).abs() < 1e-12, "{q} {c}: {erf:?}");
            }
        }
    }

    #[test]
    fn of_one_variable_twice_it_is_the_second_moment() {
        for q in [0.2, 1.0, 5.0] {
            let check = |pair: Pair, single: crate::Expectations| {
                approx::assert_relative_eq!(pair.product, single.second, max_relative = 1e-12);
                approx::assert_relative_eq!(pair.slopes, single.slope_second, max_relative = 1e-12);
            };
            check(of(&Tanh, q, 1.0), Tanh.expectations(0.0, q));
            check(of(&Selu, q, 1.0), Selu.expectations(0.0, q));
            check(of(&Elu::default(), q, 1.0), Elu::default().expectations(0.0, q));
            // And of two that have nothing in common the square of the mean.
            approx::assert_relative_eq!(
                of(&Elu::default(), q, 0.0).product,
                Elu::default().expectations(0.0, q).mean.powi(2),
                max_relative = 1e-12
            );
        }
    }
}
