//! Moments of functions of normal numbers, and what follows from them.

use evenkeel::*;
use serde_json::{Value, json};

use super::super::forecast::{Claimed, named};
use super::super::functions::{Known, known};
use super::fact::{Evaluate, number, numbers, of, whole};

pub const KINDS: &[(&str, Evaluate)] = &[
    ("selu", selu),
    ("cut at two", cut_at_two),
    ("batch norm", batch_norm),
    ("max pool", max_pool),
    ("closed form", closed_form),
    ("correlation", correlation),
    ("marginal", marginal),
    ("softmax at start", softmax_at_start),
    ("squares at start", squares_at_start),
    ("at one", at_one),
    ("homogeneous", homogeneous),
    ("edge", edge),
    ("leading order", leading_order),
    ("leading scatter", leading_scatter),
];

fn activation(input: &Value) -> Known {
    known(input["activation"].as_str().unwrap())
}

/// By its values far out on both sides.
fn selu(_: &Value) -> Value {
    let (below, above): (f64, f64) = (Selu.value(-1000.0), Selu.value(1.0));
    json!({ "alpha": -below / above, "lambda": above })
}

fn cut_at_two(_: &Value) -> Value {
    let truncated = TruncatedNormal::new(0.0, 1.0).unwrap();
    of(Initializer::<f64>::moments(&truncated, &Param::bias(1)).unwrap().variance.sqrt())
}

fn variance(of: &Expectations) -> f64 {
    of.second - of.mean * of.mean
}

/// What a norm over the batch behind ReLU multiplies a squared gradient by, or a gradient.
fn batch_norm(input: &Value) -> Value {
    let relu = Relu.expectations(0.0, 1.0);
    let factor = relu.slope_second / variance(&relu);
    of(if input["root"] == true { factor.sqrt() } else { factor })
}

/// The largest of so many independent normal numbers in a window, and of what ReLU makes of them, which a forecast says.
fn max_pool(input: &Value) -> Value {
    let count = whole(&input["window"]);
    let side = if count == 4 || count == 9 { count.isqrt() } else { 1 };
    let window = (side, count / side);
    let image = (window.0, window.1, 1);
    let start = Claimed { weights: 1.0, biases: 0.0 };
    let pooled = |relu: bool| {
        let network = Network::builder(3).layer(Linear::new(count));
        let network = if relu { network.layer(Relu) } else { network };
        let network = network.layer(MaxPool2d::new(image, window)).weights(start).biases(start).build().unwrap();
        Forecast::of(&network, 1.0).unwrap().layers.last().unwrap().moments.unwrap()
    };
    let (plain, relu) = (pooled(false), pooled(true));
    json!({
        "mean": plain.mean,
        "second": plain.second,
        "var": plain.variance(),
        "relu_max_mean": relu.mean,
        "relu_max_second": relu.second,
    })
}

fn closed_form(input: &Value) -> Value {
    let activation = activation(input);
    let all: Vec<Expectations> = numbers(&input["q"]).into_iter().map(|q| activation.at(q)).collect();
    let list = |part: fn(&Expectations) -> f64| all.iter().map(part).collect::<Vec<_>>();
    json!({ "V": list(|of| of.second), "D": list(|of| of.slope_second), "M": list(|of| of.mean) })
}

/// E f(x) f(y) of two numbers with that variance and correlation: by the correlation that a forecast has behind the function.
fn correlation(input: &Value) -> Value {
    let name = input["activation"].as_str().unwrap();
    let start = Claimed { weights: 1.0, biases: 0.0 };
    let product = |q: f64, c: f64| {
        let network = Network::builder(2).layer(Linear::new(2)).boxed(named(name)).layer(Linear::new(1));
        let network = network.weights(start).biases(start).build().unwrap();
        let forecast =
            Forecast::builder(&network).input(Moments { mean: 0.0, second: q }).correlation(c).build().unwrap();
        let behind = &forecast.layers[1];
        of(behind.correlation.unwrap() * behind.moments.unwrap().second)
    };
    let of_variance = |q: f64| numbers(&input["c"]).into_iter().map(|c| product(q, c)).collect::<Value>();
    numbers(&input["q"]).into_iter().map(of_variance).collect()
}

