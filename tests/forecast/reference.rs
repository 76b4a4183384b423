//! Against `reference.json`.

use std::sync::OnceLock;

use evenkeel::*;
use serde_json::Value;

use super::{Claimed, named, stack};

pub fn reference(part: &str) -> &'static Value {
    static VALUES: OnceLock<Value> = OnceLock::new();
    &VALUES.get_or_init(|| serde_json::from_str(include_str!("reference.json")).unwrap())[part]
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn close(what: &str, found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{what}: {found:e}, not {expected:e}");
}

/// Second moments, means and gradients of 50 layers, and the scatter of the second moment to first order in 1 / width.
#[test]
fn trajectories_of_fifty_layers() {
    for (name, of) in reference("trajectories").as_object().unwrap() {
        let (activation, width) = (of["act"].as_str().unwrap(), of["width"].as_u64().unwrap() as usize);
        let start = Claimed { weights: number(&of["sigma_w2"]), biases: 0.0 };
        let forecast = Forecast::of(&stack(50, width, activation, start), 1.0).unwrap();
        let linear: Vec<_> = forecast.layers.iter().step_by(2).collect();
        assert_eq!(linear.len(), 50);
        for (index, layer) in linear.iter().enumerate() {
            let what = format!("{name}, layer {index}");
            let q = layer.moments.unwrap();
            // Fifty times rounding and quadrature; a repelling fixed point multiplies both.
            close(&what, q.second, number(&of["q_pre"][index]), 1e-9);
            if let Some(values) = forecast.layers.get(2 * index + 1) {
                let values = values.moments.unwrap();
                close(&what, values.second, number(&of["post_second_moment"][index]), 1e-9);
                let mean = number(&of["post_mean"][index]);
                assert!(
                    (values.mean - mean).abs() <= 1e-9 * values.second.sqrt(),
                    "{what}: {}, not {mean}",
                    values.mean
                );
            }
            let log = layer.gradient.unwrap().log10() - number(&of["log10_grad_pre"][index]);
            assert!(log.abs() < 1e-9, "{what}: gradient off by {log} decades");
            let log = layer.weight_gradient.unwrap().log10() - number(&of["log10_weight_grad"][index]);
            assert!(log.abs() < 1e-9, "{what}: weight gradient off by {log} decades");
            // The spread of what is seen has that of one layer of normal sums besides. To first order trigamma(x) is 1 / x; the next
            // term is 1 / 2 x of it, with 1 / x up to 6.3 / n, and 0.78 times 5 / n of ReLU's exact law.
            let seen = layer.spread.unwrap();
            let own = linear_law(width).1;
            let expected = number(&of["relative_variance"][index]);
            let (found, bound) = (seen.log_variance - own, 5.0 / width as f64 * expected + 1e-15);
            assert!((found - expected).abs() <= bound, "{what}, scatter: {found}, not {expected}");
        }
    }
}

/// Mean and variance of the logarithm over one linear layer.
fn linear_law(width: usize) -> (f64, f64) {
    let law = &reference("linear_one_layer")[width.to_string()];
    (number(&law[0]), number(&law[1]))
}

#[test]
fn exact_laws_add_up() {
    for (width, law) in reference("relu_he_one_layer").as_object().unwrap() {
        let n: usize = width.parse().unwrap();
        let forecast = Forecast::of(&stack(11, n, "relu", Claimed { weights: 2.0, biases: 0.0 }), 1.0).unwrap();
        let tenth = forecast.layers[19].spread.unwrap();
        assert!(tenth.exact);
        close(width, tenth.log_mean, 10.0 * number(&law[0]), 1e-9);
        close(width, tenth.log_variance, 10.0 * number(&law[1]), 1e-8);
        // Going back the law is the same: from the gradient by the last sums to that by the input of ten activations before.
        let gradient = forecast.layers[0].gradient_spread.unwrap();
        assert!(gradient.exact);
        close(width, gradient.log_mean, 10.0 * number(&law[0]), 1e-9);
        close(width, gradient.log_variance, 10.0 * number(&law[1]), 1e-8);
    }
    for (width, law) in reference("linear_one_layer").as_object().unwrap() {
        let n: usize = width.parse().unwrap();
        let forecast = Forecast::of(&stack(5, n, "identity", Claimed { weights: 1.0, biases: 0.0 }), 1.0).unwrap();
        let fifth = forecast.layers[8].spread.unwrap();
        assert!(fifth.exact);
        close(width, fifth.log_mean, 5.0 * number(&law[0]), 1e-12);
        close(width, fifth.log_variance, 5.0 * number(&law[1]), 1e-12);
    }
}

