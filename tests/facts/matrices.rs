//! Weights as whole matrices: what they are, entry by entry, and what all draws have in common.

use evenkeel::*;
use serde_json::{Value, json};

use super::fact::{Evaluate, of, whole};
use super::initializers::filled;

pub const KINDS: &[(&str, Evaluate)] = &[
    ("eye", eye),
    ("dirac", dirac),
    ("orthogonal rows", orthogonal_rows),
    ("determinants", determinants),
    ("column lengths", column_lengths),
    ("forget bias", forget_bias),
    ("gain of a norm", gain_of_a_norm),
];

/// Row by row: as it stands, or a row for each unit.
fn eye(input: &Value) -> Value {
    let (rows, cols) = (whole(&input["rows"]), whole(&input["cols"]));
    let values = filled::<f64>(&Eye::default(), &Param::weight(rows, cols), 1);
    if input["units"] == "columns" {
        return values.chunks(cols).map(|row| json!(row)).collect();
    }
    (0..cols)
        .map(|unit| values.iter().skip(unit).step_by(cols).copied().collect::<Vec<_>>())
        .map(|row| json!(row))
        .collect()
}

/// A kernel of one row: for each unit and channel of its group the taps.
fn dirac(input: &Value) -> Value {
    let [channels, units, taps, groups] = ["channels", "units", "kernel", "groups"].map(|key| whole(&input[key]));
    let channels = channels / groups;
    let fans = Fans { fan_in: taps * channels, fan_out: taps * units / groups };
    let param = Param { fans, ..Param::weight(taps * channels, units) };
    let values = filled::<f64>(&Dirac::new((1, taps), 1.0).unwrap(), &param, 1);
    let taps_of = |unit: usize, channel: usize| -> Vec<f64> {
        (0..taps).map(|tap| values[(tap * channels + channel) * units + unit]).collect()
    };
    (0..units).map(|unit| json!((0..channels).map(|channel| taps_of(unit, channel)).collect::<Vec<_>>())).collect()
}

fn orthogonal(rows: usize, cols: usize, seed: u64) -> Vec<f64> {
    filled(&Orthogonal::default(), &Param::weight(rows, cols), seed)
}

fn orthogonal_rows(input: &Value) -> Value {
    let (rows, cols) = (whole(&input["rows"]), whole(&input["cols"]));
    let values = orthogonal(rows, cols, 1);
    let row = |at: usize| &values[at * cols..][..cols];
    let close = (0..rows * rows).all(|at| {
        let (one, other) = (at / rows, at % rows);
        let product: f64 = row(one).iter().zip(row(other)).map(|(a, b)| a * b).sum();
        // Six products of numbers up to 1, each rounded, of vectors that are rounded.
        (product - if one == other { 1.0 } else { 0.0 }).abs() < 1e-14
    });
    json!({ "QQt_is_identity": close })
}

/// How many matrices are looked at.
const MATRICES: u64 = 100;

/// The least and the largest determinant. Of matrices that are uniform either sign comes with 1/2, so that one of the four sizes misses one with
/// 4 * 2^-99. A product of as many reflections as LAPACK's has always the same sign, and none is left at size 1.
fn determinants(input: &Value) -> Value {
    let of_size = |size: usize| {
        let all = (0..MATRICES).map(|seed| determinant(&orthogonal(size, size, seed), size));
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), d| (d.min(low), d.max(high)));
        json!([low, high])
    };
    let sizes = input["sizes"].as_array().unwrap();
    json!({ "determinants": sizes.iter().map(|size| of_size(whole(size))).collect::<Vec<_>>() })
}

/// By the first row.
fn determinant(matrix: &[f64], size: usize) -> f64 {
    if size == 1 {
        return matrix[0];
    }
    let minor = |without: usize| -> Vec<f64> {
        (size..size * size).filter(|at| at % size != without).map(|at| matrix[at]).collect()
    };
    (0..size).map(|col| (1 - 2 * (col as i32 % 2)) as f64 * matrix[col] * determinant(&minor(col), size - 1)).sum()
}

fn column_lengths(input: &Value) -> Value {
    let (mut shortest, mut longest) = (f64::INFINITY, 0.0_f64);
    for shape in input["shapes"].as_array().unwrap() {
        let (rows, cols) = (whole(&shape[0]), whole(&shape[1]));
        for seed in 0..MATRICES {
            let values = orthogonal(rows, cols, seed);
            for col in 0..cols {
                let length = values.iter().skip(col).step_by(cols).map(|w| w * w).sum::<f64>().sqrt();
                (shortest, longest) = (shortest.min(length), longest.max(length));
            }
        }
    }
    json!({ "shortest": shortest, "longest": longest })
}

fn forget_bias(input: &Value) -> Value {
    let lstm = Lstm::new(1, 3, whole(&input["h"])).unwrap();
    let network = Network::<f64>::builder(3).layer(lstm).build().unwrap();
    json!(network.parameter("0.lstm.bias").unwrap().data())
}

/// The one number that all gains start at; NaN where they differ.
fn gain_of_a_norm(_: &Value) -> Value {
    let network = Network::<f64>::builder(7).layer(BatchNorm::new()).build().unwrap();
    let gains = network.layout().slots().iter().filter(|slot| slot.param.role == Role::Gain);
    let values: Vec<f64> = gains.flat_map(|slot| network.parameters()[slot.range.clone()].to_vec()).collect();
    of(if values.len() == 7 && values.iter().all(|value| *value == values[0]) { values[0] } else { f64::NAN })
}
