//! `Positions`: the moments of an image, pixel by pixel, seen through a window.

use super::window::Grid;
use crate::layer::by_position::at;
use crate::{InitMoments, Moments};

/// The moments of the pixels of an image that a window passes over: one entry a pixel, or a single one where all are alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positions<'a> {
    pub(super) grid: Grid,
    pub(super) of: &'a [Moments],
}

impl Positions<'_> {
    /// Whether there are as many entries as the image has pixels.
    fn fits(&self, entries: usize) -> bool {
        entries == 1 || entries == self.grid.rows.image * self.grid.cols.image
    }

    /// Calls `of` with a position and every pixel that it sees.
    pub(super) fn seen(&self, position: usize, mut of: impl FnMut(usize)) {
        let Grid { rows, cols, .. } = self.grid;
        let (row, col) = (position / cols.out, position % cols.out);
        for tap_row in rows.inside(row) {
            for tap_col in cols.inside(col) {
                of(rows.at(row, tap_row) * cols.image + cols.at(col, tap_col));
            }
        }
    }

    /// Whether every position sees as many pixels.
    fn is_whole(&self) -> bool {
        let whole = |taps: f64, kernel: usize| taps == kernel as f64;
        let Grid { rows, cols, .. } = self.grid;
        whole(rows.taps_inside()[0], rows.kernel) && whole(cols.taps_inside()[0], cols.kernel)
    }

    /// The moments of sums over what a window sees of `depth` channels, at every position.
    pub(super) fn sums(&self, depth: usize, weight: InitMoments, bias: Option<InitMoments>) -> Option<Vec<Moments>> {
        if !self.fits(self.of.len()) {
            return None;
        }
        let bias = bias.unwrap_or(InitMoments { mean: 0.0, variance: 0.0, kurtosis: None });
        let positions = if self.of.len() == 1 && self.is_whole() { 1 } else { self.grid.positions() };
        let depth = depth as f64;
        let sum = |position: usize| {
            let (mut means, mut seconds, mut variances) = (0.0, 0.0, 0.0);
            self.seen(position, |pixel| {
                let x = at(self.of, pixel);
                means += x.mean;
                seconds += x.second;
                variances += x.variance();
            });
            // The variance of a product w x is that of w times E[x^2], and that of x times E[w]^2.
            let variance = depth * (weight.variance * seconds + weight.mean * weight.mean * variances) + bias.variance;
            let mean = depth * weight.mean * means + bias.mean;
            Moments { mean, second: mean * mean + variance }
        };
        Some((0..positions).map(sum).collect())
    }

    /// Of squares of the gradient by the positions: for every pixel their sum over all positions that see it, and the sum of their products with
    /// the second moments of what they see.
    pub(super) fn gradient(&self, dy: &[f64]) -> Option<(Vec<f64>, f64)> {
        let Grid { rows, cols, .. } = self.grid;
        if !self.fits(self.of.len()) || !(dy.len() == 1 || dy.len() == self.grid.positions()) {
            return None;
        }
        let (mut by_pixel, mut products) = (vec![0.0; rows.image * cols.image], 0.0);
        for position in 0..self.grid.positions() {
            let dy = at(dy, position);
            self.seen(position, |pixel| {
                by_pixel[pixel] += dy;
                products += dy * at(self.of, pixel).second;
            });
        }
        Some((by_pixel, products))
    }
}