#[test]
fn correlations_through_depth() {
    for (activation, weights) in [("relu", 2.0), ("leaky_relu_0.2", 2.0 / 1.04)] {
        let network = stack(201, 2, activation, Claimed { weights, biases: 0.0 });
        let forecast = Forecast::builder(&network).correlation(0.0).build().unwrap();
        for (layer, expected) in reference("correlations")[activation].as_object().unwrap() {
            let layer: usize = layer.parse().unwrap();
            let found = forecast.layers[2 * layer].correlation.unwrap();
            assert!((found - number(expected)).abs() < 1e-9, "{activation} {layer}: {found}, not {expected}");
        }
    }
}

/// Odd functions of inputs that have nothing in common have nothing in common; of one input twice everything; and what the sine has between
/// is known.
#[test]
fn correlations_of_other_functions() {
    let start = Claimed { weights: 1.7, biases: 0.1 };
    let network = (0..3).fold(Network::builder(4), |network, _| network.layer(Linear::new(4)).boxed(named("sin")));
    let network = network.weights(start).biases(start).build().unwrap();
    for c in [-0.4_f64, 0.0, 0.6, 1.0] {
        let forecast = Forecast::builder(&network).correlation(c).build().unwrap();
        let (mut q, mut k) = (1.0, c);
        for layer in forecast.layers.chunks(2) {
            (q, k) = (1.7 * q + 0.1, 1.7 * k + 0.1);
            let found = layer[0].correlation.unwrap();
            assert!((found - k / q).abs() < 1e-9, "{c}: {found} {}", k / q);
            (q, k) = (-(-2.0 * q).exp_m1() / 2.0, (-q).exp() * k.sinh());
            let found = layer[1].correlation.unwrap();
            assert!((found - k / q).abs() < 1e-9, "{c}: {found} {}", k / q);
        }
    }
}

/// x + alpha W f(x), as one layer of 50.
#[test]
fn residual_branches() {
    let mut count = 0;
    for (name, of) in reference("residual").as_object().unwrap() {
        let mut words = name.split_whitespace();
        let activation = words.next().unwrap();
        let weights: f64 = words.next().unwrap().strip_prefix("sw2=").unwrap().parse().unwrap();
        // The table was made with (5 / 3)^2, and prints 2.778.
        let weights = if weights == 2.778 { 25.0 / 9.0 } else { weights };
        let alpha: f64 = match words.next().unwrap().strip_prefix("alpha^2=").unwrap() {
            "1" => 1.0,
            "1/L" => 1.0 / 50.0,
            _ => 1.0 / 2500.0,
        };
        let start = Claimed { weights, biases: 0.0 };
        let mut network = Network::builder(4).weights(start);
        for _ in 0..50 {
            let branch = Residual::new().boxed(named(activation)).layer(Linear::without_bias(4));
            network = network.layer(branch.scale(alpha.sqrt()).unwrap());
        }
        let forecast = Forecast::of(&network.build().unwrap(), 1.0).unwrap();
        close(name, forecast.layers[49].moments.unwrap().second, number(&of["q_L"]), 1e-9);
        // That by the input of the first, from that by its output.
        let by_output: Vec<f64> = forecast.layers.iter().map(|layer| layer.gradient.unwrap()).collect();
        let first = by_output[0] * (1.0 + alpha * weights * slope(activation));
        let log = first.log10() - number(&of["log10_grad2_in/out"]);
        assert!(log.abs() < 1e-9, "{name}: off by {log} decades");
        count += 1;
    }
    assert_eq!(count, 12);
}

/// E f'^2 at 1.
fn slope(activation: &str) -> f64 {
    named(activation).pointwise().unwrap().expected(0.0, 1.0).slope_second
}

/// The part of a window that lies in the padding.
#[test]
fn borders_of_images() {
    for (name, factor) in reference("conv_border").as_object().unwrap() {
        let (kernel, size) = name.strip_prefix('k').unwrap().split_once("_H").unwrap();
        let (kernel, size): (usize, usize) = (kernel.parse().unwrap(), size.parse().unwrap());
        let layer = Conv2d::new((size, size, 1), 1, kernel).padding(Padding::Same).without_bias();
        let start = Claimed { weights: 1.0, biases: 0.0 };
        let network = Network::builder(size * size).layer(layer).weights(start).build().unwrap();
        let forecast = Forecast::of(&network, 1.0).unwrap();
        close(name, forecast.layers[0].moments.unwrap().second, number(factor), 1e-13);
    }
}

