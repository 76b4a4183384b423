//! What a window sees at each of its positions, side by side: so that a convolution becomes a product.

use std::ops::Range;

use super::window::Grid;
use crate::Float;
use crate::linalg::vectorized;

/// Which part of the images is unfolded. Positions are counted through all images, each row by row.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) positions: Range<usize>,
    /// Which taps of the window, counted row by row.
    pub(super) taps: Range<usize>,
    /// Which channels.
    pub(super) channels: Range<usize>,
}

impl Part {
    /// How many numbers are seen at each position.
    pub(super) fn seen(&self) -> usize {
        self.taps.len() * self.channels.len()
    }
}

/// The positions of a part that stand in one row of one image: (image, row, its columns).
pub(super) fn stretches(grid: &Grid, positions: &Range<usize>) -> impl Iterator<Item = (usize, usize, Range<usize>)> {
    let (rows, cols, end) = (grid.rows.out, grid.cols.out, positions.end);
    let first = positions.start / cols * cols;
    (first..end).step_by(cols).zip(std::iter::repeat(positions.start)).map(move |(at, start)| {
        let line = at / cols;
        (line / rows, line % rows, start.max(at) - at..end.min(at + cols) - at)
    })
}

/// Writes a row for each position: its taps one after the other, each with its channels.
pub(super) fn by_position<T: Float>(grid: &Grid, x: &[T], part: &Part, to: &mut [T]) {
    let (kernel, depth) = (grid.cols.kernel, part.channels.len());
    // Neighbours in the window are neighbours in memory.
    let whole = depth == grid.channels && grid.cols.dilation == 1;
    let mut rows = to.chunks_exact_mut(part.seen());
    for (image, row, cols) in stretches(grid, &part.positions) {
        let x = &x[image * grid.n_in()..][..grid.n_in()];
        let seen_rows = grid.rows.inside(row);
        for (col, mut to) in cols.zip(&mut rows) {
            let seen = grid.cols.inside(col);
            let mut first = part.taps.start;
            while first < part.taps.end {
                let (tap_row, tap_col) = (first / kernel, first % kernel);
                let last = kernel.min(tap_col + part.taps.end - first);
                first += last - tap_col;
                let line;
                (line, to) = to.split_at_mut((last - tap_col) * depth);
                if !seen_rows.contains(&tap_row) {
                    line.fill(T::zero());
                    continue;
                }
                let (from, upto) = (seen.start.clamp(tap_col, last), seen.end.clamp(tap_col, last));
                let (line, right) = line.split_at_mut((upto.max(from) - tap_col) * depth);
                let (left, middle) = line.split_at_mut((from - tap_col) * depth);
                left.fill(T::zero());
                right.fill(T::zero());
                if middle.is_empty() {
                    continue;
                }
                let at = |tap| grid.pixel(grid.rows.at(row, tap_row), grid.cols.at(col, tap)) + part.channels.start;
                if whole {
                    middle.copy_from_slice(&x[at(from)..][..middle.len()]);
                } else {
                    for (tap, to) in (from..upto).zip(middle.chunks_exact_mut(depth)) {
                        to.copy_from_slice(&x[at(tap)..][..depth]);
                    }
                }
            }
        }
    }
}

/// Writes a row for each tap and channel: what it sees at all positions. For images of few channels, whose runs are too short to be copied
/// one by one.
pub(super) fn by_tap<T: Float>(grid: &Grid, x: &[T], part: &Part, to: &mut [T]) {
    let (kernel, step) = (grid.cols.kernel, grid.cols.stride * grid.channels);
    let mut lines = to.chunks_exact_mut(part.positions.len());
    for tap in part.taps.clone() {
        let (tap_row, tap_col) = (tap / kernel, tap % kernel);
        let outs = grid.cols.outs(tap_col);
        for (channel, mut to) in part.channels.clone().zip(&mut lines) {
            for (image, row, cols) in stretches(grid, &part.positions) {
                let line;
                (line, to) = to.split_at_mut(cols.len());
                if !grid.rows.inside(row).contains(&tap_row) {
                    line.fill(T::zero());
                    continue;
                }
                let (from, upto) = (outs.start.clamp(cols.start, cols.end), outs.end.clamp(cols.start, cols.end));
                let (line, right) = line.split_at_mut(upto.max(from) - cols.start);
                let (left, middle) = line.split_at_mut(from - cols.start);
                left.fill(T::zero());
                right.fill(T::zero());
                if middle.is_empty() {
                    continue;
                }
                let pixel = grid.pixel(grid.rows.at(row, tap_row), grid.cols.at(from, tap_col));
                let x = &x[image * grid.n_in() + pixel + channel..];
                if step == 1 {
                    middle.copy_from_slice(&x[..middle.len()]);
                } else {
                    for (to, &x) in middle.iter_mut().zip(x.iter().step_by(step)) {
                        *to = x;
                    }
                }
            }
        }
    }
}

