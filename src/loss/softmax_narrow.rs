//! `SoftmaxCrossEntropy` of few classes: rows beside each other, so that a vector holds one class of many rows.

use super::softmax_rows::{Weighted, distance};
use crate::Float;
use crate::linalg::Isa;
use crate::linalg::elementwise::{self, Exp, LogOfSum};

/// Below so many classes a row is too short for vectors of its own.
pub(super) const NARROW: usize = 16;
/// So many rows stand beside each other, whether there are as many or not: some vectors of every instruction set.
pub(super) const BESIDE: usize = 32;

/// One number of each row.
type Column = [f64; BESIDE];

/// The loss of up to [`BESIDE`] rows, and their gradient.
#[inline(always)]
pub(super) fn narrow_rows<I: Isa, T: Float>(
    targets: &Weighted<'_>,
    y: &[T],
    classes: &[usize],
    columns: &mut [Column],
    grad: Option<&mut [T]>,
) -> f64 {
    let width = y.len() / classes.len();
    let columns = &mut columns[..width];
    // What stands for rows that are not there is not used.
    for (row, y) in y.chunks_exact(width).enumerate() {
        for (column, y) in columns.iter_mut().zip(y) {
            column[row] = y.get();
        }
    }
    let mut largest = [f64::NEG_INFINITY; BESIDE];
    for column in &*columns {
        for (largest, &y) in largest.iter_mut().zip(column) {
            *largest = if *largest < y { y } else { *largest };
        }
    }
    for column in &mut *columns {
        for (d, &largest) in column.iter_mut().zip(&largest) {
            *d = distance(*d, largest);
        }
    }
    let mut loss = 0.0;
    for (row, &class) in classes.iter().enumerate() {
        loss -= targets.on_class(class) * columns[class][row];
    }
    if targets.spreads() {
        for (class, column) in columns.iter().enumerate() {
            loss -= targets.on_every(class) * elementwise::sum(&column[..classes.len()]);
        }
    }
    elementwise::replace::<I, f64>(&Exp, columns.as_flattened_mut());
    let mut sums = [0.0; BESIDE];
    for column in &*columns {
        for (sum, e) in sums.iter_mut().zip(column) {
            *sum += e;
        }
    }
    let mut logs = sums;
    elementwise::replace::<I, f64>(&LogOfSum, &mut logs);
    let mut totals = [0.0; BESIDE];
    for ((total, log), &class) in totals.iter_mut().zip(&logs).zip(classes) {
        *total = targets.total(class);
        loss += *total * log;
    }
    let Some(grad) = grad else { return loss };
    let mut scales = [0.0; BESIDE];
    for ((scale, total), sum) in scales.iter_mut().zip(&totals).zip(&sums) {
        *scale = total / sum;
    }
    // What lies on the class of a row is taken from its share at once, so that a single class gives exactly zero.
    let mut own = [0.0; BESIDE];
    for (row, (own, &class)) in own.iter_mut().zip(classes).enumerate() {
        *own = columns[class][row] * scales[row] - (targets.on_class(class) + targets.on_every(class));
    }
    for (class, column) in columns.iter_mut().enumerate() {
        let on = targets.on_every(class);
        for (e, scale) in column.iter_mut().zip(&scales) {
            *e = *e * scale - on;
        }
    }
    for (row, (own, &class)) in own.iter().zip(classes).enumerate() {
        columns[class][row] = *own;
    }
    let inverse = targets.weight().recip();
    for (row, grad) in grad.chunks_exact_mut(width).enumerate() {
        for (grad, column) in grad.iter_mut().zip(&*columns) {
            *grad = T::of(column[row] * inverse);
        }
    }
    loss
}
