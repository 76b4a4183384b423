//! What a window sees at each of its positions, side by side: so that a convolution becomes a product.

use std::ops::Range;

use super::blocks::{Blocks, lanes, lanes_mut};
use super::window::Grid;
use crate::Float;
use crate::linalg::{Isa, Work, dispatch};

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
#[inline(always)]
fn stretches(grid: &Grid, positions: &Range<usize>) -> impl Iterator<Item = (usize, usize, Range<usize>)> {
    let (rows, cols, end) = (grid.rows.out, grid.cols.out, positions.end);
    let first = positions.start / cols * cols;
    (first..end).step_by(cols).zip(std::iter::repeat(positions.start)).map(move |(at, start)| {
        let line = at / cols;
        (line / rows, line % rows, start.max(at) - at..end.min(at + cols) - at)
    })
}

/// Writes a row for each position: its taps one after the other, each with its channels.
pub(super) fn by_position<T: Float>(grid: &Grid, x: &[T], part: &Part, to: &mut [T]) {
    dispatch(ByPosition { grid, x, part, to });
}

struct ByPosition<'a, T> {
    grid: &'a Grid,
    x: &'a [T],
    part: &'a Part,
    to: &'a mut [T],
}

impl<T: Float> Work for ByPosition<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { grid, x, part, mut to } = self;
        let depth = part.channels.len();
        for (image, row, cols) in stretches(grid, &part.positions) {
            let x = &x[image * grid.n_in()..][..grid.n_in()];
            let rows;
            (rows, to) = to.split_at_mut(cols.len() * part.seen());
            let mut offset = 0;
            for tap in grid.places(&part.taps) {
                let meeting = meeting(grid, row, &cols, tap);
                Seen { x, rows, seen: part.seen(), offset, meeting, channel: part.channels.start }.all(depth);
                offset += depth;
            }
        }
    }
}

/// Where a tap meets pixels, in a stretch of positions: these positions of the stretch, the pixel of the first, and from one pixel to
/// the next.
#[derive(Clone)]
struct Meeting {
    positions: Range<usize>,
    pixel: usize,
    step: usize,
}

#[inline(always)]
fn meeting(grid: &Grid, row: usize, cols: &Range<usize>, (tap_row, tap_col): (usize, usize)) -> Meeting {
    let (outs, step) = (grid.cols.outs(tap_col), grid.cols.stride * grid.channels);
    let (from, upto) = (outs.start.clamp(cols.start, cols.end), outs.end.clamp(cols.start, cols.end));
    if from >= upto || !grid.rows.inside(row).contains(&tap_row) {
        return Meeting { positions: 0..0, pixel: 0, step };
    }
    let pixel = grid.pixel(grid.rows.at(row, tap_row), grid.cols.at(from, tap_col));
    Meeting { positions: from - cols.start..upto - cols.start, pixel, step }
}

/// What one tap sees in a stretch of positions.
struct Seen<'a, T> {
    x: &'a [T],
    rows: &'a mut [T],
    seen: usize,
    offset: usize,
    meeting: Meeting,
    channel: usize,
}

impl<T: Float> Blocks for Seen<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let Meeting { positions, pixel, step } = self.meeting.clone();
        let (at, seen) = (self.offset + first, self.seen);
        let (before, rest) = self.rows.split_at_mut(positions.start * seen);
        let (inside, after) = rest.split_at_mut(positions.len() * seen);
        for outside in [before, after] {
            for row in outside.chunks_exact_mut(seen) {
                *lanes_mut(row, at) = [T::zero(); N];
            }
        }
        let mut pixel = pixel + self.channel + first;
        for row in inside.chunks_exact_mut(seen) {
            *lanes_mut::<T, N>(row, at) = *lanes(self.x, pixel);
            pixel += step;
        }
    }
}

/// Writes a row for each tap and channel: what it sees at all positions. For images of few channels, whose runs are too short to be copied
/// one by one.
pub(super) fn by_tap<T: Float>(grid: &Grid, x: &[T], part: &Part, to: &mut [T]) {
    dispatch(ByTap { grid, x, part, to });
}

