//! A plain recurrent layer with ReLU whose state starts as a copy of the one before: a random walk that 0 holds up.

use std::f64::consts::{PI, SQRT_2};

use super::copied_products::squares;
use super::moments::{Unfolded, Unrolled};
use crate::Moments;
use crate::layer::moments::second;

/// How far from the mean of what its steps have in common a unit may be, in deviations, and how many kinds of units are told apart at most.
const REACH: f64 = 6.5;
const MOST: f64 = 2000.0;

/// What `h_t = relu(h_(t-1) + x_t W + b)` makes of the moments of its input, with U the identity.
///
/// Given the weights of a unit its steps z_t = x_t W + b are independent and normal, with what x has as its mean and the bias as their drift. With
/// S_k the sum of k of them, the state after t steps has the law of the largest of 0, S_1, ..., S_t, whose moments Spitzer's identity says:
///
/// ```text
/// E[h_t]   = sum over k <= t of a_k                 a_k = E[max(S_k, 0)] / k
/// E[h_t^2] = sum over k <= t of E[max(S_k, 0)^2] / k + sum over j + k <= t of a_j a_k
/// ```
///
/// A gradient goes back through k states as long as all of them are above 0. Since a state that was last 0 at step r is above it for k steps with
/// the chance p_k that S_1, ..., S_k are all above 0, and is 0 at step r with the chance q_r that S_1, ..., S_r are all at most 0, both are
/// known (Sparre Andersen, 1954): n p_n = sum over k <= n of P(S_k > 0) p_(n - k), and the same of q.
pub(super) fn copied(of: &Unrolled) -> Unfolded {
    let (width, x, weight) = (of.width as f64, of.x, of.weight);
    let mean = width * x.mean * weight.mean + of.bias.mean;
    let drift_variance = width * x.mean * x.mean * weight.variance + of.bias.variance;
    let variance = width * second(weight) * x.variance();
    let by_input = of.hidden as f64 * second(weight);
    let walks = walks(of, mean, drift_variance, variance);
    let mut total = Total::default();
    for &(share, walk) in &walks {
        let of_drift = walk.total(of.last);
        total.mean += share * of_drift.mean;
        total.second += share * of_drift.second;
        total.passed += share * of_drift.passed;
    }
    let count = if of.last { 1.0 } else { of.steps as f64 };
    let y = Moments { mean: total.mean / count, second: total.second / count };
    let back = of.whole.then_some(by_input * total.passed / of.steps as f64);
    Unfolded { y, back, squares: back.and_then(|_| squares(of, &walks)) }
}

/// Sums over the outputs of a unit, and over the steps that a gradient reaches.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    mean: f64,
    second: f64,
    passed: f64,
}

/// The walks of all kinds of units and their shares: of a normal drift, in steps that see what changes within the least of it that shows.
fn walks(of: &Unrolled, mean: f64, drift_variance: f64, variance: f64) -> Vec<(f64, Walk)> {
    let walk = |drift: f64| Walk { drift, variance, steps: of.steps };
    if drift_variance.is_nan() || drift_variance <= 0.0 {
        return vec![(1.0, walk(mean))];
    }
    let deviation = drift_variance.sqrt();
    let shows = 0.5 * (variance / of.steps as f64).sqrt() / deviation;
    let step = shows.clamp(2.0 * REACH / MOST, 0.25);
    let count = (2.0 * REACH / step).ceil() as i32;
    let step = 2.0 * REACH / f64::from(count);
    let one = |place: i32| {
        let z = step * f64::from(place) - REACH;
        (step * (-z * z / 2.0).exp() / (2.0 * PI).sqrt(), walk(mean + deviation * z))
    };
    (0..=count).map(one).collect()
}

/// The sums of independent normal steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) drift: f64,
    pub(super) variance: f64,
    pub(super) steps: usize,
}

