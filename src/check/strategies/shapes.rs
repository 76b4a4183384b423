//! `shapes` and `rows`: how many numbers, and which.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::*;

/// Pairs of how many rows and how many columns; shrinks to the smallest of both.
pub fn shapes(
    rows: RangeInclusive<usize>,
    cols: RangeInclusive<usize>,
) -> impl Strategy<Value = (usize, usize)> + Clone {
    (rows, cols)
}

/// Rows of numbers between -2 and 2, flat, and how many a row has; shrinks to few rows, few columns and zeros.
pub fn rows(
    rows: RangeInclusive<usize>,
    cols: RangeInclusive<usize>,
) -> impl Strategy<Value = (Vec<f64>, usize)> + Clone {
    shapes(rows, cols).prop_flat_map(|(rows, cols)| (vec(-2.0..2.0, rows * cols), Just(cols)))
}
