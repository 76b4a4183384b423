//! `Shares`: what softmax makes of independent normal numbers.

use super::expectation;

/// What has to be known of softmax's integrals, at every one of their points.
///
/// With p_i = exp(z_i) / sum of exp(z_j) and the gamma function, 1 / S^K is the integral of t^(K - 1) exp(-t S) dt / (K - 1)!; so that for
/// independent z, and t = exp(u),
///
/// ```text
/// E[product of p_i^(k_i)] = integral of (product of B_(k_i)(u)) B_0(u)^(numbers that are left) du / (K - 1)!      K = sum of k_i
/// B_k(u) = E[exp(k (z + u) - exp(z + u))]
/// ```
///
/// It is analytic and fades on both sides, where sums over points at equal distances are as good as exact.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    /// B_0 to B_4 at each point, and the distance of the points.
    points: Vec<[f64; 5]>,
    step: f64,
}

/// The mean square of a share, and the mean square of the gradient by a number where that by each share is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    pub(crate) second: f64,
    pub(crate) back: f64,
}

/// How many deviations are looked at: beyond lies less than 1e-35 of the distribution.
const REACH: f64 = 12.5;
/// The distance of points where numbers scatter little: the sum is then off by less than 1e-14, and for those that scatter more it may grow with
/// their deviation.
const STEP: f64 = 0.25;
/// exp(-exp(x)) is 0 from here on.
const GONE: f64 = 6.7;

impl Shares {
    /// Of numbers of that variance, which are at most `most`; `None` for a variance that is not finite.
    pub(crate) fn of(variance: f64, most: usize) -> Option<Self> {
        let deviation = Some(variance.sqrt()).filter(|deviation| deviation.is_finite())?;
        let step = STEP * (deviation / 4.0).max(1.0);
        let (first, last) = (-(most as f64).ln() - REACH * deviation - 20.0, REACH * deviation + 4.0);
        let count = ((last - first) / step).ceil() as usize;
        let point = |index: usize| {
            expectation(first + step * index as f64, deviation, &[], |x| {
                if x > GONE {
                    return [0.0; 5];
                }
                let power = x.exp();
                let none = (-power).exp();
                [none, none * power, none * power.powi(2), none * power.powi(3), none * power.powi(4)]
            })
        };
        Some(Self { points: (0..=count).map(point).collect(), step })
    }

    /// Of `count` numbers.
    pub(crate) fn of_count(&self, count: usize) -> Share {
        if count == 1 {
            return Share { second: 1.0, back: 0.0 };
        }
        let others = count as f64 - 1.0;
        let sums = self.points.iter().fold([0.0; 4], |sums, &[none, _, two, three, four]| {
            let rest = none.powf(others - 1.0);
            let terms =
                [two * none * rest, three * none * rest / 2.0, four * none * rest / 6.0, two * two * rest / 6.0];
            std::array::from_fn(|which| sums[which] + terms[which])
        });
        let [square, cube, fourth, pair] = sums.map(|sum: f64| sum * self.step);
        // dx = p (dy - sum of p_j dy_j), so that E[dx^2] = E[p^2 (1 - 2 p + sum of p_j^2)].
        Share { second: square, back: (square - 2.0 * cube + fourth + others * pair).max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of numbers that do not scatter all shares are 1 / n.
    #[test]
    fn equal_numbers() {
        for count in [2, 3, 10, 1000, 100_000] {
            let n = count as f64;
            let of = Shares::of(0.0, count).unwrap().of_count(count);
            approx::assert_relative_eq!(of.second, 1.0 / (n * n), max_relative = 1e-11);
            approx::assert_relative_eq!(of.back, (1.0 - 1.0 / n) / (n * n), max_relative = 1e-10);
        }
    }

    /// Of two, p is the logistic function of a normal number with twice the variance.
    #[test]
    fn two_numbers() {
        for variance in [1e-4, 0.3, 1.0, 9.0, 400.0] {
            let deviation = f64::sqrt(2.0 * variance);
            let [second, back] = expectation(0.0, deviation, &[], |x| {
                let p = 1.0 / (1.0 + (-x).exp());
                [p * p, 2.0 * (p * (1.0 - p)).powi(2)]
            });
            for most in [2, 500] {
                let of = Shares::of(variance, most).unwrap().of_count(2);
                approx::assert_relative_eq!(of.second, second, max_relative = 1e-10);
                approx::assert_relative_eq!(of.back, back, max_relative = 1e-8);
            }
        }
    }

    #[test]
    fn the_largest_takes_all() {
        let of = Shares::of(1e12, 50).unwrap().of_count(50);
        assert!((of.second - 0.02).abs() < 1e-6 && of.back < 1e-6, "{of:?}");
        assert_eq!(Shares::of(1.0, 7).unwrap().of_count(1), Share { second: 1.0, back: 0.0 });
        assert!(Shares::of(f64::INFINITY, 7).is_none() && Shares::of(f64::NAN, 7).is_none());
    }
}
