//! Clippers: what is left of gradients, which limits are refused, and what is not finite.

use evenkeel::*;
use serde_json::{Value, json};

use super::super::one_way::{Holder, OneWay};
use super::fact::{Evaluate, number, numbers, of, whole};

pub const KINDS: &[(&str, Evaluate)] = &[
    ("clip", clip),
    ("unit norms", unit_norms),
    ("z scores", z_scores),
    ("percentile", percentile),
    ("remembered", remembered),
    ("zeroed", zeroed),
    ("skipped", skipped),
    ("norm", norm),
    ("norm of ones", norm_of_ones),
    ("left by value", left_by_value),
    ("largest", largest),
    ("reported", reported),
];

/// Each parameter of a layer of its own; as many zeros as they have numbers.
fn holding<T: Float>(params: impl IntoIterator<Item = Param>) -> Network<T> {
    let network = params
        .into_iter()
        .fold(Network::builder(1).weights(Zeros), |network, param| network.layer(OneWay(Holder(param))));
    network.build().unwrap()
}

fn of_lengths<T: Float>(lengths: &[usize]) -> Network<T> {
    holding(lengths.iter().map(|&len| Param::weight(len, 1)))
}

fn limited<T: Float>(clipper: &mut dyn GradientClipper<T>, network: &Network<T>, values: &mut [T]) -> Clipped {
    let mut outcome = clipper.clip(&mut Gradients::new(network.layout(), network.parameters(), values).unwrap());
    outcome.settle(values);
    outcome
}

fn made<T: Float>(input: &Value) -> Result<Box<dyn GradientClipper<T>>, Error> {
    let limit = number(&input["limit"]);
    Ok(match input["by"].as_str().unwrap() {
        "global" => match input.get("order") {
            Some(order) => Box::new(GlobalNorm::new(limit)?.order(number(order))?),
            None => Box::new(GlobalNorm::new(limit)?),
        },
        "per_layer" => Box::new(PerLayerNorm::new(limit)?),
        "value" => Box::new(ByValue::new(limit)?),
        "block_rms" => Box::new(BlockRms::new(limit)?),
        "agc" => Box::new(AdaptiveNorm::new(limit)?),
        other => panic!("no clipper is named {other}"),
    })
}

fn clip(input: &Value) -> Value {
    if input["dtype"] == "f32" { clip_in::<f32>(input) } else { clip_in::<f64>(input) }
}

/// The norm, in the clipper's order, and the gradients afterwards; or what is refused; or where the first bad number is, if all were left.
fn clip_in<T: Float>(input: &Value) -> Value {
    let mut clipper = match made::<T>(input) {
        Ok(clipper) => clipper,
        Err(Error::Argument { argument, .. }) => return json!({ "refused": argument }),
        Err(other) => return json!(other.to_string()),
    };
    let parts: Vec<Vec<f64>> = input["grads"].as_array().unwrap().iter().map(numbers).collect();
    let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
    let mut network = match input.get("units") {
        Some(units) => {
            let (rows, cols) = (whole(&input["rows"]), whole(&input["cols"]));
            let unit_axis = if units == "columns" { 1 } else { 0 };
            holding([Param { unit_axis, ..Param::weight(rows, cols) }])
        }
        None => of_lengths(&lengths),
    };
    if let Some(weights) = input.get("param") {
        let weights = numbers(weights);
        network.parameters_mut().iter_mut().zip(weights).for_each(|(to, from)| *to = T::of(from));
    }
    let before: Vec<T> = parts.concat().into_iter().map(T::of).collect();
    let mut values = before.clone();
    let outcome = limited(&mut *clipper, &network, &mut values);
    if let Some(Place { slot, index, .. }) = outcome.non_finite {
        let same = values.iter().zip(&before).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
        return json!({ "left": same && outcome.touched == 0, "at": [slot, index] });
    }
    let mut rest = &values[..];
    let grads = lengths.iter().map(|&len| {
        let (part, others) = rest.split_at(len);
        rest = others;
        part.iter().map(|g| of(g.get())).collect::<Value>()
    });
    let grads: Value = grads.collect();
    json!({ "norm": of(norm_of_order(input, &parts.concat(), &outcome)), "grads": grads })
}

/// Clippers of another order say the Euclidean norm: theirs shows in the limit that leaves all just as it is.
fn norm_of_order(input: &Value, gradients: &[f64], outcome: &Clipped) -> f64 {
    let Some(order) = input.get("order") else { return outcome.norm_before };
    let network = of_lengths::<f64>(&[gradients.len()]);
    let mut values = gradients.to_vec();
    let tiny = 1e-3;
    let mut clipper = GlobalNorm::new(tiny).unwrap().order(number(order)).unwrap();
    limited(&mut clipper, &network, &mut values);
    tiny * gradients[0] / values[0]
}

