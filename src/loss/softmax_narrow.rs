//! `SoftmaxCrossEntropy` of few classes: rows beside each other, so that a vector holds one class of many rows.

use super::softmax_rows::{BLOCK, ROWS, Weighted, distance};
use crate::Float;
use crate::linalg::Isa;
use crate::linalg::elementwise::{self, Exp, LogOfSum};

/// Below so many classes a row is too short for vectors of its own.
pub(super) const NARROW: usize = 16;
/// The rows stand in groups of so many, whether there are as many or not: a vector of every instruction set.
const GROUP: usize = 8;

/// How many rows of so many classes go into a block.
pub(super) fn rows(classes: usize) -> usize {
    (BLOCK / classes / GROUP * GROUP).min(ROWS)
}

/// The loss of up to [`rows`] rows, and their gradient.
#[inline(always)]
pub(super) fn narrow_rows<I: Isa, T: Float>(
    targets: &Weighted<'_>,
    y: &[T],
    classes: &[usize],
    block: &mut [f64; BLOCK],
    grad: Option<&mut [T]>,
) -> f64 {
    let (rows, width) = (classes.len(), y.len() / classes.len());
    // One class after the other, each with a number for every row. What stands for rows that are not there is not used.
    let stride = rows.next_multiple_of(GROUP);
    let block = &mut block[..stride * width];
    for (row, y) in y.chunks_exact(width).enumerate() {
        for (at, y) in block[row..].iter_mut().step_by(stride).zip(y) {
            *at = y.get();
        }
    }
    let mut largest = [f64::NEG_INFINITY; ROWS];
    let largest = &mut largest[..stride];
    for column in block.chunks_exact(stride) {
        for (largest, &y) in largest.iter_mut().zip(column) {
            *largest = if *largest < y { y } else { *largest };
        }
    }
    for column in block.chunks_exact_mut(stride) {
        for (d, &largest) in column.iter_mut().zip(&*largest) {
            *d = distance(*d, largest);
        }
    }
    let mut loss = 0.0;
    for (row, &class) in classes.iter().enumerate() {
        loss -= targets.on_class(class) * block[class * stride + row];
    }
    if targets.spreads() {
        for (class, column) in block.chunks_exact(stride).enumerate() {
            loss -= targets.on_every(class) * elementwise::sum(&column[..rows]);
        }
    }
    elementwise::replace::<I, f64>(&Exp, block);
    let (mut sums, mut totals) = ([0.0; ROWS], [0.0; ROWS]);
    let (sums, totals) = (&mut sums[..stride], &mut totals[..stride]);
    for column in block.chunks_exact(stride) {
        for (sum, e) in sums.iter_mut().zip(column) {
            *sum += e;
        }
    }
    for (total, &class) in totals.iter_mut().zip(classes) {
        *total = targets.total(class);
    }
    let mut logs = [0.0; ROWS];
    logs[..stride].copy_from_slice(sums);
    elementwise::replace::<I, f64>(&LogOfSum, &mut logs[..stride]);
    for (log, total) in logs.iter_mut().zip(&*totals) {
        *log *= total;
    }
    loss += elementwise::sum(&logs[..rows]);
    let Some(grad) = grad else { return loss };
    for (sum, total) in sums.iter_mut().zip(&*totals) {
        *sum = total / (*sum * targets.weight());
    }
    for (class, column) in block.chunks_exact_mut(stride).enumerate() {
        let on = targets.on_every(class) / targets.weight();
        for (e, scale) in column.iter_mut().zip(&*sums) {
            *e = *e * scale - on;
        }
    }
    let inverse = targets.weight().recip();
    for (row, &class) in classes.iter().enumerate() {
        block[class * stride + row] -= targets.on_class(class) * inverse;
    }
    for (row, grad) in grad.chunks_exact_mut(width).enumerate() {
        for (grad, &at) in grad.iter_mut().zip(block[row..].iter().step_by(stride)) {
            *grad = T::of(at);
        }
    }
    loss
}
