//! What the sum of a branch and the way around it is expected to be.

use super::record::{measured, overall};
use crate::{Moments, Rows};

/// The moments of the sum of both ways, given what came of each: weights inside of the branch, drawn for it alone and alike for all units, leave a
/// unit of it nothing in common with that unit of the way around it but the means of all.
pub(super) fn expected(
    branch: Rows<'_, f64>,
    around: Rows<'_, f64>,
    y: Rows<'_, f64>,
    channels: Option<usize>,
) -> Option<Moments> {
    let scale = scale_of(branch.data(), around.data(), y.data());
    let (branch, around) = (measured(branch, channels), measured(around, channels));
    let of_position = |(around, branch): (&Moments, &Moments)| Moments {
        mean: around.mean + scale * branch.mean,
        second: around.second + scale * scale * branch.second + 2.0 * scale * around.mean * branch.mean,
    };
    let of_row = |(around, branch): (&Vec<Moments>, &Vec<Moments>)| {
        (around.len() == branch.len()).then(|| around.iter().zip(branch).map(of_position).collect())
    };
    let rows: Option<Vec<Vec<Moments>>> = around.iter().zip(&branch).map(of_row).collect();
    rows.map(|rows| overall(&rows))
}

/// What a branch was multiplied by before it was added.
fn scale_of(branch: &[f64], around: &[f64], y: &[f64]) -> f64 {
    let add = |(products, squares): (f64, f64), ((f, around), y): ((&f64, &f64), &f64)| {
        (products + f * (y - around), squares + f * f)
    };
    let (products, squares) = branch.iter().zip(around).zip(y).fold((0.0, 0.0), add);
    if squares == 0.0 { 0.0 } else { products / squares }
}
