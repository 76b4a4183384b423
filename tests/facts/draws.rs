//! What is drawn: by the seed alone, rounded for f32, within bounds.

use evenkeel::*;
use serde_json::{Value, json};

use super::fact::{Evaluate, number, of, whole};
use super::initializers::{filled, largest};

pub const KINDS: &[(&str, Evaluate)] = &[
    ("sparse", sparse),
    ("shared", shared),
    ("rounded", rounded),
    ("finite draws", finite_draws),
    ("cut, drawn", cut_and_drawn),
    ("cut, outside", outside_of_the_cut),
];

/// Whether one seed gives the same numbers, and the same zeros, and another seed others.
fn sparse(input: &Value) -> Value {
    let param = Param::weight(whole(&input["rows"]), whole(&input["cols"]));
    let sparse = Sparse::new(whole(&input["connections"]), 0.01).unwrap();
    let draw = |seed| filled::<f64>(&sparse, &param, seed);
    let zeros = |seed| draw(seed).iter().map(|w| *w == 0.0).collect::<Vec<_>>();
    json!({
        "equal": draw(7) == draw(7) && draw(7) != draw(8),
        "zero_mask_equal": zeros(7) == zeros(7) && zeros(7) != zeros(8),
    })
}

/// Whether one instance draws any number twice for two parameters of the same shape.
fn shared(input: &Value) -> Value {
    let width = whole(&input["rows"]);
    let network = Network::<f64>::builder(width).layer(Linear::new(width)).layer(Relu).layer(Linear::new(width));
    let network = network.weights(Xavier::uniform()).build().unwrap();
    let of = |name| network.parameter(name).unwrap().data();
    let same = of("0.linear.weight").iter().zip(of("2.linear.weight")).any(|(one, other)| one == other);
    json!({ "identical": same })
}

/// Whether a network of f32 starts with the numbers of one of f64, each rounded.
fn rounded(input: &Value) -> Value {
    fn weights<T: Float>(uniform: bool, seed: u64) -> Vec<T> {
        let layer = if uniform {
            Linear::without_bias(40).weights(Xavier::uniform())
        } else {
            Linear::without_bias(40).weights(Xavier::normal())
        };
        Network::<T>::builder(50).layer(layer).seed(seed).build().unwrap().parameters().to_vec()
    }
    let (uniform, seed) = (input["law"] == "uniform", whole(&input["seed"]) as u64);
    let (single, double) = (weights::<f32>(uniform, seed), weights::<f64>(uniform, seed));
    json!(single.iter().zip(&double).all(|(&single, &double)| single == double as f32))
}

/// Whether no draw is beyond what the smallest number above 0, 2^-53, makes of sqrt(-2 ln u).
fn finite_draws(input: &Value) -> Value {
    let values = filled::<f32>(&Normal::new(0.0, 1.0).unwrap(), &Param::weight(1, whole(&input["draws"])), 1);
    let most = (2.0 * 53.0 * std::f64::consts::LN_2).sqrt() * (1.0 + f64::from(f32::EPSILON));
    json!(values.iter().all(|w| w.is_finite()) && largest(&values) <= most)
}

fn cut_and_drawn(input: &Value) -> Value {
    let initializer = TruncatedNormal::new(0.0, number(&input["std"])).unwrap();
    let param = Param::weight(400, 500);
    let variance = Initializer::<f64>::moments(&initializer, &param).unwrap().variance;
    json!({ "std": variance.sqrt(), "largest": largest(&filled::<f64>(&initializer, &param, 1)) })
}

/// The share of draws beyond two deviations. Where 4.3e-6 of them are, 18 are expected of 2^22, and none with 1e-8.
fn outside_of_the_cut(input: &Value) -> Value {
    let (std, draws) = (number(&input["std"]), whole(&input["draws"]));
    let values = filled::<f32>(&TruncatedNormal::new(0.0, std).unwrap(), &Param::weight(1, draws), 1);
    of(values.iter().filter(|w| w.get().abs() > 2.0 * std).count() as f64 / draws as f64)
}