fn marginal(input: &Value) -> Value {
    let point = |edge: EdgeOfChaos| json!({ "K_star": edge.fixed_point, "C_W": edge.weight_variance, "C_b": edge.bias_variance });
    (activation(input).marginal)().into_iter().map(point).collect()
}

/// The mean square of the derivative by one of the outputs, which are all 0; by all of a row; and by all of one row of several, of whose losses the
/// mean is taken.
fn softmax_at_start(input: &Value) -> Value {
    let (classes, rows) = (whole(&input["classes"]), whole(&input["rows"]));
    let nothing = Moments { mean: 0.0, second: 0.0 };
    let of = Loss::<f64>::at_start(&SoftmaxCrossEntropy::new(), nothing, classes, None).unwrap();
    let (out, targets, mut slopes) = (vec![0.0; rows * classes], vec![0; rows], vec![f64::NAN; rows * classes]);
    let gradient = Some(RowsMut::new(&mut slopes, classes).unwrap());
    let out = Rows::new(&out, classes).unwrap();
    SoftmaxCrossEntropy::new().evaluate(out, Targets::Classes(&targets), gradient).unwrap();
    let of_four: f64 = slopes[..classes].iter().map(|slope| slope * slope).sum();
    json!({ "logit": of.slope_second, "row": of.slope_second * classes as f64, "of_four": of_four })
}

/// Of half of the square, whose derivative is half as large.
fn squares_at_start(input: &Value) -> Value {
    let second = |key: &str| Moments { mean: 0.0, second: number(&input[key]) };
    let found = Loss::<f64>::at_start(&SumSquared::new(), second("outputs"), 1, Some(second("targets"))).unwrap();
    of(found.slope_second / 4.0)
}

fn at_one(input: &Value) -> Value {
    let activation = activation(input);
    let of = activation.at(1.0);
    let function = activation.layer.pointwise().unwrap();
    let squared_slope = |x: f64| (function.value_and_slope(x).1.powi(2), 0.0);
    let slope_fourth = Expectations::of(0.0, 1.0, function.breaks(), squared_slope).second;
    let (gain, back) = (of.gain(), of.gain_back());
    let chi_1 = gain * gain * of.slope_second;
    json!({
        "mean": of.mean,
        "second": of.second,
        "variance": variance(&of),
        "fourth": of.fourth,
        "slope_mean": of.slope_mean,
        "slope_second": of.slope_second,
        "slope_fourth": slope_fourth,
        "growth": of.growth,
        "gain": gain,
        "gain_squared": gain * gain,
        "gain_of_variance": variance(&of).sqrt().recip(),
        "gain_back": back,
        "gain_between": (gain * back).sqrt(),
        "chi_1": chi_1,
        "chi_parallel": gain * gain * of.growth,
        "fifty_layers": 50.0 * chi_1.log10(),
        "batch_norm": of.slope_second / variance(&of),
        "rms_norm": of.slope_second / of.second,
        "scatter": scatter(&of),
        "scatter_back": slope_fourth / (of.slope_second * of.slope_second),
    })
}

/// The relative variance of the second moment of one unit.
fn scatter(of: &Expectations) -> f64 {
    of.fourth / (of.second * of.second) - 1.0
}

fn homogeneous(input: &Value) -> Value {
    of((activation(input).edge)(0.0).unwrap().weight_variance)
}

fn edge(input: &Value) -> Value {
    let activation = activation(input);
    let point = |deviation: f64| {
        let edge = (activation.edge)(deviation * deviation).unwrap();
        json!({
            "q_star": edge.fixed_point,
            "sigma_w2": edge.weight_variance,
            "sigma_w": edge.weight_variance.sqrt(),
            "chi_par": edge.chi_parallel,
            "q_star_stable": edge.is_stable(),
        })
    };
    numbers(&input["sigma_b"]).into_iter().map(point).collect()
}

/// No unit is active with the chance that one is not, to the power of their number; mean and variance of the logarithm follow from the scatter.
fn leading_order(input: &Value) -> Value {
    let (of, n) = (activation(input).at(1.0), number(&input["width"]));
    json!({
        "all_dead": (1.0 - of.slope_mean).powf(n),
        "leading_variance": scatter(&of) / n,
        "leading_mean": -scatter(&of) / n / 2.0,
    })
}

fn leading_scatter(input: &Value) -> Value {
    of(scatter(&activation(input).at(1.0)) / number(&input["width"]))
}
