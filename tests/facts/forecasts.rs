//! Forecasts of whole networks: trajectories, fixed points, laws of finite width.

use std::collections::BTreeMap;
use std::sync::Mutex;

use evenkeel::*;
use serde_json::{Map, Value, json};

use super::super::forecast::{Claimed, named, stack};
use super::super::functions::known;
use super::fact::{Evaluate, number, numbers, of, whole};

pub const KINDS: &[(&str, Evaluate)] = &[
    ("residual", residual),
    ("border", border),
    ("forget gate", forget_gate),
    ("forget share", forget_share),
    ("fixed points", fixed_points),
    ("trajectory", trajectory),
    ("law of a layer", law_of_a_layer),
    ("products", products),
    ("correlations", correlations),
];

fn name(input: &Value) -> &str {
    input["activation"].as_str().unwrap()
}

/// x + alpha W f(x), fifty times.
fn residual(input: &Value) -> Value {
    let [weights, alpha] = ["weights", "alpha_squared"].map(|key| number(&input[key]));
    let mut network = Network::builder(4).weights(Claimed { weights, biases: 0.0 });
    for _ in 0..50 {
        let branch = Residual::new().boxed(named(name(input))).layer(Linear::without_bias(4));
        network = network.layer(branch.scale(alpha.sqrt()).unwrap());
    }
    let forecast = Forecast::of(&network.build().unwrap(), 1.0).unwrap();
    // The gradient by the input of the first, from that by its output.
    let first =
        forecast.layers[0].gradient.unwrap() * (1.0 + alpha * weights * known(name(input)).at(1.0).slope_second);
    let last = forecast.layers.last().unwrap();
    json!({
        "q_L": last.moments.unwrap().second,
        "log10_grad2_in/out": (first / last.gradient.unwrap()).log10(),
    })
}

/// What zeros around an image leave of the second moment.
fn border(input: &Value) -> Value {
    let (kernel, size) = (whole(&input["kernel"]), whole(&input["size"]));
    let layer = Conv2d::new((size, size, 1), 1, kernel).padding(Padding::Same).without_bias();
    let start = Claimed { weights: 1.0, biases: 0.0 };
    let network = Network::builder(size * size).layer(layer).weights(start).build().unwrap();
    of(Forecast::of(&network, 1.0).unwrap().layers[0].moments.unwrap().second)
}

/// What is left, from step to step, of a pulse in a cell that nothing else enters.
fn left_of_a_pulse(input: &Value) -> f64 {
    const STEPS: usize = 9;
    let layer = Lstm::new(STEPS, 1, 1).unwrap().forget_bias(number(&input["bias"])).unwrap();
    let mut network = Network::<f64>::builder(STEPS).layer(layer).build().unwrap();
    network.parameter_mut("0.lstm.weight").unwrap().data_mut().copy_from_slice(&[0.0, 0.0, 0.0, 1.0]);
    network.parameter_mut("0.lstm.recurrent_weight").unwrap().data_mut().fill(0.0);
    let mut pulse = [0.0; STEPS];
    pulse[0] = 1.0;
    let states = network.predict(Rows::new(&pulse, STEPS).unwrap()).unwrap();
    // The output gate is at 1/2.
    let cell = |step: usize| (2.0 * states[step]).atanh();
    (cell(STEPS - 1) / cell(0)).powf(1.0 / (STEPS - 1) as f64)
}

fn forget_gate(input: &Value) -> Value {
    of(-left_of_a_pulse(input).ln().recip())
}

fn forget_share(input: &Value) -> Value {
    of(left_of_a_pulse(input))
}

/// A deep network whose first sums are at the fixed point already.
fn fixed_points(input: &Value) -> Value {
    let [weights, biases] = ["weights", "biases"].map(|key| number(&input[key]));
    let point = |q: f64| {
        let network = stack(41, 8, name(input), Claimed { weights, biases });
        let regime = Forecast::of(&network, (q - biases) / weights).unwrap().regime.unwrap();
        json!({
            "q_star": regime.second_moment,
            "chi_par": regime.chi_parallel,
            "stable": !regime.repelling,
            "chi1": regime.chi_1,
            "phase": if regime.chi_1 > 1.0 { "chaotic" } else { "ordered" },
        })
    };
    numbers(&input["q_star"]).into_iter().map(point).collect()
}