/// Behind several layers with padding the positions of an image differ, and the border fades first: forwards, and backwards as well.
#[test]
fn borders_over_many_layers() {
    for (name, both) in reference("conv_border_deep").as_object().unwrap() {
        let (size, depth) = name.strip_prefix('H').unwrap().split_once("_L").unwrap();
        let (size, depth): (usize, usize) = (size.parse().unwrap(), depth.parse().unwrap());
        let start = Claimed { weights: 2.0, biases: 0.0 };
        let mut network = Network::builder(size * size).weights(start);
        // Position by position, along one side of the square: for ReLU the sums of both sides multiply.
        let mut line = vec![1.0; size];
        for layer in 0..depth {
            let conv = Conv2d::new((size, size, 1), 1, 3).padding(Padding::Same).without_bias();
            network = network.layer(conv);
            if layer + 1 < depth {
                network = network.layer(Relu);
            }
            let at = |line: &[f64], place: Option<usize>| {
                place.and_then(|place| line.get(place)).copied().unwrap_or_default()
            };
            line = (0..size)
                .map(|place| (at(&line, place.checked_sub(1)) + line[place] + at(&line, Some(place + 1))) / 3.0)
                .collect();
        }
        let (mean, centre) = (line.iter().sum::<f64>() / size as f64, line[size / 2]);
        // He's variance makes up for ReLU alone: the input, of second moment 1, lacks it.
        close(name, mean * mean, number(&both[0]), 1e-12);
        close(name, centre * centre, number(&both[1]), 1e-12);
        let forecast = Forecast::of(&network.build().unwrap(), 0.5).unwrap();
        close(name, forecast.layers.last().unwrap().moments.unwrap().second, number(&both[0]), 1e-11);
        // A window that sees a pixel is seen by it: on its way back a gradient passes the same map, and all but the first layer.
        let back = forecast.layers[0].gradient.unwrap();
        let mut line = vec![1.0; size];
        for _ in 1..depth {
            let before = |place: usize| if place == 0 { 0.0 } else { line[place - 1] };
            let behind = |place: usize| line.get(place + 1).copied().unwrap_or_default();
            line = (0..size).map(|place| (before(place) + line[place] + behind(place)) / 3.0).collect();
        }
        let mean = line.iter().sum::<f64>() / size as f64;
        close(name, back, mean * mean, 1e-11);
    }
}

/// What is an image of one size to one layer may be of another to the next, which then follows the mean.
#[test]
fn images_of_other_sizes_follow_the_mean() {
    let start = Claimed { weights: 2.0, biases: 0.0 };
    let network = Network::builder(6 * 6).layer(Conv2d::new((6, 6, 1), 4, 3).padding(Padding::Same)).layer(Tanh);
    let network = network.layer(Conv2d::new((12, 12, 1), 2, 3).padding(Padding::Same)).layer(Relu);
    let network =
        network.layer(AveragePool2d::new((6, 6, 8), 3)).layer(Conv2d::new((2, 8, 2), 2, 2)).layer(Linear::new(3));
    let forecast = Forecast::of(&network.weights(start).biases(start).build().unwrap(), 1.0).unwrap();
    assert!(forecast.layers.iter().all(|layer| layer.moments.is_some() && layer.gradient.is_some()), "{forecast}");
    close("the first layer", forecast.layers[0].moments.unwrap().second, 2.0 * (16.0_f64 / 18.0).powi(2), 1e-12);
}

/// Of a layer that theory does not know, or whose biases have moments that say too little, it says so.
#[test]
fn what_is_not_known_is_not_said() {
    let network = Network::<f64>::builder(12)
        .layer(Lstm::new(12, 1, 4).unwrap().chrono(12).unwrap().last())
        .layer(Linear::new(2));
    let forecast = Forecast::of(&network.build().unwrap(), 1.0).unwrap();
    assert_eq!(forecast.outlook(), Outlook::Unknown);
    assert!(forecast.layers.iter().all(|layer| layer.moments.is_none() && layer.spread.is_none()));
    assert_eq!((forecast.layers[1].gradient, forecast.layers[0].gradient.is_some()), (Some(1.0), true));
    assert_eq!(forecast.gradient_norm, None);
    assert!(forecast.to_string().contains("theory does not say what 0.lstm does"), "{forecast}");
}
