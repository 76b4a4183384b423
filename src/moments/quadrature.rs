//! Integrals over a normal distribution, by composite Gauss-Legendre quadrature.

use std::borrow::Cow;
use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::linalg::{elementwise, vectorized};

/// How many points a panel has.
const POINTS: usize = 24;
/// How many of them are added up side by side.
const LANES: usize = 8;
/// How many standard deviations from the mean are looked at: beyond lies less than 1e-35 of the distribution.
const REACH: f64 = 12.5;

/// How much of x one panel may hold where f changes: the nearest poles of the logistic functions, tanh's, are at distance pi / 2, so that on a
/// panel of half that width its points are right to (pi / 2 + sqrt(1 + pi^2 / 4))^-48, some 1e-25.
const RESOLVED: f64 = 2.0;
/// Panels of a standard deviation beyond that one are too wide to see what f does far from 0, where else it is smooth.
const WIDE: f64 = 8.0;

/// E\[f(x)\] of a normal x with that mean and standard deviation, for `N` functions at once.
///
/// Panels of one standard deviation (of two, where those are within [`RESOLVED`], or beyond all of it: [`WIDE`]), cut once more at the `kinks`
/// of f, and, where one of them holds more than is resolved, at 1/2, 1, 2, 4, ... on both sides of 0, since there f changes and a panel is not
/// to straddle what it does. Hermite's points would be fewer, and wrong: at a kink by percents, and where the distribution is wide altogether.
pub(crate) fn expectation<const N: usize>(
    mean: f64,
    deviation: f64,
    kinks: &[f64],
    f: impl Fn(f64) -> [f64; N],
) -> [f64; N] {
    let cuts = cuts(mean, deviation, kinks);
    let mut sums = [0.0; N];
    for panel in cuts.windows(2) {
        let (middle, half) = ((panel[0] + panel[1]) / 2.0, (panel[1] - panel[0]) / 2.0);
        if half == 0.0 {
            continue;
        }
        let mut sums_of_panel = [0.0; N];
        for &(point, weight) in rule() {
            let z = middle + half * point;
            let weight = weight * (-z * z / 2.0).exp();
            for (sum, value) in sums_of_panel.iter_mut().zip(f(mean + deviation * z)) {
                *sum += weight * value;
            }
        }
        sums.iter_mut().zip(sums_of_panel).for_each(|(sum, of_panel)| *sum += half * of_panel);
    }
    sums.map(|sum| sum / (2.0 * PI).sqrt())
}

/// Where panels end, in standard deviations from the mean, in order.
fn cuts(mean: f64, deviation: f64, kinks: &[f64]) -> Vec<f64> {
    let at = |x: f64| (x - mean) / deviation;
    // So narrow that f is smooth on two of them, or so wide that nothing is left to be seen but the distribution and what is around 0.
    let step = if 2.0 * deviation <= RESOLVED || deviation > WIDE { 2.0 } else { 1.0 };
    let last = ((REACH - 1.0) / step) as i32;
    let mut cuts: Vec<f64> = (-last..=last).map(|cut| step * f64::from(cut)).chain([-REACH, REACH]).collect();
    cuts.extend(kinks.iter().map(|&kink| at(kink)));
    if deviation > RESOLVED {
        // One standard deviation away from 0 no panel is wider than twice its distance from there.
        let sizes = std::iter::successors(Some(0.5), |size| Some(if *size < 16.0 { 2.0 * size } else { 8.0 * size }));
        let near = sizes.take_while(|&size| size < deviation).chain([deviation, 2.0 * deviation]);
        cuts.extend(near.flat_map(|size| [at(-size), at(size)]));
    }
    cuts.retain(|cut| cut.abs() <= REACH);
    cuts.sort_unstable_by(f64::total_cmp);
    cuts.dedup();
    cuts
}

/// The points of the quadrature, in standard deviations from the mean, and their weights: for functions that are faster on many numbers
/// at once.
#[derive(Clone)]
pub(super) struct Nodes {
    pub(super) points: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Nodes {
    /// Of a normal variable with that mean and standard deviation, and a function with these kinks.
    pub(super) fn of(mean: f64, deviation: f64, kinks: &[f64]) -> Cow<'static, Self> {
        static NARROW: [OnceLock<Nodes>; 2] = [const { OnceLock::new() }; 2];
        // Where the panels are whole standard deviations, and kinks, if any, where one of them ends anyway, they are the same every time.
        if deviation <= RESOLVED && kinks.iter().all(|&kink| kink == mean) {
            let step = usize::from(2.0 * deviation > RESOLVED);
            Cow::Borrowed(NARROW[step].get_or_init(|| Self::between(&cuts(0.0, deviation, &[]))))
        } else {
            Cow::Owned(Self::between(&cuts(mean, deviation, kinks)))
        }
    }

