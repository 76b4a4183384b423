//! Against `theory.json`.

use std::sync::OnceLock;

use evenkeel::*;
use serde_json::{Map, Value};

use super::super::functions::{Known, known};
use super::close;

fn reference(part: &str) -> &'static Map<String, Value> {
    static VALUES: OnceLock<Value> = OnceLock::new();
    let values = VALUES.get_or_init(|| serde_json::from_str(include_str!("theory.json")).unwrap());
    values[part].as_object().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// All twenty columns: what the crate states, and the products that are made of it.
#[test]
fn of_a_standard_normal_number() {
    for (name, expected) in reference("at_one") {
        let activation = known(name);
        let of = activation.at(1.0);
        let variance = of.second - of.mean * of.mean;
        let function = activation.layer.pointwise().unwrap();
        let slope = |x: f64| function.value_and_slope(x).1;
        let slope_fourth = Expectations::of(0.0, 1.0, function.breaks(), |x| (slope(x).powi(2), 0.0)).second;
        let (gain, back) = (of.gain(), of.gain_back());
        let found = [
            ("mean", of.mean),
            ("second", of.second),
            ("variance", variance),
            ("fourth", of.fourth),
            ("slope_mean", of.slope_mean),
            ("slope_second", of.slope_second),
            ("slope_fourth", slope_fourth),
            ("growth", of.growth),
            ("gain", gain),
            ("gain_squared", gain * gain),
            ("gain_of_variance", variance.sqrt().recip()),
            ("gain_back", back),
            ("gain_between", (gain * back).sqrt()),
            // What a layer at its gain does to a gradient, and to a deviation of the second moment; 50 layers, in decades.
            ("chi_1", gain * gain * of.slope_second),
            ("chi_parallel", gain * gain * of.growth),
            ("fifty_layers", 50.0 * (gain * gain * of.slope_second).log10()),
            // Behind norms over the batch, and over the units without their mean.
            ("batch_norm", of.slope_second / variance),
            ("rms_norm", of.slope_second / of.second),
            // Relative variances of a mean over one unit.
            ("scatter", of.fourth / (of.second * of.second) - 1.0),
            ("scatter_back", slope_fourth / (of.slope_second * of.slope_second)),
        ];
        assert_eq!(found.len(), expected.as_object().unwrap().len());
        for (column, found) in found {
            let expected = number(&expected[column]);
            // A mean that is 0, and the logarithm of a product that is 1, are so up to the rounding of the sizes that cancel; the logarithm is
            // printed with twelve digits, and 50 times rounded.
            let tolerance = if column == "fifty_layers" { 2e-12 } else { 1e-12 };
            assert!(
                (found - expected).abs()
                    <= tolerance * expected.abs() + if column == "fifty_layers" { 5e-14 } else { 1e-14 },
                "{name}, {column}: {found:e}, not {expected:e}"
            );
        }
    }
    assert_eq!(reference("at_one").len(), 15);
}

/// Batch normalization behind ReLU multiplies the squared gradient by pi / (pi - 1) a layer, and the gradient by its root (Yang and others, "A mean
/// field theory of batch normalization", 2019).
#[test]
fn batch_norm_behind_relu() {
    let (of, constants) = (Relu.expectations(0.0, 1.0), reference("constants"));
    let factor = of.slope_second / (of.second - of.mean * of.mean);
    close("squared", factor, number(&constants["batch_norm_relu_squared"]), 1e-14);
    close("of the norm", factor.sqrt(), number(&constants["batch_norm_relu"]), 1e-14);
    close("in closed form", factor, std::f64::consts::PI / (std::f64::consts::PI - 1.0), 1e-14);
}

