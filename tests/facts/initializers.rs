//! Deviations and bounds of initializers, and which arguments they take.

use evenkeel::*;
use rand_distr::StandardNormal;
use serde_json::{Value, json};

use super::fact::{Evaluate, number, numbers, of, whole};

pub const KINDS: &[(&str, Evaluate)] =
    &[("scaled", scaled), ("branches", branches), ("lsuv", lsuv), ("cut", cut), ("made", made)];

pub fn filled<T: Float>(initializer: &dyn Initializer<T>, param: &Param, seed: u64) -> Vec<T> {
    let mut out = vec![T::zero(); param.rows * param.cols];
    initializer.fill(param, &mut out, &mut Generator::named(seed, "weight")).unwrap();
    out
}

pub fn largest<T: Float>(values: &[T]) -> f64 {
    values.iter().fold(0.0, |largest, w| largest.max(w.get().abs()))
}

/// How many numbers are drawn to see a bound.
const DRAWS: (usize, usize) = (256, 512);

fn moments(initializer: &dyn Initializer<f64>, param: &Param) -> InitMoments {
    initializer.moments(param).unwrap()
}

/// The variance-scaling family: a standard deviation, or a bound.
fn scaled(input: &Value) -> Value {
    let fan = match input["fan"].as_str().unwrap() {
        "in" => FanMode::In,
        "out" => FanMode::Out,
        _ => FanMode::Average,
    };
    let scale = number(&input["scale"]);
    let initializer: Box<dyn Initializer<f64>> = match input["law"].as_str().unwrap() {
        "normal" => Box::new(VarianceScaling::new(scale, fan, StandardNormal).unwrap()),
        "uniform" => Box::new(VarianceScaling::new(scale, fan, UnitUniform).unwrap()),
        _ => Box::new(VarianceScaling::new(scale, fan, UnitTruncatedNormal).unwrap()),
    };
    let fans = Fans { fan_in: whole(&input["fan_in"]), fan_out: whole(&input["fan_out"]) };
    let axis = if input.get("transposed").is_some() { 0 } else { 1 };
    let param = Param { fans, unit_axis: axis, ..Param::weight(DRAWS.0, DRAWS.1) };
    let std = moments(&*initializer, &param).variance.sqrt();
    let drawn = filled(&*initializer, &param, 1);
    match input["what"].as_str().unwrap() {
        "std" => of(std),
        "bound" => of(seen(3_f64.sqrt() * std, &drawn)),
        "measured" => {
            let square = drawn.iter().map(|w| w * w).sum::<f64>() / drawn.len() as f64;
            json!({ "std": square.sqrt(), "largest": largest(&drawn) })
        }
        // Normal numbers of another deviation, cut at two of those.
        _ => {
            let param = Param::bias(1);
            let unit = moments(&TruncatedNormal::new(0.0, 1.0).unwrap(), &param).variance.sqrt();
            let bound = seen(2.0 * std / unit, &drawn);
            json!({ "target_std": std, "underlying_sigma": bound / 2.0, "hard_bound": bound })
        }
    }
}

/// The bound, if the draws keep it and come close; else how far they go. Of uniform ones some are in the last thousandth but for a probability of
/// e^-131; of truncated ones, of which each is with 2.3e-4, but for e^-30.
fn seen(bound: f64, drawn: &[f64]) -> f64 {
    let largest = largest(drawn);
    if largest <= bound * (1.0 + 1e-12) && largest > 0.999 * bound { bound } else { largest }
}

/// Factors of the branches of residual networks, relative to the initializer that they scale.
fn branches(input: &Value) -> Value {
    let param = Param::weight(64, 50);
    let std = |initializer: &dyn Initializer<f64>| moments(initializer, &param).variance.sqrt();
    if let Some(layers) = input.get("layers") {
        let by_fan_out = VarianceScaling::new(2.0, FanMode::Out, StandardNormal).unwrap();
        let fixup = Scaled::fixup(whole(&input["branches"]), whole(layers)).unwrap();
        return of(std(&fixup) / std(&by_fan_out));
    }
    let blocks = whole(&input["blocks"]);
    let scaled = || match input["part"].as_str().unwrap() {
        "encoder" => Scaled::t_fixup_encoder(blocks, Xavier::normal()).unwrap(),
        _ => Scaled::t_fixup_decoder(blocks, Xavier::normal()).unwrap(),
    };
    let plain = std(&Xavier::normal());
    // And the projection of values, which is part of a matrix three times as wide.
    let values = Scaled::new(2_f64.sqrt(), scaled()).unwrap();
    json!([std(&scaled()) / plain, std(&values) / plain])
}

/// What a layer is multiplied by whose outputs have that deviation.
fn lsuv(input: &Value) -> Value {
    let std = number(&input["std"]);
    let layer = Linear::without_bias(1).weights(Constant::new(1.0).unwrap());
    let mut network = Network::<f64>::builder(1).layer(layer).build().unwrap();
    let report = Lsuv::new().apply(&mut network, Rows::new(&[std, -std], 1).unwrap()).unwrap();
    of(report.layers[0].factor)
}

/// Of a standard normal number between two bounds: its deviation, or its mean with it.
fn cut(input: &Value) -> Value {
    let (low, high) = (number(&input["low"]), number(&input["high"]));
    let truncated = TruncatedNormal::new(0.0, 1.0).unwrap().bounds(low, high).unwrap();
    let InitMoments { mean, variance, .. } = moments(&truncated, &Param::bias(1));
    if input["what"] == "std" { of(variance.sqrt()) } else { json!([mean, variance.sqrt()]) }
}

type Made = Result<Box<dyn Initializer<f64>>, Error>;

fn boxed(made: Result<impl Initializer<f64> + 'static, Error>) -> Made {
    made.map(|initializer| Box::new(initializer) as Box<dyn Initializer<f64>>)
}

/// What is drawn with these arguments, or the name of the one that is refused.
fn made(input: &Value) -> Value {
    let arguments = input.get("args").map_or(Vec::new(), numbers);
    let made = match input["make"].as_str().unwrap() {
        "uniform" => boxed(Uniform::new(arguments[0], arguments[1])),
        "normal" => boxed(Normal::new(arguments[0], arguments[1])),
        "truncated" => boxed(TruncatedNormal::new(arguments[0], arguments[1])),
        "scaling" => boxed(VarianceScaling::new(arguments[0], FanMode::In, UnitUniform)),
        "he" => boxed(Ok(He::uniform())),
        "xavier" => boxed(Ok(Xavier::uniform())),
        "delta" => boxed(DeltaOrthogonal::new((1, 1), 1.0)),
        other => panic!("no initializer is named {other}"),
    };
    let param = Param::weight(whole(&input["rows"]), whole(&input["cols"]));
    let mut out = vec![f64::NAN; param.rows * param.cols];
    let drawn = made.and_then(|made| made.fill(&param, &mut out, &mut Generator::named(1, "weight")));
    match drawn {
        Ok(()) => json!({ "drawn": out.into_iter().map(of).collect::<Vec<_>>() }),
        Err(Error::Argument { argument, .. }) => json!({ "refused": argument }),
        Err(other) => json!(other.to_string()),
    }
}
