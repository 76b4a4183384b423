//! The digamma and trigamma functions: mean and variance of the logarithm of a gamma variable.

/// From here on the asymptotic series is exact to rounding: its last term below is under 1e-17 of the first.
const FAR: f64 = 12.0;

/// psi(x), the derivative of ln Gamma(x), for x above 0: by psi(x) = psi(x + 1) - 1 / x up to where its series converges.
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < FAR {
        below += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    // Bernoulli's numbers, B_2k / 2k.
    let terms = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0, 1.0 / 12.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * square);
    x.ln() - 0.5 / x - series - below
}

/// psi'(x), for x above 0.
pub(super) fn trigamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < FAR {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    // Bernoulli's numbers, B_2k.
    let terms = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * square);
    (1.0 + series) / x + 0.5 * square + below
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{LN_2, PI};

    use super::*;

    const EULER: f64 = 0.577_215_664_901_532_9;

    #[test]
    fn known_values() {
        let close = |found: f64, expected: f64| approx::assert_relative_eq!(found, expected, max_relative = 4e-15);
        close(digamma(1.0), -EULER);
        close(digamma(0.5), -EULER - 2.0 * LN_2);
        close(digamma(10.0), 2.251_752_589_066_721);
        close(trigamma(1.0), PI * PI / 6.0);
        close(trigamma(0.5), PI * PI / 2.0);
        close(trigamma(2.0), PI * PI / 6.0 - 1.0);
        close(digamma(1e6), 1e6_f64.ln() - 0.5e-6 - 1e-12 / 12.0);
    }

    #[test]
    fn the_recurrence_holds_across_the_series() {
        for x in [0.1, 0.7, 3.3, 11.4, 11.99, 40.0] {
            approx::assert_relative_eq!(digamma(x + 1.0) - digamma(x), 1.0 / x, max_relative = 1e-12);
            approx::assert_relative_eq!(trigamma(x) - trigamma(x + 1.0), 1.0 / (x * x), max_relative = 1e-12);
        }
    }
}