struct ByTap<'a, T> {
    grid: &'a Grid,
    x: &'a [T],
    part: &'a Part,
    to: &'a mut [T],
}

impl<T: Float> Work for ByTap<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { grid, x, part, to } = self;
        let mut lines = to.chunks_exact_mut(part.positions.len());
        for tap in grid.places(&part.taps) {
            for (channel, mut to) in part.channels.clone().zip(&mut lines) {
                for (image, row, cols) in stretches(grid, &part.positions) {
                    let line;
                    (line, to) = to.split_at_mut(cols.len());
                    let Meeting { positions, pixel, step } = meeting(grid, row, &cols, tap);
                    let (line, right) = line.split_at_mut(positions.end);
                    let (left, middle) = line.split_at_mut(positions.start);
                    // Nothing is outside but at the edges, and a call for nothing would cost as much as the copy.
                    for outside in [left, right].into_iter().filter(|outside| !outside.is_empty()) {
                        outside.fill(T::zero());
                    }
                    let x = &x[image * grid.n_in() + pixel + channel..];
                    if step == 1 {
                        copy(x, middle);
                    } else {
                        for (to, &x) in middle.iter_mut().zip(x.iter().step_by(step)) {
                            *to = x;
                        }
                    }
                }
            }
        }
    }
}

/// The other way: adds the rows that stand for positions to the pixels that they were seen at.
pub(super) fn fold<T: Float>(grid: &Grid, from: &[T], part: &Part, x: &mut [T]) {
    dispatch(Fold { grid, from, part, x });
}

struct Fold<'a, T> {
    grid: &'a Grid,
    from: &'a [T],
    part: &'a Part,
    x: &'a mut [T],
}

impl<T: Float> Work for Fold<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { grid, mut from, part, x } = self;
        let depth = part.channels.len();
        for (image, row, cols) in stretches(grid, &part.positions) {
            let x = &mut x[image * grid.n_in()..][..grid.n_in()];
            let rows;
            (rows, from) = from.split_at(cols.len() * part.seen());
            let mut offset = 0;
            for tap in grid.places(&part.taps) {
                let meeting = meeting(grid, row, &cols, tap);
                Returned { x, rows, seen: part.seen(), offset, meeting, channel: part.channels.start }.all(depth);
                offset += depth;
            }
        }
    }
}

/// What goes back to the pixels that one tap sees in a stretch of positions.
struct Returned<'a, T> {
    x: &'a mut [T],
    rows: &'a [T],
    seen: usize,
    offset: usize,
    meeting: Meeting,
    channel: usize,
}

impl<T: Float> Blocks for Returned<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let Meeting { positions, pixel, step } = self.meeting.clone();
        let (at, seen) = (self.offset + first, self.seen);
        let mut pixel = pixel + self.channel + first;
        for row in self.rows[positions.start * seen..positions.end * seen].chunks_exact(seen) {
            let (to, from): (&mut [T; N], &[T; N]) = (lanes_mut(self.x, pixel), lanes(row, at));
            for (to, &from) in to.iter_mut().zip(from) {
                *to += from;
            }
            pixel += step;
        }
    }
}

/// `to[i] = from[i]` for all of `to`. Runs are short: a call for each would take longer than the copy itself.
#[inline(always)]
fn copy<T: Float>(from: &[T], to: &mut [T]) {
    let mut at = 0;
    if to.len() >= 128 {
        return to.copy_from_slice(&from[..to.len()]);
    }
    copy_piece::<T, 64>(from, to, &mut at);
    copy_piece::<T, 32>(from, to, &mut at);
    copy_piece::<T, 16>(from, to, &mut at);
    copy_piece::<T, 8>(from, to, &mut at);
    copy_piece::<T, 4>(from, to, &mut at);
    copy_piece::<T, 2>(from, to, &mut at);
    copy_piece::<T, 1>(from, to, &mut at);
}

/// Copies the next `N` numbers where the length has that bit.
#[inline(always)]
fn copy_piece<T: Float, const N: usize>(from: &[T], to: &mut [T], at: &mut usize) {
    if to.len() & N != 0 {
        *lanes_mut::<T, N>(to, *at) = *lanes(from, *at);
        *at += N;
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
