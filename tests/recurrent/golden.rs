//! Outputs and every gradient against values that PyTorch made: `tests/golden/recurrent.py` says how.

use evenkeel::*;
use serde_json::Value;

use super::{Alone, KINDS, Shape, same};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// How much may differ, relative to the largest number of a tensor: some thousand roundings in f64, some eighty in f32.
fn agrees<T: Float>(run: &Value, shape: &Shape, limit: f64) {
    const ROWS: usize = 3;
    let drawn = |len: usize, [a, b, m]: [usize; 3], scale: f64, start: f64| -> Vec<f64> {
        (0..len).map(|k| ((a * k + b) % m) as f64 / m as f64 * scale + start).collect()
    };
    let of = |numbers: Vec<f64>| -> Vec<T> { numbers.into_iter().map(T::of).collect() };
    let gradients: Vec<Vec<f64>> = run["gradients"].as_array().unwrap().iter().map(numbers).collect();
    let count = gradients.iter().map(Vec::len).sum();
    let mut layer = Alone::<T>::new(shape, &drawn(count, [37, 11, 101], 1.0, -0.5), ROWS);
    let x = of(drawn(ROWS * shape.steps * shape.width, [53, 7, 97], 4.0, -2.0));
    let dy = of(drawn(ROWS * shape.steps * shape.hidden, [29, 5, 83], 1.0, -0.5));
    let y = layer.forward(&x, &[]).unwrap();
    let (dx, found) = layer.backward(&x, &y, &dy, &[], true);
    let name = run["name"].as_str().unwrap();
    same(&format!("{name}: outputs"), &y, &numbers(&run["outputs"]), limit);
    same(&format!("{name}: dx"), &dx, &numbers(&run["dx"]), limit);
    let mut start = 0;
    assert_eq!(gradients.len(), layer.plan.params.len());
    for (param, expected) in layer.plan.params.iter().zip(&gradients) {
        same(&format!("{name}: {}", param.name), &found[start..start + expected.len()], expected, limit);
        start += expected.len();
    }
}

#[test]
fn outputs_and_gradients_are_those_of_pytorch() {
    let runs: Vec<Value> = serde_json::from_str(include_str!("../golden/recurrent.json")).unwrap();
    assert_eq!(runs.len(), 4);
    for (run, kind) in runs.iter().zip(KINDS) {
        let shape = Shape { kind, steps: 7, width: 4, hidden: 5, last: false, reach: usize::MAX };
        assert_eq!(run["name"], format!("{kind:?}").to_lowercase());
        agrees::<f64>(run, &shape, 1e-12);
        agrees::<f32>(run, &shape, 1e-5);
    }
}
