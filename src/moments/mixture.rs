//! `Mixture`: the simplest law with some moments.

use super::expectation;

/// A law of at most two normal ones that has given mean, variance and fourth moment about the mean, and is symmetric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixture {
    /// Share, mean and deviation of each.
    parts: [[f64; 3]; 2],
}

/// The least part of the variance that the narrower one has.
const LEAST: f64 = 0.1;

impl Mixture {
    /// Of E\[x\] to E\[x^4\].
    ///
    /// With a fourth moment above that of a normal number it is one of two widths about the same mean; below it, two of the same width on both
    /// sides of it.
    pub(crate) fn of_powers([first, second, third, fourth]: [f64; 4]) -> Self {
        let square = first * first;
        let variance = (second - square).max(0.0);
        let about_mean = fourth - 4.0 * first * third + 6.0 * square * second - 3.0 * square * square;
        let excess = if variance > 0.0 { (about_mean / (variance * variance) - 3.0).max(-2.0) } else { 0.0 };
        let deviation = variance.sqrt();
        let parts = if excess < 0.0 {
            let shift = (-excess / 2.0).sqrt().sqrt();
            let width = deviation * (1.0 - shift * shift).max(0.0).sqrt();
            [-1.0, 1.0].map(|sign| [0.5, first + sign * shift * deviation, width])
        } else {
            // Variances that scatter about 1 with the variance `scatter`.
            let scatter = excess / 3.0;
            let below = 1.0 - (1.0 - scatter.sqrt()).max(LEAST);
            let wide = if below > 0.0 { below * below / (below * below + scatter) } else { 0.5 };
            let above = (1.0 - wide) * below / wide;
            [[1.0 - wide, 1.0 - below], [wide, 1.0 + above]].map(|[share, of]| [share, first, deviation * of.sqrt()])
        };
        Self { parts }
    }

    /// E\[f(x)\], for functions that are smooth.
    pub(crate) fn expectation<const N: usize>(&self, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
        let [one, other] =
            self.parts.map(|[share, mean, deviation]| expectation(mean, deviation, &[], &f).map(|value| share * value));
        std::array::from_fn(|which| one[which] + other[which])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_moments_that_were_asked_for() {
        // About the mean: variance 2, and a fourth moment of so many times its square; the third is 0.
        for kurtosis in [1.0, 1.5, 2.9, 3.0, 3.1, 5.5, 9.0, 100.0] {
            for mean in [0.0, -0.7] {
                let fourth = kurtosis * 4.0;
                let powers = [
                    mean,
                    2.0 + mean * mean,
                    mean * (mean * mean + 6.0),
                    fourth + 6.0 * mean * mean * 2.0 + f64::powi(mean, 4),
                ];
                let found = Mixture::of_powers(powers).expectation(|x| [x, x * x, x * x * x, x * x * x * x]);
                for (found, expected) in found.into_iter().zip(powers) {
                    assert!(
                        (found - expected).abs() < 1e-10 * expected.abs().max(1.0),
                        "{kurtosis} {mean}: {found} {expected}"
                    );
                }
            }
        }
    }
}