    fn between(cuts: &[f64]) -> Self {
        let count = POINTS * cuts.len().saturating_sub(1);
        let (mut points, mut squares, mut weights) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        for (panel, points) in cuts.windows(2).zip(points.chunks_exact_mut(POINTS)) {
            let (middle, half) = ((panel[0] + panel[1]) / 2.0, (panel[1] - panel[0]) / 2.0);
            points.iter_mut().zip(rule()).for_each(|(z, (point, _))| *z = middle + half * point);
        }
        squares.iter_mut().zip(&points).for_each(|(square, z)| *square = -z * z / 2.0);
        elementwise::map(elementwise::Exp, &squares, &mut weights);
        for (panel, weights) in cuts.windows(2).zip(weights.chunks_exact_mut(POINTS)) {
            let half = (panel[1] - panel[0]) / 2.0 / (2.0 * PI).sqrt();
            weights.iter_mut().zip(rule()).for_each(|(of_point, (_, weight))| *of_point *= half * weight);
        }
        Self { points, weights }
    }

    /// Sums of what a function says of every point, and of the two numbers that belong to it, times the point's weight: panel by panel, each in
    /// lanes, so that it takes several points at once.
    pub(super) fn sums<const N: usize>(
        &self,
        [first, second]: [&[f64]; 2],
        f: impl Fn(f64, f64, f64) -> [f64; N],
    ) -> [f64; N] {
        let mut sums = [0.0; N];
        vectorized(|| {
            let nodes = self.points.as_chunks::<POINTS>().0.iter().zip(self.weights.as_chunks::<POINTS>().0);
            let numbers = first.as_chunks::<POINTS>().0.iter().zip(second.as_chunks::<POINTS>().0);
            for ((points, weights), (first, second)) in nodes.zip(numbers) {
                let mut lanes = [[0.0; LANES]; N];
                for start in (0..POINTS).step_by(LANES) {
                    for lane in 0..LANES {
                        let at = start + lane;
                        let terms = f(points[at], first[at], second[at]);
                        for (sum, term) in lanes.iter_mut().zip(terms) {
                            sum[lane] += weights[at] * term;
                        }
                    }
                }
                sums.iter_mut().zip(lanes).for_each(|(sum, lanes)| *sum += lanes.iter().sum::<f64>());
            }
        });
        sums
    }
}

/// Points and weights on \[-1, 1\]: the roots of Legendre's polynomial, by Newton's method.
pub(super) fn rule() -> &'static [(f64, f64); POINTS] {
    static RULE: OnceLock<[(f64, f64); POINTS]> = OnceLock::new();
    RULE.get_or_init(|| {
        std::array::from_fn(|index| {
            let mut x = (PI * (index as f64 + 0.75) / (POINTS as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..8 {
                let (value, derivative) = legendre(x);
                (x, slope) = (x - value / derivative, derivative);
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
    })
}

/// The Legendre polynomial of degree [`POINTS`] and its derivative, by the recurrence of three terms.
fn legendre(x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for degree in 2..=POINTS {
        let degree = degree as f64;
        (before, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree);
    }
    (value, POINTS as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_of_a_normal_distribution() {
        for (mean, deviation) in [(0.0, 1.0), (0.0, 1e-6), (0.0, 1e6), (3.0, 0.5), (-7.0, 1e3)] {
            let [one, first, second, fourth] =
                expectation(mean, deviation, &[], |x| [1.0, x, x * x, ((x - mean) / deviation).powi(4)]);
            approx::assert_relative_eq!(one, 1.0, max_relative = 1e-14);
            approx::assert_relative_eq!(first, mean, max_relative = 1e-13, epsilon = 1e-14 * deviation);
            approx::assert_relative_eq!(second, mean * mean + deviation * deviation, max_relative = 1e-13);
            approx::assert_relative_eq!(fourth, 3.0, max_relative = 1e-13);
        }
    }

    #[test]
    fn a_kink_anywhere() {
        // E of the positive part of x - k.
        for kink in [-1.3, 0.0, 0.77] {
            let [found] = expectation(0.0, 1.0, &[kink], |x| [(x - kink).max(0.0)]);
            let density = (-kink * kink / 2.0).exp() / (2.0 * PI).sqrt();
            let above = libm::erfc(kink / 2.0_f64.sqrt()) / 2.0;
            approx::assert_relative_eq!(found, density - kink * above, max_relative = 1e-13);
        }
    }
}
