//! A quadrature that has nothing in common with the crate's: the double-exponential rules of Takahasi and Mori, "Double exponential formulas for
//! numerical integration", 1974. Their points crowd at both ends of an interval, down to 1e-30 of its length, so that what happens near a
//! cut is seen whatever its size is.

use std::f64::consts::{FRAC_PI_2, PI};

/// How far the variable that is summed over goes: to within e^-70 of an end.
const REACH: f64 = 4.2;

/// Adds the values of some functions, times a weight.
fn add<const N: usize>(sums: &mut [f64; N], values: [f64; N], weight: f64) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
}

/// The points t = ..., -step, 0, step, ...
fn points(step: f64) -> impl Iterator<Item = f64> {
    let count = (REACH / step) as i32;
    (-count..=count).map(move |index| f64::from(index) * step)
}

/// Of functions over an interval: x = tanh(pi / 2 sinh t), by the distance from the nearer end, which keeps its digits.
pub fn between<const N: usize>(step: f64, [from, to]: [f64; 2], mut f: impl FnMut(f64) -> [f64; N]) -> [f64; N] {
    let (mut sums, length) = ([0.0; N], to - from);
    for t in points(step) {
        // The share of the interval that lies beyond the point, on the nearer side; the other share is the rest.
        let beyond = (1.0 + (PI * t.abs().sinh()).exp()).recip();
        let x = if t < 0.0 { from + length * beyond } else { to - length * beyond };
        add(&mut sums, f(x), step * length * PI * t.cosh() * beyond * (1.0 - beyond));
    }
    sums
}

/// Of functions that fall as e^(-x^2 / 2) does, from a point to infinity on that side of it: x = from +- exp(t - exp(-t)).
pub fn beyond<const N: usize>(step: f64, from: f64, side: f64, mut f: impl FnMut(f64) -> [f64; N]) -> [f64; N] {
    let mut sums = [0.0; N];
    for t in points(step) {
        let distance = (t - (-t).exp()).exp();
        add(&mut sums, f(from + side * distance), step * distance * (1.0 + (-t).exp()));
    }
    sums
}

/// E f(s z) of a standard normal z, for several functions of z, where something happens at 0 and at some other z.
pub fn of_normal<const N: usize>(step: f64, cuts: &[f64], f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    let mut cuts: Vec<f64> = cuts.iter().copied().filter(|cut| cut.abs() < 30.0).chain([0.0]).collect();
    cuts.sort_by(f64::total_cmp);
    let density = |z: f64| f(z).map(|value| value * (-z * z / 2.0).exp() / (2.0 * PI).sqrt());
    let mut sums = beyond(step, cuts[0], -1.0, density);
    add(&mut sums, beyond(step, cuts[cuts.len() - 1], 1.0, density), 1.0);
    for pair in cuts.windows(2) {
        add(&mut sums, between(step, [pair[0], pair[1]], density), 1.0);
    }
    sums
}

/// E\[f(u) f(v)\] and E\[f'(u) f'(v)\] of normal u and v of mean 0, that deviation and correlation c.
///
/// In polar coordinates, u = s r cos(angle) and v = s r cos(angle - acos c): whatever f does near 0 or at a kink, it does at ends of intervals of
/// either variable. Where kinks of u and of v meet is one as well.
pub fn of_two<const N: usize>(
    step: f64,
    deviation: f64,
    c: f64,
    kinks: &[f64],
    f: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    let apart = c.acos();
    let kinks: Vec<f64> = kinks.iter().copied().filter(|&kink| kink != 0.0).collect();
    let zeros = [-FRAC_PI_2, apart - FRAC_PI_2, FRAC_PI_2, apart + FRAC_PI_2, 3.0 * FRAC_PI_2];
    let mut angles = zeros.to_vec();
    if !kinks.is_empty() {
        angles.extend([-1.0, 0.0, 1.0, 2.0].map(|quarter| apart / 2.0 + quarter * FRAC_PI_2));
    }
    angles.sort_by(f64::total_cmp);
    let along = |angle: f64| {
        let (one, other) = (deviation * angle.cos(), deviation * (angle - apart).cos());
        let at = |r: f64| f(r * one, r * other).map(|value| value * r * (-r * r / 2.0).exp());
        let mut cuts: Vec<f64> = kinks.iter().flat_map(|kink| [kink / one, kink / other]).collect();
        cuts.retain(|cut| *cut > 0.0 && *cut < 30.0);
        cuts.push(0.0);
        cuts.sort_by(f64::total_cmp);
        let mut sums = beyond(step, cuts[cuts.len() - 1], 1.0, at);
        for pair in cuts.windows(2) {
            add(&mut sums, between(step, [pair[0], pair[1]], at), 1.0);
        }
        sums
    };
    let mut sums = [0.0; N];
    for pair in angles.windows(2) {
        add(&mut sums, between(step, [pair[0], pair[1]], along), 1.0 / (2.0 * PI));
    }
    sums
}

/// Against what is known in closed form.
#[test]
fn it_is_right() {
    let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-13, "{found} {expected}");
    for deviation in [1e-6_f64, 1.0, 30.0, 1e6] {
        let q = deviation * deviation;
        let [one, second, erf, kinked] = of_normal(1.0 / 64.0, &[0.5], |z| {
            let x = deviation * z;
            [1.0, x * x, libm::erf(x).powi(2), (z - 0.5).max(0.0)]
        });
        close(one, 1.0);
        close(second, q);
        // Near 1 the arc sine has lost digits, that of the rest has not.
        let rest = ((1.0 + 4.0 * q).sqrt() / (1.0 + 2.0 * q)).asin();
        close(erf, if q > 1.0 { 1.0 - 2.0 / PI * rest } else { 2.0 / PI * (2.0 * q / (1.0 + 2.0 * q)).asin() });
        close(kinked, (-0.125_f64).exp() / (2.0 * PI).sqrt() - 0.25 * libm::erfc(0.5 / 2_f64.sqrt()));
        for c in [-0.7_f64, 0.3, 0.9999] {
            let [product, erf] =
                of_two(1.0 / 32.0, deviation, c, &[], |u, v| [u.max(0.0) * v.max(0.0), libm::erf(u) * libm::erf(v)]);
            let arc = ((1.0 - c * c).sqrt() + c * (PI - c.acos())) / (2.0 * PI);
            assert!((product / q - arc).abs() < 1e-11, "{deviation} {c}: {}, not {arc}", product / q);
            let expected = (2.0 / PI) * (2.0 * q * c / (1.0 + 2.0 * q)).asin();
            assert!((erf - expected).abs() < 1e-11 * expected.abs(), "{deviation} {c}: {erf}, not {expected}");
        }
    }
}