/// One forecast serves all facts of a network.
fn trajectory(input: &Value) -> Value {
    static KNOWN: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());
    KNOWN.lock().unwrap().entry(input.to_string()).or_insert_with(|| fifty_layers(input)).clone()
}

/// Sums, values, gradients and scatter.
fn fifty_layers(input: &Value) -> Value {
    let (weights, width) = (number(&input["weights"]), whole(&input["width"]));
    let forecast = Forecast::of(&stack(50, width, name(input), Claimed { weights, biases: 0.0 }), 1.0).unwrap();
    let function = known(name(input));
    let sums: Vec<&LayerForecast> = forecast.layers.iter().step_by(2).collect();
    let second = |layer: &LayerForecast| layer.moments.unwrap().second;
    // The last sums have no function behind them, for which the reference has values as well.
    let values: Vec<Expectations> = sums.iter().map(|layer| function.at(second(layer))).collect();
    for (behind, value) in forecast.layers.iter().skip(1).step_by(2).zip(&values) {
        let off = second(behind) / value.second - 1.0;
        assert!(off.abs() < 1e-11, "{}: off by {off:e}", behind.name);
    }
    let own = one_layer("identity", 1.0, width)[1];
    let list = |of: &dyn Fn(&LayerForecast) -> f64| sums.iter().map(|layer| of(layer)).collect::<Vec<_>>();
    json!({
        "q_pre": list(&second),
        "post_second_moment": values.iter().map(|value| value.second).collect::<Vec<_>>(),
        "post_mean": values.iter().map(|value| value.mean).collect::<Vec<_>>(),
        "log10_grad_pre": list(&|layer| layer.gradient.unwrap().log10()),
        "log10_weight_grad": list(&|layer| layer.weight_gradient.unwrap().log10()),
        // What is seen of a layer has the scatter of one layer of normal sums besides.
        "relative_variance": list(&|layer| layer.spread.unwrap().log_variance - own),
    })
}

/// Mean and variance of the logarithm of the second moment behind one layer of sums and its function, by the exact law.
fn one_layer(activation: &str, weights: f64, width: usize) -> [f64; 2] {
    let forecast = Forecast::of(&stack(2, width, activation, Claimed { weights, biases: 0.0 }), 1.0).unwrap();
    let spread = forecast.layers[1].spread.unwrap();
    assert!(spread.exact, "{activation}, {width}");
    [spread.log_mean, spread.log_variance]
}

fn law_of_a_layer(input: &Value) -> Value {
    let weights = if name(input) == "relu" { 2.0 } else { 1.0 };
    json!(one_layer(name(input), weights, whole(&input["width"])))
}

/// How the logarithm of the length of a product grows, in the mean, and of the mean square; and that of matrices which are smaller by one each.
fn products(input: &Value) -> Value {
    let (width, layers) = (whole(&input["width"]), whole(&input["layers"]));
    let growth = |width: usize, layers: usize| {
        let start = Claimed { weights: width as f64, biases: 0.0 };
        let forecast = Forecast::of(&stack(layers + 1, width, "identity", start), 1.0).unwrap();
        let log = |layer: &LayerForecast| [layer.spread.unwrap().log_mean, layer.moments.unwrap().second.ln()];
        let (first, last) = (log(&forecast.layers[0]), log(&forecast.layers[2 * layers]));
        // Of lengths, not of their squares.
        [(last[0] - first[0]) / 2.0, (last[1] - first[1]) / 2.0]
    };
    let [typical, rms] = growth(width, layers);
    let ten = std::f64::consts::LN_10;
    json!({
        "exponent": typical / layers as f64,
        "log10_typical": typical / ten,
        "log10_rms": rms / ten,
        "exponents": (0..width).map(|less| growth(width - less, 1)[0]).collect::<Vec<_>>(),
    })
}

/// Of two inputs that have nothing in common, so many layers further.
fn correlations(input: &Value) -> Value {
    let layers: Vec<usize> = input["layers"].as_array().unwrap().iter().map(whole).collect();
    let depth = 1 + layers.iter().copied().max().unwrap();
    let network = stack(depth, 2, name(input), Claimed { weights: number(&input["weights"]), biases: 0.0 });
    let forecast = Forecast::builder(&network).correlation(0.0).build().unwrap();
    let at = |layer: usize| (layer.to_string(), of(forecast.layers[2 * layer].correlation.unwrap()));
    layers.into_iter().map(at).collect::<Map<_, _>>().into()
}
