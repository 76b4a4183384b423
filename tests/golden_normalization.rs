//! Norms and attention against values that PyTorch made: `golden/normalization.py` says how.

use super::alone;

use alone::{Given, Left};
use evenkeel::*;
use serde_json::Value;

/// How much may differ, relative to the largest number of a tensor: some thousand roundings in f64, some eighty in f32.
fn limit<T: Float>() -> f64 {
    if size_of::<T>() == 4 { 1e-5 } else { 1e-12 }
}

/// The k-th number of a formula of whole numbers, exact in f32.
fn formula<T: Float>(count: usize, number: impl Fn(i64) -> i64, parts: f64) -> Vec<T> {
    (0..count as i64).map(|k| T::of(number(k) as f64 / parts)).collect()
}

fn inputs<T: Float>(count: usize, batch: i64) -> Vec<T> {
    formula(count, |i| (53 * i + 7 + 5 * batch) % 97 - 48, 16.0)
}

fn behind<T: Float>(count: usize) -> Vec<T> {
    formula(count, |i| (29 * i + 5) % 83 - 41, 16.0)
}

fn parameters<T: Float>(plan: &Plan) -> Vec<T> {
    let count = plan.params.iter().filter_map(Param::count).sum();
    formula(count, |k| (37 * k + 11) % 101 - 40, 64.0)
}

fn of<'a>(run: &'a Value, key: &str) -> &'a str {
    run[key].as_str().unwrap()
}

fn size(run: &Value, key: &str) -> usize {
    run[key].as_u64().unwrap() as usize
}

/// Compares a tensor, relative to the largest entry it should have.
fn same<T: Float>(run: &Value, what: &str, found: &[T], expected: &Value) {
    let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.get() - expected).abs();
        let fine = error <= limit::<T>() * largest;
        assert!(fine, "{}, {what}, entry {at}: {found}, not {expected}; {error:e} of {largest}", of(run, "name"));
    }
}

fn same_passes<T: Float>(run: &Value, left: &Left<T>, expected: &Value, plan: &Plan) {
    same(run, "y", &left.y, &expected["y"]);
    same(run, "dx", &left.dx, &expected["dx"]);
    // Each parameter by itself, relative to its own largest gradient.
    let mut at = 0;
    let all = expected["gradients"].as_array().unwrap();
    assert_eq!(all.len(), left.gradients.len());
    for param in &plan.params {
        let range = at..at + param.count().unwrap();
        let gradient = Value::from(all[range.clone()].to_vec());
        same(run, &param.name, &left.gradients[range.clone()], &gradient);
        at = range.end;
    }
}

fn batch_norm<T: Float>(run: &Value) {
    let [rows, positions, channels] = ["rows", "positions", "channels"].map(|key| size(run, key));
    let layer = if positions == 1 { BatchNorm::new() } else { BatchNorm::channels(channels) };
    let affine = !run["steps"][0]["gradients"].as_array().unwrap().is_empty();
    let layer = if affine { layer.epsilon(1e-3).unwrap().momentum(0.25).unwrap() } else { layer.without_affine() };
    let n_in = positions * channels;
    let plan = Layer::<T>::plan(&layer, n_in).unwrap();
    let params = parameters(&plan);
    let mut state: Vec<T> = plan.state.iter().map(|&x| T::of(x)).collect();
    for (batch, step) in run["steps"].as_array().unwrap().iter().enumerate() {
        let x = inputs(rows * n_in, batch as i64);
        let given = Given { state: &state, ..Given::rows(&x, n_in, &params) };
        let left = given.passes(&layer, &behind(x.len())).unwrap();
        same_passes(run, &left, step, &plan);
        let committed = left.committed(&layer, given);
        same(run, "running", &committed, &step["state"]);
        state = committed;
    }
    let x = inputs(rows * n_in, 0);
    let given = Given { state: &state, mode: Mode::Infer, ..Given::rows(&x, n_in, &params) };
    same(run, "in use", &given.forward(&layer).unwrap().y, &run["in_use"]);
}

fn row_norm<T: Float>(run: &Value) {
    let [rows, groups, width] = ["rows", "groups", "width"].map(|key| size(run, key));
    let layer_norm = if groups == 1 { LayerNorm::new().epsilon(0.01).unwrap() } else { LayerNorm::over(width) };
    let rms_norm = if groups == 1 { RmsNorm::new().epsilon(0.01).unwrap() } else { RmsNorm::over(width) };
    let layer: Box<dyn Layer<T>> = match of(run, "name") {
        "layer_norm" => Box::new(layer_norm),
        "layer_norm without_bias" => Box::new(layer_norm.without_bias()),
        "layer_norm without_affine" => Box::new(layer_norm.without_affine()),
        "rms_norm" => Box::new(rms_norm),
        "rms_norm without_gain" => Box::new(rms_norm.without_gain()),
        other => panic!("there is no norm {other:?}"),
    };
    let n_in = groups * width;
    let plan = layer.plan(n_in).unwrap();
    let (params, x) = (parameters::<T>(&plan), inputs(rows * n_in, 0));
    let left = Given::rows(&x, n_in, &params).passes(&*layer, &behind(x.len())).unwrap();
    same_passes(run, &left, run, &plan);
}

fn attention<T: Float>(run: &Value) {
    let [rows, steps, width, heads] = ["rows", "steps", "width", "heads"].map(|key| size(run, key));
    let layer = MultiHeadAttention::new(width, heads);
    let layer = if run["causal"] == true { layer.causal() } else { layer };
    let layer = if run["bias"] == true { layer } else { layer.without_bias() };
    let lengths = run["lengths"].as_array().unwrap().iter().map(|length| length.as_u64().unwrap() as usize);
    let (n_in, lengths) = (steps * width, lengths.collect::<Vec<_>>());
    let plan = Layer::<T>::plan(&layer, n_in).unwrap();
    let (params, x) = (parameters::<T>(&plan), inputs(rows * n_in, 0));
    let given = Given { lengths: &lengths, ..Given::rows(&x, n_in, &params) };
    let left = given.passes(&layer, &behind(x.len())).unwrap();
    same_passes(run, &left, run, &plan);
}

fn all<T: Float>() {
    let runs: Vec<Value> = serde_json::from_str(include_str!("golden/normalization.json")).unwrap();
    assert_eq!(runs.len(), 16);
    for run in &runs {
        match of(run, "name") {
            "batch_norm" => batch_norm::<T>(run),
            "attention" => attention::<T>(run),
            _ => row_norm::<T>(run),
        }
    }
}

#[test]
fn norms_and_attention_agree_in_f64() {
    all::<f64>();
}

#[test]
fn norms_and_attention_agree_in_f32() {
    all::<f32>();
}
