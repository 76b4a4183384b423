//! Expectations of every activation, of normal numbers of every size, against a quadrature of the tests' own.

use super::super::functions::known;
use super::double_exponential::of_normal;

const ACTIVATIONS: [&str; 20] = [
    "identity",
    "relu",
    "leaky_relu_0.01",
    "leaky_relu_0.2",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "softplus",
    "softsign",
    "erf",
    "sin",
    "gelu_tanh",
    "hard_tanh",
    "relu6",
    "hardswish",
];

/// As the docs say, 1e-13 of themselves, with room for the eighteen roundings that either function takes; means of what has both signs are as
/// close relative to the size of what is averaged.
const TOLERANCE: f64 = 1e-12;

/// Of the tests' own quadrature.
const STEP: f64 = 1.0 / 128.0;

/// Every moment at every power of ten from 1e-12 to 1e12.
#[test]
fn moments_of_every_size() {
    let mut wrong = Vec::new();
    for name in ACTIVATIONS {
        // The sine turns too often for any rule of fixed points: beyond, it is averaged over half of the circle anyway.
        let largest = if name == "sin" { 1 } else { 12 };
        (-12..=largest).for_each(|power| agrees(name, 10_f64.powi(power), &mut wrong));
    }
    // What grows as e^x has its moments in the tail, where a normal number is looked for up to 12.5 deviations away: the fourth at 4 s^2.
    (-12..=0).for_each(|power| agrees("exponential", 10_f64.powi(power), &mut wrong));
    assert!(wrong.is_empty(), "{} off:\n{}", wrong.len(), wrong.join("\n"));
}

fn agrees(name: &str, q: f64, wrong: &mut Vec<String>) {
    let (activation, deviation) = (known(name), q.sqrt());
    let found = activation.at(q);
    let function = activation.layer.pointwise().unwrap();
    let cuts: Vec<f64> = function.breaks().iter().map(|kink| kink / deviation).collect();
    let [mean, second, fourth, slope_mean, slope_second, product] = of_normal(STEP, &cuts, |z| {
        let (y, slope) = function.value_and_slope(deviation * z);
        [y, y * y, y.powi(4), slope, slope * slope, y * slope * z]
    });
    let mut check = |what: &str, found: f64, expected: f64, size: f64| {
        let off = (found - expected).abs() / size;
        if off.is_nan() || off > TOLERANCE {
            wrong.push(format!("{name}, {what} at {q:e}: {found:e}, not {expected:e}: {off:e} off"));
        }
    };
    check("mean", found.mean, mean, second.sqrt());
    check("E f^2", found.second, second, second);
    check("E f^4", found.fourth, fourth, fourth);
    check("E f'", found.slope_mean, slope_mean, slope_second.sqrt());
    check("E f'^2", found.slope_second, slope_second, slope_second);
    // Where f is not 0 at 0, f f' z is as large as f f', and 1e-16 / s of it is lost, as stated; here in the sum of some 2000 such terms, of which
    // each is rounded: the square root of their number.
    let growth = product / deviation;
    let lost = 45.0 * f64::EPSILON * (second * slope_second).sqrt() / deviation / TOLERANCE;
    check("growth", found.growth, growth, growth.abs() + lost);
}
