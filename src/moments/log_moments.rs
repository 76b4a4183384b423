//! `LogMoments`: how the mean square of finitely many numbers scatters, on the scale of logarithms.

use super::gamma::{digamma, trigamma};

/// Mean and variance of ln X, for X the mean over so many units of squares whose mean is 1. Over the layers of a network such X multiply, so
/// that these add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LogMoments {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

/// Where the sum over the steps of ln t starts: below e^-18 two transforms of the same mean differ by t^2 times half the variance of X, 1e-16 of
/// it; of other means they differ by t, which e^-40 takes as far down.
const FADED: i32 = -60;
const FADED_SLOWLY: i32 = -134;

impl LogMoments {
    /// No scatter at all.
    pub(crate) const NONE: Self = Self { mean: 0.0, variance: 0.0 };

    /// Of normal numbers: X = chi^2 / n with n degrees of freedom.
    pub(crate) fn of_normal(units: usize) -> Self {
        Self::of_gamma(units as f64 / 2.0)
    }

    /// Of a gamma variable of mean 1 and variance 1 / shape; exact where the squares are those of normal numbers, and right to first order
    /// in 1 / units where `shape` is units over the relative variance of a square.
    pub(crate) fn of_gamma(shape: f64) -> Self {
        Self { mean: digamma(shape) - shape.ln(), variance: trigamma(shape) }
    }

    /// Of f(z), z normal, with two slopes: f(z) = above z where z > 0, else below z. Exact; where a slope is 0 under the condition that not
    /// every unit is 0, since the logarithm of that is none.
    pub(crate) fn of_two_slopes(units: usize, [above, below]: [f64; 2]) -> Self {
        let (above, below) = (above * above, below * below);
        if above == below {
            return Self::of_normal(units);
        }
        let (n, half) = (units as f64, (above + below) / 2.0);
        let (above, below) = (above / half, below / half);
        let dead = if above == 0.0 || below == 0.0 { 0.5_f64.powf(n) } else { 0.0 };
        // E[exp(-t X)]: that of chi^2 with one degree of freedom is 1 / sqrt(1 + 2 t).
        // Under the condition the mean is 1 / (1 - dead): then both transforms differ by a multiple of t.
        Self::of_transform(if dead < 1e-12 { FADED } else { FADED_SLOWLY }, |t| {
            let side_less_1 = |square: f64| (-0.5 * (2.0 * square * t / n).ln_1p()).exp_m1();
            let all = ((0.5 * (side_less_1(above) + side_less_1(below))).ln_1p() * n).exp();
            (all - dead) / (1.0 - dead)
        })
    }

    /// Of the share X n_in / n_out of a vector of n_in normal numbers, as its projection on n_out of them has it: what orthogonal weights
    /// from n_in to n_out do to a mean square. Beta(n_out / 2, (n_in - n_out) / 2) where they narrow, else no scatter.
    pub(crate) fn of_projection(n_in: usize, n_out: usize) -> Self {
        if n_out >= n_in {
            return Self::NONE;
        }
        let (all, part) = (n_in as f64 / 2.0, n_out as f64 / 2.0);
        let mean = digamma(part) - digamma(all) + (all / part).ln();
        Self { mean, variance: trigamma(part) - trigamma(all) }
    }