/// Pixels of MNIST between 0 and 1: the signal that a network starts from is its second moment, not the 1 of standardized ones.
#[test]
fn pixels_of_mnist() {
    let of = &reference("constants")["mnist"];
    let (mean, std, second) = (number(&of["mean"]), number(&of["std"]), number(&of["second"]));
    assert!((mean * mean + std * std - second).abs() < 5e-6, "five digits");
    // 500 images of it: their mean squares differ, and so the mean of all has a standard error.
    let lines = include_str!("../cases/data/mnist.csv").lines();
    let images: Vec<Vec<f64>> =
        lines.map(|line| line.split(',').take(784).map(|pixel| pixel.parse().unwrap()).collect()).collect();
    let squares: Vec<f64> =
        images.iter().map(|image| image.iter().map(|x| x * x).sum::<f64>() / image.len() as f64).collect();
    let n = squares.len() as f64;
    let average = squares.iter().sum::<f64>() / n;
    let error = (squares.iter().map(|square| (square - average).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
    let network = Network::<f64>::builder(784).layer(Linear::new(10)).build().unwrap();
    let pixels = images.concat();
    let forecast = Forecast::builder(&network).rows(Rows::new(&pixels, 784).unwrap()).unwrap().build().unwrap();
    close("all pixels", forecast.input.second, average, 1e-12);
    // The set is fixed: 5 standard errors of a random one make 6e-7.
    assert!((average - second).abs() <= 5.0 * error, "{average}, not {second}, with {error}");
}

/// What weights and biases are at an edge with that fixed point.
fn at(activation: &Known, q: f64) -> (f64, f64, f64) {
    let of = activation.at(q);
    (of.slope_second.recip(), q - of.second / of.slope_second, of.growth / of.slope_second)
}

/// The whole curve: by its fixed point, and found again from the variance of the biases.
#[test]
fn curves_of_the_edge_of_chaos() {
    let (mut count, mut found_again) = (0, 0);
    for (name, of) in reference("edges") {
        let activation = known(name);
        if let Some(weights) = of["homogeneous"].as_f64() {
            for q in [1e-6, 1.0, 1e6] {
                let (found, biases, chi_parallel) = at(&activation, q);
                close(name, found, weights, 1e-14);
                assert!(biases.abs() <= 1e-14 * q && (chi_parallel - 1.0).abs() <= 1e-14, "{name} {q}");
            }
            close(name, (activation.edge)(0.0).unwrap().weight_variance, weights, 1e-12);
            assert_eq!((activation.edge)(0.1), None, "{name}");
            continue;
        }
        for point in of["curve"].as_array().unwrap() {
            let [q, weights, biases, chi_parallel] =
                ["q_star", "sigma_w2", "sigma_b2", "chi_par"].map(|key| number(&point[key]));
            let what = format!("{name} at {q}");
            let found = at(&activation, q);
            close(&what, found.0, weights, 1e-11);
            // A difference of q and something as large.
            assert!((found.1 - biases).abs() <= 1e-11 * q, "{what}: {}, not {biases}", found.1);
            close(&what, found.2, chi_parallel, 1e-11);
            // Where it is 1 but for what is exponentially small, the reference's own rounding decides.
            if (chi_parallel - 1.0).abs() > 1e-12 {
                assert_eq!(found.2 < 1.0, point["stable"].as_bool().unwrap(), "{what}");
            }
            count += 1;
            // From biases that the difference has digits of. Of several points of one variance the smallest is meant.
            if biases > 1e-6 * q {
                let edge = (activation.edge)(biases).unwrap_or_else(|| panic!("{what}: none"));
                if (edge.fixed_point / q - 1.0).abs() > 0.1 {
                    assert!(edge.fixed_point < q, "{what}: {edge:?}");
                    continue;
                }
                close(&what, edge.fixed_point, q, 1e-8);
                close(&what, edge.weight_variance, weights, 1e-8);
                close(&what, edge.chi_parallel, chi_parallel, 1e-8);
                assert_eq!(edge.is_stable(), chi_parallel < 1.0, "{what}");
                found_again += 1;
            }
        }
        // The largest variance of the biases on the reference's grid, which ends at q = 1e5; softplus has none above 0.
        let last = number(&of["at_1e5"]);
        if last > 0.0 {
            assert!((at(&activation, 1e5).1 - last).abs() <= 1e-11 * 1e5, "{name}: {}", at(&activation, 1e5).1);
        } else {
            assert!([1e-4, 0.1, 1.0, 30.0, 1e5].iter().all(|&q| at(&activation, q).1 < 0.0), "{name}");
            assert_eq!((activation.edge)(0.05), None, "{name}");
        }
    }
    assert_eq!(count, 100);
    assert!(found_again > 80, "{found_again}");
}

/// From the standard deviation of the biases.
#[test]
fn points_of_the_edge_of_chaos() {
    let mut count = 0;
    for (name, of) in reference("edges") {
        for point in of["points"].as_array().into_iter().flatten() {
            let deviation = number(&point["sigma_b"]);
            let what = format!("{name}, biases of {deviation}");
            let edge = (known(name).edge)(deviation * deviation).unwrap_or_else(|| panic!("{what}: none"));
            close(&what, edge.fixed_point, number(&point["q_star"]), 1e-8);
            close(&what, edge.weight_variance, number(&point["sigma_w2"]), 1e-8);
            close(&what, edge.weight_variance.sqrt(), number(&point["sigma_w"]), 1e-8);
            close(&what, edge.chi_parallel, number(&point["chi_par"]), 1e-8);
            assert_eq!(edge.is_stable(), point["q_star_stable"].as_bool().unwrap(), "{what}");
            // How many layers a deviation takes to fade by e; none where it grows. Its logarithm is small near 1.
            match point["xi_q"].as_f64() {
                Some(depth) => close(&what, -edge.chi_parallel.ln().recip(), depth, 1e-8 * depth.max(1.0)),
                None => assert!(edge.chi_parallel > 1.0, "{what}"),
            }
            count += 1;
        }
    }
    assert_eq!(count, 57);
}

/// Without biases: how the second moment leaves the limit of small signals, or falls to it.
#[test]
fn limits_of_small_signals() {
    let mut count = 0;
    for (name, of) in reference("edges") {
        let Some(limit) = of.get("limit") else { continue };
        let (activation, weights) = (known(name), number(&limit["sigma_w2"]));
        let edge = (activation.edge)(0.0).unwrap();
        // The limit is looked at from 1e-10.
        close(name, edge.weight_variance, weights, 1e-8);
        assert_eq!(edge.fixed_point, 0.0);
        let off = [1e-4, 1e-3].map(|q| weights * activation.at(q).second / q - 1.0);
        for (found, expected) in off.iter().zip(limit["off"].as_array().unwrap()) {
            // Of a difference from 1.
            assert!((found - number(expected)).abs() <= 1e-12, "{name}: {found:e}, not {expected}");
        }
        if let Some(exponent) = limit["exponent"].as_f64() {
            // 1e-12 of 1e-4 twice, in decades.
            assert!(((off[1] / off[0]).log10() - exponent).abs() <= 1e-8, "{name}: {off:?}");
        }
        let approach = limit["approach"].as_str().unwrap();
        match approach {
            _ if approach.starts_with("attracting") => assert!(edge.is_stable() && off[1] < 0.0, "{name}: {edge:?}"),
            _ if approach.starts_with("REPELLING") => assert!(!edge.is_stable() && off[1] > 0.0, "{name}: {edge:?}"),
            _ => assert!((edge.chi_parallel - 1.0).abs() < 1e-12, "{name}: {edge:?}"),
        }
        count += 1;
    }
    assert_eq!(count, 5);
}

/// Roberts, Yaida and Hanin, "The Principles of Deep Learning Theory", 2022; sigma_b^2 of SiLU is 0.555, ten times what some public code carries.
#[test]
fn marginal_points() {
    for (name, points) in reference("marginal") {
        let found = (known(name).marginal)();
        let Some(point) = points.as_array().unwrap().first() else {
            assert_eq!(found, None, "{name}");
            continue;
        };
        let found = found.unwrap_or_else(|| panic!("{name} has one"));
        close(name, found.fixed_point, number(&point["K_star"]), 1e-8);
        close(name, found.weight_variance, number(&point["C_W"]), 1e-9);
        close(name, found.bias_variance, number(&point["C_b"]), 1e-8);
        close(name, found.chi_parallel, 1.0, 1e-9);
    }
    // (3 + sqrt 17) / 2.
    close("GELU", (known("gelu").marginal)().unwrap().fixed_point, (3.0 + 17_f64.sqrt()) / 2.0, 1e-8);
    assert_eq!(reference("marginal").len(), 9);
    assert_eq!(EdgeOfChaos::marginal(&Relu), None);
}

/// The closed forms, over the reference's range of variances.
#[test]
fn closed_forms() {
    use std::f64::consts::PI;
    // The distribution function of a standard normal number, times a factor that may overflow alone: e^(a^2 / 2) Phi(-a) is erfcx.
    let below = |x: f64| libm::erfc(-x / 2_f64.sqrt()) / 2.0;
    for q in [0.01_f64, 0.3, 1.0, 4.0, 20.0, 100.0] {
        let (s, check) = (q.sqrt(), |name: &str, second: f64, slopes: f64, mean: f64| {
            let of = known(name).at(q);
            close(&format!("{name}, V at {q}"), of.second, second, 1e-12);
            close(&format!("{name}, D at {q}"), of.slope_second, slopes, 1e-12);
            assert!((of.mean - mean).abs() <= 1e-13 * of.second.sqrt(), "{name}, M at {q}: {}, not {mean}", of.mean);
        });
        check("relu", q / 2.0, 0.5, (q / (2.0 * PI)).sqrt());
        check("leaky_relu_0.2", 0.52 * q, 0.52, 0.8 * (q / (2.0 * PI)).sqrt());
        let erf = (2.0 / PI) * (2.0 * q / (1.0 + 2.0 * q)).asin();
        check("erf", erf, 4.0 / PI / (1.0 + 4.0 * q).sqrt(), 0.0);
        check("sin", -(-2.0 * q).exp_m1() / 2.0, (1.0 + (-2.0 * q).exp()) / 2.0, 0.0);
        let (arc, root) = (0.25 + (q / (1.0 + q)).asin() / (2.0 * PI), (1.0 + 2.0 * q).sqrt());
        let slopes = arc + q / (PI * (1.0 + q) * root) + q / (2.0 * PI * root.powi(3));
        check("gelu", q * arc + q * q / (PI * (1.0 + q) * root), slopes, q / (2.0 * PI * (1.0 + q)).sqrt());
        // e^(a^2 / 2) Phi(-a), by the continued fraction of Laplace where the product overflows.
        let scaled = |a: f64| {
            if a < 6.0 {
                return (a * a / 2.0).exp() * below(-a);
            }
            (1..200).rev().fold(a, |rest, k| a + f64::from(k) / rest).recip() / (2.0 * PI).sqrt()
        };
        let (once, twice) = (scaled(s), scaled(2.0 * s));
        let (second, slopes) = (q / 2.0 + twice - 2.0 * once + 0.5, 0.5 + twice);
        // The sum for small variances is a difference of numbers near 1/2, and so is its mean.
        if q >= 0.3 {
            check("elu", second, slopes, (q / (2.0 * PI)).sqrt() + once - 0.5);
        }
        let inside = 2.0 * below(1.0 / s) - 1.0;
        let density = (-0.5 / q).exp() / (2.0 * PI).sqrt();
        check("hard_tanh", q * inside - 2.0 * s * density + 2.0 * below(-1.0 / s), inside, 0.0);
    }
}