/// The other way: adds the rows that stand for positions to the pixels that they were seen at. All taps are there.
pub(super) fn fold<T: Float>(grid: &Grid, from: &[T], part: &Part, x: &mut [T]) {
    vectorized(|| {
        let depth = part.channels.len();
        let whole = depth == grid.channels && grid.cols.dilation == 1;
        let mut rows = from.chunks_exact(part.seen());
        for (image, row, cols) in stretches(grid, &part.positions) {
            let x = &mut x[image * grid.n_in()..][..grid.n_in()];
            let seen_rows = grid.rows.inside(row);
            for (col, from) in cols.zip(&mut rows) {
                let seen = grid.cols.inside(col);
                if seen.is_empty() {
                    continue;
                }
                for tap_row in seen_rows.clone() {
                    let from = &from[tap_row * grid.cols.kernel * depth..];
                    let at = |tap| grid.pixel(grid.rows.at(row, tap_row), grid.cols.at(col, tap)) + part.channels.start;
                    if whole {
                        let numbers = seen.len() * depth;
                        add(&from[seen.start * depth..][..numbers], &mut x[at(seen.start)..][..numbers]);
                    } else {
                        for tap in seen.clone() {
                            add(&from[tap * depth..][..depth], &mut x[at(tap)..][..depth]);
                        }
                    }
                }
            }
        }
    });
}

/// `to[i] += from[i]`, in whole vectors as far as there are some.
#[inline(always)]
fn add<T: Float>(from: &[T], to: &mut [T]) {
    let (from, from_rest) = from.as_chunks::<16>();
    let (to, to_rest) = to.as_chunks_mut::<16>();
    for (to, from) in to.iter_mut().zip(from) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }
    for (to, &from) in to_rest.iter_mut().zip(from_rest) {
        *to += from;
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::{Padding, Window};
    use super::*;

    /// What tap `tap` of channel `channel` sees at a position of an image, by trying every pixel.
    fn seen(grid: &Grid, x: &[f64], position: usize, tap: usize, channel: usize) -> Option<usize> {
        let (image, place) = (position / grid.positions(), position % grid.positions());
        let row = (place / grid.cols.out * grid.rows.stride) + tap / grid.cols.kernel * grid.rows.dilation;
        let col = (place % grid.cols.out * grid.cols.stride) + tap % grid.cols.kernel * grid.cols.dilation;
        let pixels = (0..grid.rows.image).flat_map(|r| (0..grid.cols.image).map(move |c| (r, c)));
        let mut found = pixels.filter(|&(r, c)| r + grid.rows.before == row && c + grid.cols.before == col);
        found.next().map(|(r, c)| image * grid.n_in() + grid.pixel(r, c) + channel).filter(|&at| at < x.len())
    }

    #[test]
    fn both_orders_and_the_way_back_agree_with_trying_every_pixel() {
        let mut compared = 0;
        for case in 0..400_usize {
            let of = |salt: usize, below: usize| 1 + (case * 7919 + salt * 104_729) / 7 % below;
            let image = (of(1, 6), of(2, 7), of(3, 5));
            let mut window = Window::new("a test", image, (of(4, 3), of(5, 4)).into());
            window.stride = (of(6, 2), of(7, 3)).into();
            window.dilation = (of(8, 2), of(9, 2)).into();
            window.padding = [Padding::Valid, Padding::Same, Padding::Explicit { rows: 1, cols: 2 }][case % 3];
            let Ok(grid) = window.grid() else { continue };
            let images = of(10, 3);
            let x: Vec<f64> = (0..images * grid.n_in()).map(|at| at as f64 + 1.0).collect();
            let all = images * grid.positions();
            let first = of(11, all) - 1;
            let channel = of(12, grid.channels) - 1;
            let tap = of(13, grid.taps()) - 1;
            let mut part = Part { positions: first..all, taps: tap..grid.taps(), channels: channel..grid.channels };
            if case % 2 == 0 {
                part.channels = 0..grid.channels;
            }
            let mut rows = vec![f64::NAN; part.positions.len() * part.seen()];
            let mut lines = rows.clone();
            by_position(&grid, &x, &part, &mut rows);
            by_tap(&grid, &x, &part, &mut lines);
            for (at, position) in part.positions.clone().enumerate() {
                let pairs = part.taps.clone().flat_map(|tap| part.channels.clone().map(move |channel| (tap, channel)));
                for (place, (tap, channel)) in pairs.enumerate() {
                    let expected = seen(&grid, &x, position, tap, channel).map_or(0.0, |at| x[at]);
                    assert_eq!(rows[at * part.seen() + place], expected, "{grid:?}, {part:?}");
                    assert_eq!(lines[place * part.positions.len() + at], expected, "{grid:?}, {part:?}");
                    compared += 1;
                }
            }
            part.taps = 0..grid.taps();
            let from: Vec<f64> = (0..part.positions.len() * part.seen()).map(|at| (at % 31) as f64).collect();
            let (mut folded, mut expected) = (x.clone(), x.clone());
            fold(&grid, &from, &part, &mut folded);
            for (at, &number) in from.iter().enumerate() {
                let (position, place) = (first + at / part.seen(), at % part.seen());
                let (tap, channel) = (place / part.channels.len(), part.channels.start + place % part.channels.len());
                if let Some(to) = seen(&grid, &x, position, tap, channel) {
                    expected[to] += number;
                }
            }
            // Whole numbers: the sums are exact in any order.
            assert_eq!(folded, expected, "{grid:?}, {part:?}");
        }
        assert!(compared > 20_000, "{compared}");
    }
}