    /// Of a variable whose Laplace transform L(t) = E\[exp(-t X)\] is known:
    ///
    /// ```text
    /// E[ln X] = int (exp(-t) - L(t)) / t dt          E[ln^2 X] = 2 int ln t (L(t) - exp(-t)) / t dt - 2 gamma E[ln X]
    /// ```
    ///
    /// from the terms of first and second order in s of Gamma(s) E\[X^-s\] = int t^(s - 1) L(t) dt. In x = ln t both integrands are smooth
    /// and fall off on both sides, where the trapezoidal rule converges faster than any power of its step.
    fn of_transform(start: i32, transform: impl Fn(f64) -> f64) -> Self {
        // Both transforms are at most 1 wherever t has no negative real part, that is for |Im x| < pi / 2: the rule errs by about
        // exp(-2 pi (pi / 2) / STEP), here 5e-15.
        const STEP: f64 = 0.3;
        const EULER: f64 = 0.577_215_664_901_532_9;
        let (mut first, mut second) = (0.0, 0.0);
        // Above e^80 the transform of a single degree of freedom is below 1e-17, and that of many units long before.
        for step in start..=267 {
            let x = f64::from(step) * STEP;
            let t = x.exp();
            let of_units = transform(t);
            let difference = of_units - (-t).exp();
            first += difference;
            second += x * difference;
            if x > 4.0 && of_units.abs() < 1e-18 {
                break;
            }
        }
        let mean = -STEP * first;
        let square = 2.0 * (STEP * second - EULER * mean);
        Self { mean, variance: square - mean * mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E ln and Var ln of |relu(z)|^2 / (n / 2) over one layer that is not dead, by summing over the number of active units, and of
    /// |z|^2 / n: propagation theory at 34 digits.
    const RELU: [(usize, f64, f64); 4] = [
        (4, -0.716_572_657_498_807_8, 2.926_362_477_831_524_7),
        (8, -0.398_777_269_866_756_6, 1.246_989_127_766_658_5),
        (16, -0.176_397_324_407_05, 0.419_593_394_106_779_15),
        (32, -0.082_540_208_096_226_64, 0.177_497_787_225_960_52),
    ];
    const LINEAR: [(usize, f64, f64); 4] = [
        (4, -0.270_362_845_461_478_15, 0.644_934_066_848_226_4),
        (8, -0.130_176_692_688_090_3, 0.283_822_955_737_115_25),
        (16, -0.063_800_063_724_225_97, 0.133_137_014_694_031_44),
        (32, -0.031_575_393_912_320_67, 0.064_493_783_403_239_36),
    ];

    #[test]
    fn exact_laws() {
        for (units, mean, variance) in RELU {
            // Sums of some 600 terms of up to 40, each right to rounding.
            let found = LogMoments::of_two_slopes(units, [1.0, 0.0]);
            approx::assert_abs_diff_eq!(found.mean, mean, epsilon = 1e-11);
            approx::assert_abs_diff_eq!(found.variance, variance, epsilon = 1e-9);
            // Whatever the slope.
            let scaled = LogMoments::of_two_slopes(units, [0.0, -3.0]);
            approx::assert_abs_diff_eq!(found.variance, scaled.variance, epsilon = 1e-9);
        }
        for (units, mean, variance) in LINEAR {
            let found = LogMoments::of_normal(units);
            approx::assert_relative_eq!(found.mean, mean, max_relative = 1e-13);
            approx::assert_relative_eq!(found.variance, variance, max_relative = 1e-13);
        }
    }

    #[test]
    fn the_transform_agrees_with_the_gamma_law() {
        for units in [1, 2, 7, 64, 500, 1024, 100_000] {
            let n = units as f64;
            let by_transform = LogMoments::of_transform(FADED, |t| (-0.5 * n * (2.0 * t / n).ln_1p()).exp());
            let expected = LogMoments::of_normal(units);
            approx::assert_abs_diff_eq!(by_transform.mean, expected.mean, epsilon = 1e-11);
            approx::assert_abs_diff_eq!(by_transform.variance, expected.variance, epsilon = 1e-9);
        }
    }

    #[test]
    fn projections() {
        assert_eq!(LogMoments::of_projection(8, 8), LogMoments::NONE);
        assert_eq!(LogMoments::of_projection(8, 9), LogMoments::NONE);
        // A quarter of many: as good as normal numbers.
        let (found, normal) = (LogMoments::of_projection(1_000_000, 64), LogMoments::of_normal(64));
        approx::assert_relative_eq!(found.variance, normal.variance, max_relative = 1e-4);
        approx::assert_relative_eq!(found.mean, normal.mean, max_relative = 1e-4);
    }
}
