//! A convolution in which every channel has a window of its own: whole vectors of channels, and no products.

use super::blocks::{Blocks, lanes, lanes_mut};
use super::window::Grid;
use crate::Float;
use crate::linalg::{Isa, Work, dispatch};

/// The outputs of some images: at every position the bias, plus each pixel inside times its weight, tap by tap.
pub(super) struct Outputs<'a, T> {
    pub(super) grid: Grid,
    pub(super) x: &'a [T],
    /// A row a tap, a column a channel.
    pub(super) weight: &'a [T],
    pub(super) bias: Option<&'a [T]>,
    pub(super) y: &'a mut [T],
}

impl<T: Float> Outputs<'_, T> {
    pub(super) fn compute(self) {
        dispatch(self);
    }
}

impl<T: Float> Work for Outputs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.all(self.grid.channels);
    }
}

impl<T: Float> Blocks for Outputs<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let (grid, channels) = (self.grid, self.grid.channels);
        let start = self.bias.map_or([T::zero(); N], |bias| *lanes(bias, first));
        let mut outputs = self.y.chunks_exact_mut(channels);
        for x in self.x.chunks_exact(grid.n_in()) {
            for row in 0..grid.rows.out {
                for (col, y) in (0..grid.cols.out).zip(&mut outputs) {
                    let mut sums = start;
                    visit(&grid, row, col, |tap, pixel| {
                        let (x, weight): (&[T; N], &[T; N]) =
                            (lanes(x, pixel + first), lanes(self.weight, tap * channels + first));
                        for ((sum, &x), &weight) in sums.iter_mut().zip(x).zip(weight) {
                            *sum += x * weight;
                        }
                    });
                    *lanes_mut(y, first) = sums;
                }
            }
        }
    }
}

/// The derivative by some images.
pub(super) struct Images<'a, T> {
    pub(super) grid: Grid,
    pub(super) weight: &'a [T],
    pub(super) dy: &'a [T],
    pub(super) dx: &'a mut [T],
}

impl<T: Float> Images<'_, T> {
    pub(super) fn compute(self) {
        self.dx.fill(T::zero());
        dispatch(self);
    }
}

impl<T: Float> Work for Images<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.all(self.grid.channels);
    }
}

impl<T: Float> Blocks for Images<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let (grid, channels) = (self.grid, self.grid.channels);
        let mut outputs = self.dy.chunks_exact(channels);
        for dx in self.dx.chunks_exact_mut(grid.n_in()) {
            for row in 0..grid.rows.out {
                for (col, dy) in (0..grid.cols.out).zip(&mut outputs) {
                    let dy: [T; N] = *lanes(dy, first);
                    visit(&grid, row, col, |tap, pixel| {
                        let weight: &[T; N] = lanes(self.weight, tap * channels + first);
                        let dx: &mut [T; N] = lanes_mut(dx, pixel + first);
                        for ((dx, dy), &weight) in dx.iter_mut().zip(dy).zip(weight) {
                            *dx += dy * weight;
                        }
                    });
                }
            }
        }
    }
}

/// The derivative by the weights, added to what is there: at every position of every image, in this order.
pub(super) struct Weights<'a, T> {
    pub(super) grid: Grid,
    pub(super) x: &'a [T],
    pub(super) dy: &'a [T],
    pub(super) weight: &'a mut [T],
}

impl<T: Float> Weights<'_, T> {
    pub(super) fn compute(self) {
        dispatch(self);
    }
}

impl<T: Float> Work for Weights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.all(self.grid.channels);
    }
}

impl<T: Float> Blocks for Weights<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let (grid, channels) = (self.grid, self.grid.channels);
        let mut outputs = self.dy.chunks_exact(channels);
        for x in self.x.chunks_exact(grid.n_in()) {
            for row in 0..grid.rows.out {
                for (col, dy) in (0..grid.cols.out).zip(&mut outputs) {
                    let dy: [T; N] = *lanes(dy, first);
                    visit(&grid, row, col, |tap, pixel| {
                        let x: &[T; N] = lanes(x, pixel + first);
                        let weight: &mut [T; N] = lanes_mut(self.weight, tap * channels + first);
                        for ((weight, dy), &x) in weight.iter_mut().zip(dy).zip(x) {
                            *weight += dy * x;
                        }
                    });
                }
            }
        }
    }
}

/// Calls `each` with every tap that lies inside the image at that position, and where its pixel stands.
#[inline(always)]
fn visit(grid: &Grid, row: usize, col: usize, mut each: impl FnMut(usize, usize)) {
    let seen = grid.cols.inside(col);
    for tap_row in grid.rows.inside(row) {
        let line = grid.rows.at(row, tap_row);
        for tap_col in seen.clone() {
            each(tap_row * grid.cols.kernel + tap_col, grid.pixel(line, grid.cols.at(col, tap_col)));
        }
    }
}