impl Walk {
    fn total(&self, last: bool) -> Total {
        let steps = self.steps;
        let sums: Vec<_> = (1..=steps).map(|k| self.after(k as f64)).collect();
        let share = |k: usize| sums[k - 1].mean / k as f64;
        let (mut mean, mut square, mut total) = (0.0, 0.0, Total::default());
        for n in 1..=steps {
            mean += share(n);
            square += sums[n - 1].second / n as f64 + (1..n).map(|j| share(j) * share(n - j)).sum::<f64>();
            if !last || n == steps {
                total.mean += mean;
                total.second += square;
            }
        }
        let [above, below] = self.sides();
        // Of a gradient that comes in k steps after the last 0, all k of them have a part.
        let passed = |zero: usize| -> f64 {
            let most = steps - zero;
            let reaches = |k: usize| k as f64 * above[k];
            if last { reaches(most) } else { (1..=most).map(reaches).sum() }
        };
        total.passed = (0..steps).map(|zero| below[zero] * passed(zero)).sum();
        total
    }

    /// For each n from 0 to all steps the chance that the sums of 1 to n of them are all above 0, and that they all are not.
    pub(super) fn sides(&self) -> [Vec<f64>; 2] {
        let above: Vec<f64> = (1..=self.steps).map(|k| self.after(k as f64).above).collect();
        [all(self.steps, |k| above[k - 1]), all(self.steps, |k| 1.0 - above[k - 1])]
    }

    /// The mean of the positive part of the sum of k steps, the mean of its square, and the chance to be above 0.
    fn after(&self, k: f64) -> Positive {
        let (mean, deviation) = (k * self.drift, (k * self.variance).sqrt());
        if deviation == 0.0 {
            let positive = mean.max(0.0);
            return Positive { mean: positive, second: positive * positive, above: f64::from(mean > 0.0) };
        }
        let z = mean / deviation;
        let (above, density) = (libm::erfc(-z / SQRT_2) / 2.0, (-z * z / 2.0).exp() / (2.0 * PI).sqrt());
        let first = mean * above + deviation * density;
        Positive { mean: first, second: mean * first + deviation * deviation * above, above }
    }
}

#[derive(Debug, Clone, Copy)]
struct Positive {
    mean: f64,
    second: f64,
    above: f64,
}

/// The chances that of the sums of 1 to n steps every one is so, for each n from 0 on, from the chance that the sum of k steps is.
fn all(steps: usize, of_sum: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for n in 1..=steps {
        let sum: f64 = (1..=n).map(|k| of_sum(k) * chances[n - k]).sum();
        chances.push(sum / n as f64);
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a drift, C(2k, k) / 4^k; and the first two states in closed form.
    #[test]
    fn a_walk_without_drift() {
        let chances = all(4, |_| 0.5);
        assert_eq!(chances, [1.0, 0.5, 0.375, 0.3125, 0.273_437_5]);
        let walk = |steps| Walk { drift: 0.0, variance: 1.0, steps }.total(true);
        let one = walk(1);
        approx::assert_relative_eq!(one.mean, (2.0 * PI).sqrt().recip(), max_relative = 1e-14);
        approx::assert_relative_eq!(one.second, 0.5, max_relative = 1e-14);
        // The gradient by the first of two: both states are above 0 with chance 3 / 8; and by the second: 5 / 8.
        approx::assert_relative_eq!(walk(2).passed, 1.0, max_relative = 1e-14);
        approx::assert_relative_eq!(walk(2).second, 1.0 + 1.0 / (2.0 * PI), max_relative = 1e-14);
    }

    /// Far above 0 nothing holds the walk up.
    #[test]
    fn a_walk_that_only_rises() {
        let of = Walk { drift: 50.0, variance: 1.0, steps: 3 }.total(false);
        approx::assert_relative_eq!(of.mean, 300.0, max_relative = 1e-14);
        approx::assert_relative_eq!(of.second, 35_000.0 + 6.0, max_relative = 1e-13);
        approx::assert_relative_eq!(of.passed, 6.0, max_relative = 1e-14);
        let falls = Walk { drift: -1.0, variance: 0.0, steps: 3 }.total(false);
        assert_eq!((falls.mean, falls.second, falls.passed), (0.0, 0.0, 0.0));
    }
}
