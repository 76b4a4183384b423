//! Gains and fans.

use evenkeel::recipe::{Recipe, RecipeError};
use evenkeel::*;
use rand_distr::StandardNormal;
use serde_json::{Value, json};

use super::super::functions::known;
use super::fact::{Evaluate, number, of, whole};

pub const KINDS: &[(&str, Evaluate)] = &[
    ("usual gain", usual_gain),
    ("gain in theory", gain_in_theory),
    ("fans", fans),
    ("fan", fan),
    ("recipe", recipe),
    ("depthwise", depthwise),
];

/// What makes up for an activation by convention: of the function itself, and of the weights that a network draws before it.
fn usual_gain(input: &Value) -> Value {
    let name = input["activation"].as_str().unwrap();
    let gain = match name {
        // What is linear makes up for nothing.
        "linear" | "conv1d" | "conv2d" => Identity.usual_gain(),
        "sigmoid" => Sigmoid.usual_gain(),
        "selu" => Selu.usual_gain(),
        "leaky_relu" => match input["slope"].as_f64() {
            Some(slope) => LeakyRelu::new(slope).unwrap().usual_gain(),
            None => LeakyRelu::default().usual_gain(),
        },
        "silu" => Silu.usual_gain(),
        "elu" => Elu::default().usual_gain(),
        "softplus" => Softplus.usual_gain(),
        _ => panic!("no activation is named {name}"),
    };
    gain.map_or(json!({ "unknown": name }), of)
}

fn gain_in_theory(input: &Value) -> Value {
    let found = known(input["activation"].as_str().unwrap()).at(1.0);
    let deviation = (found.second - found.mean * found.mean).sqrt();
    json!({
        "mean": found.mean,
        "second_moment": found.second,
        "gain_he": found.gain(),
        "gain_std": deviation.recip(),
    })
}

fn of_first(network: &Network<f64>) -> Fans {
    network.layout().slots()[0].param.fans
}

/// As layers state them.
fn fans(input: &Value) -> Value {
    let at = |key: &str| whole(&input[key]);
    let fans = if input.get("channels").is_some() {
        of_first(&convolution(at("channels"), at("units"), at("kernel"), at("groups"), Xavier::normal()))
    } else if input.get("heads").is_some() {
        let layer = MultiHeadAttention::new(at("width"), at("heads"));
        of_first(&Network::builder(2 * at("width")).layer(layer).build().unwrap())
    } else if input.get("bias").is_some() {
        Param::bias(at("bias")).fans
    } else if at("rows") == 0 || at("cols") == 0 {
        // No layer is without numbers, but a parameter may be.
        Param::weight(at("rows"), at("cols")).fans
    } else {
        of_first(&Network::builder(at("rows")).layer(Linear::new(at("cols"))).build().unwrap())
    };
    json!([fans.fan_in, fans.fan_out])
}

fn convolution(
    channels: usize,
    units: usize,
    kernel: usize,
    groups: usize,
    weights: impl Initializer<f64> + 'static,
) -> Network<f64> {
    let layer = Conv2d::new((5, 5, channels), units, kernel).groups(groups).weights(weights);
    Network::builder(25 * channels).layer(layer).build().unwrap()
}

/// The fan by which a variance of 1 is divided.
fn fan(input: &Value) -> Value {
    let mode = if input["mode"] == "average" { FanMode::Average } else { FanMode::GeometricMean };
    let scaling = VarianceScaling::new(1.0, mode, StandardNormal).unwrap();
    let param = Param::weight(whole(&input["fan_in"]), whole(&input["fan_out"]));
    let moments = Initializer::<f64>::moments(&scaling, &param).unwrap();
    of(moments.variance.recip())
}

/// How much larger the weights of a depthwise convolution are than those of one kernel over all channels.
fn depthwise(input: &Value) -> Value {
    let channels = whole(&input["channels"]);
    let deviation = |groups: usize| {
        let network = convolution(channels, channels, 3, groups, LeCun::normal());
        network.init_moments().next().unwrap().unwrap().variance.sqrt()
    };
    of(deviation(channels) / deviation(1))
}

/// Where settings are given as text: the key of what is refused.
fn recipe(input: &Value) -> Value {
    let text = |key: &str, usual: &'static str| input.get(key).map_or(usual, |text| text.as_str().unwrap()).to_owned();
    let toml = format!(
        "name = \"x\"\nseed = {}\n[data]\nfile = \"x.csv\"\ntargets = 1\ntask = \"classification\"\nclasses = 2\n\
         [training]\nloss = \"mse\"\nbatch = 4\nepochs = 1\noptimizer = {{ kind = \"adam\", learning_rate = 0.001 }}\n\
         [[layers]]\nkind = \"linear\"\nunits = 3\nweights = {}\n[[layers]]\n{}\n",
        text("seed", "1"),
        text("weights", "{ kind = \"he_normal\" }"),
        text("activation", "kind = \"leaky_relu\"\nslope = 0.1"),
    );
    match Recipe::from_toml(&toml) {
        Ok(_) => json!("taken"),
        Err(
            RecipeError::UnknownKey { key, .. } | RecipeError::Value { key, .. } | RecipeError::Refused { key, .. },
        ) => json!({ "refused": key }),
        Err(other) => json!(other.to_string()),
    }
}

/// The recipe that the refused ones differ from is taken.
#[test]
fn what_is_refused_is_the_one_setting() {
    assert_eq!(recipe(&json!({})), "taken");
    let slope = |slope: f64| usual_gain(&json!({ "activation": "leaky_relu", "slope": slope }));
    assert!((number(&slope(0.0)) - 2_f64.sqrt()).abs() < 1e-15);
}