/// The norm of each unit's weights, by what adaptive clipping leaves of gradients far above it.
fn unit_norms(input: &Value) -> Value {
    let units: Vec<Vec<f64>> = input["units"].as_array().unwrap().iter().map(numbers).collect();
    let (count, len) = (units.len(), units[0].len());
    let mut network = holding::<f64>([Param { unit_axis: 0, ..Param::weight(count, len) }]);
    network.parameters_mut().copy_from_slice(&units.concat());
    let mut values = vec![1e6; count * len];
    limited(&mut AdaptiveNorm::new(1.0).unwrap(), &network, &mut values);
    values.chunks(len).map(|unit| of(unit.iter().map(|g| g * g).sum::<f64>().sqrt())).collect()
}

fn after(clipper: &mut dyn GradientClipper<f64>, norm: f64) -> f64 {
    let mut values = [norm];
    limited(clipper, &of_lengths(&[1]), &mut values);
    values[0]
}

/// Step by step the norm afterwards, and mean and variance once the warm-up is over.
fn z_scores(input: &Value) -> Value {
    let warm_up = whole(&input["warmup_steps"]);
    let clipper = ZScoreNorm::new(number(&input["z_thresh"])).unwrap();
    let mut clipper = clipper.decay(number(&input["alpha"])).unwrap().warm_up(warm_up).unwrap();
    let steps = numbers(&input["norms"]).into_iter().map(|norm| {
        let left = after(&mut clipper, norm);
        let memory = GradientClipper::<f64>::memory(&clipper);
        let known = memory[0] >= warm_up as f64;
        json!([of(left), known.then(|| of(memory[1])), known.then(|| of(memory[2] * memory[2]))])
    });
    steps.collect()
}

fn percentile_of(input: &Value) -> (PercentileNorm, f64) {
    let mut clipper = PercentileNorm::new(number(&input["p"])).unwrap();
    let left = numbers(&input["history"]).into_iter().map(|norm| after(&mut clipper, norm)).last();
    (clipper, left.unwrap())
}

/// The limit that the last norm, which is above it, is brought to.
fn percentile(input: &Value) -> Value {
    of(percentile_of(input).1)
}

fn remembered(input: &Value) -> Value {
    json!({ "remembered": GradientClipper::<f64>::memory(&percentile_of(input).0) })
}

fn decided(input: &Value, policy: NonFinite) -> (Vec<f64>, Verdict) {
    let mut values = numbers(&input["grads"]);
    let network = of_lengths::<f64>(&[values.len()]);
    let mut gradients = Gradients::new(network.layout(), network.parameters(), &mut values).unwrap();
    let verdict = policy.decide(None, &mut gradients, 1).unwrap();
    (values, verdict)
}

fn zeroed(input: &Value) -> Value {
    decided(input, NonFinite::Zero).0.into_iter().map(of).collect()
}

/// Whether the step is left out.
fn skipped(input: &Value) -> Value {
    json!(!decided(input, NonFinite::Skip).1.apply)
}

fn norm_of<T: Float>(values: &mut [T]) -> f64 {
    // A network without parameters has a norm as well.
    let network =
        if values.is_empty() { Network::builder(1).layer(Relu).build().unwrap() } else { of_lengths(&[values.len()]) };
    Gradients::new(network.layout(), network.parameters(), values).unwrap().norm()
}

fn norm(input: &Value) -> Value {
    of(norm_of(&mut numbers(&input["grads"])))
}

/// Of so many ones in f32, or its square.
fn norm_of_ones(input: &Value) -> Value {
    let norm = norm_of(&mut vec![1.0_f32; whole(&input["ones"])]);
    of(if input["what"] == "norm" { norm } else { norm * norm })
}

fn alone(input: &Value, clipper: &mut dyn GradientClipper<f64>) -> (f64, Clipped) {
    let mut values = numbers(&input["grads"]);
    let outcome = limited(clipper, &of_lengths(&[values.len()]), &mut values);
    (values[0], outcome)
}

fn left_by_value(input: &Value) -> Value {
    of(alone(input, &mut ByValue::new(number(&input["limit"])).unwrap()).0)
}

/// The norm that a clipper by the largest entry states.
fn largest(input: &Value) -> Value {
    of(alone(input, &mut GlobalNorm::new(1.0).unwrap().order(f64::INFINITY).unwrap()).1.norm_before)
}

fn reported(input: &Value) -> Value {
    json!(alone(input, &mut GlobalNorm::new(number(&input["limit"])).unwrap()).1.non_finite.is_some())
}
