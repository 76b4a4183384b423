//! `cut_normal`: the moments of a normal distribution cut at two bounds.

use super::quadrature::rule;

/// How many panels each side of the mode is integrated in.
const PANELS: usize = 16;
/// How far down the density is followed: to e^-80 of its largest value.
const DEPTH: f64 = 80.0;

/// The moments of a standard normal number, given that it lies between two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CutMoments {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
    /// The fourth central moment over the square of the variance.
    pub(crate) kurtosis: f64,
}

/// The moments of a standard normal number, given that it lies between `low` and `high`, of which either may be infinite.
///
/// Integrated over the distance from the most likely number, with the density relative to the one there: every term is positive, so
/// nothing cancels, however far out in a tail the bounds are, where the usual formulas lose all of their digits.
pub(crate) fn cut_normal(low: f64, high: f64) -> CutMoments {
    let mode = 0.0_f64.clamp(low, high);
    // Where d^2 / 2 + |mode| d = DEPTH.
    let reach = 2.0 * DEPTH / (mode.abs() + mode.hypot((2.0 * DEPTH).sqrt()));
    let (below, above) = ((mode - low).min(reach), (high - mode).min(reach));
    // In units of the whole width, so that no power under- or overflows.
    let width = below + above;
    let (below, above) = (below / width, above / width);
    let integral = |f: &dyn Fn(f64) -> f64| {
        let side = |end: f64| {
            let half = end / PANELS as f64 / 2.0;
            let panel = |panel: usize| {
                let middle = (2 * panel + 1) as f64 * half;
                let terms = rule().iter().map(|&(point, weight)| {
                    let y = middle + half * point;
                    let d = width * y;
                    weight * (-d * (d / 2.0 + mode)).exp() * f(y)
                });
                terms.sum::<f64>()
            };
            half.abs() * (0..PANELS).map(panel).sum::<f64>()
        };
        side(-below) + side(above)
    };
    let all = integral(&|_| 1.0);
    let mean = integral(&|y| y) / all;
    let second = integral(&|y| (y - mean).powi(2)) / all;
    let fourth = integral(&|y| (y - mean).powi(4)) / all;
    CutMoments { mean: mode + width * mean, variance: width * width * second, kurtosis: fourth / (second * second) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_limits() {
        // All of it, as good as nothing of it, and so far out that it is exponential.
        let whole = cut_normal(f64::NEG_INFINITY, f64::INFINITY);
        assert!(whole.mean == 0.0 && (whole.variance - 1.0).abs() < 1e-13 && (whole.kurtosis - 3.0).abs() < 1e-12);
        let narrow = cut_normal(-1e-9, 1e-9);
        assert!((narrow.variance / (1e-18 / 3.0) - 1.0).abs() < 1e-13 && (narrow.kurtosis - 1.8).abs() < 1e-12);
        let far = cut_normal(1e100, f64::INFINITY);
        assert!((far.variance * 1e100 * 1e100 - 1.0).abs() < 1e-12 && (far.kurtosis - 9.0).abs() < 1e-11, "{far:?}");
    }

    #[test]
    fn mirrored_bounds_mirror_the_mean_alone() {
        for (low, high) in [(-1.0, 2.0), (8.0, 9.0), (3.0, f64::INFINITY), (0.0, 1.0)] {
            let (right, left) = (cut_normal(low, high), cut_normal(-high, -low));
            assert!((right.mean + left.mean).abs() <= 1e-14 * right.mean.abs());
            assert!((right.variance / left.variance - 1.0).abs() <= 1e-13);
            assert!((right.kurtosis / left.kurtosis - 1.0).abs() <= 1e-13);
        }
        assert_eq!(cut_normal(-2.0, 2.0).mean, 0.0);
    }
}
