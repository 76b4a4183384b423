//! `Extent`, `Padding`, and where a window falls onto an image.

use std::ops::Range;

use crate::Error;

/// A number of rows and of columns: of a kernel, or of a step. A single number means as many of both.
///
/// ```
/// use evenkeel::Extent;
/// assert_eq!(Extent::from(3), Extent { rows: 3, cols: 3 });
/// assert_eq!(Extent::from((1, 5)), Extent { rows: 1, cols: 5 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
}

impl From<usize> for Extent {
    fn from(both: usize) -> Self {
        Self { rows: both, cols: both }
    }
}

impl From<(usize, usize)> for Extent {
    fn from((rows, cols): (usize, usize)) -> Self {
        Self { rows, cols }
    }
}

/// What stands around an image while a window passes over it.
///
/// ```
/// use evenkeel::{Conv2d, Padding};
/// let shape = |padding| Conv2d::<f32>::new((28, 28, 1), 16, 5).padding(padding).output_shape();
/// assert_eq!(shape(Padding::Valid)?, (24, 24, 16));
/// assert_eq!(shape(Padding::Same)?, (28, 28, 16));
/// assert_eq!(shape(Padding::Explicit { rows: 1, cols: 0 })?, (26, 24, 16));
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// A convolution takes padding for zeros. A pooling leaves it out: it never wins a maximum. `Same` is that of TensorFlow, and of PyTorch
/// where the stride is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Nothing: the window stays inside the image.
    #[default]
    Valid,
    /// As much as it takes for the output to have a position for every stride of the input, ceil(size / stride) in all; what is odd
    /// goes below and to the right.
    Same,
    /// So many rows above and below, so many columns on the left and on the right.
    Explicit {
        /// Rows above, and as many below.
        rows: usize,
        /// Columns on the left, and as many on the right.
        cols: usize,
    },
}

/// A window that passes over an image, as the user describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Whose window it is, for errors.
    pub(super) of: &'static str,
    /// Height, width and channels.
    pub(super) image: (usize, usize, usize),
    pub(super) kernel: Extent,
    pub(super) stride: Extent,
    pub(super) dilation: Extent,
    pub(super) padding: Padding,
}

impl Window {
    /// A window that moves by one pixel and never leaves the image.
    pub(super) fn new(of: &'static str, image: (usize, usize, usize), kernel: Extent) -> Self {
        Self { of, image, kernel, stride: 1.into(), dilation: 1.into(), padding: Padding::Valid }
    }

    /// Where it falls, or why it cannot.
    pub(super) fn grid(&self) -> Result<Grid, Error> {
        let Self { of, image: (height, width, channels), kernel, stride, dilation, padding } = *self;
        let counts = [
            ("height", height),
            ("width", width),
            ("channels", channels),
            ("kernel.rows", kernel.rows),
            ("kernel.cols", kernel.cols),
            ("stride.rows", stride.rows),
            ("stride.cols", stride.cols),
            ("dilation.rows", dilation.rows),
            ("dilation.cols", dilation.cols),
        ];
        for (argument, count) in counts {
            Error::at_least_one(of, argument, count)?;
        }
        let around = |explicit: fn(usize, usize) -> usize| match padding {
            Padding::Valid => Some(0),
            Padding::Same => None,
            Padding::Explicit { rows, cols } => Some(explicit(rows, cols)),
        };
        let rows = Axis {
            image: height,
            kernel: kernel.rows,
            stride: stride.rows,
            dilation: dilation.rows,
            before: 0,
            out: 0,
        };
        let cols =
            Axis { image: width, kernel: kernel.cols, stride: stride.cols, dilation: dilation.cols, before: 0, out: 0 };
        let rows = rows.placed(of, "rows", around(|rows, _| rows))?;
        let cols = cols.placed(of, "columns", around(|_, cols| cols))?;
        counted(&[height, width, channels])?;
        counted(&[kernel.rows, kernel.cols, channels])?;
        Ok(Grid { rows, cols, channels })
    }

    /// Where a window falls of which something lies inside the image at every position, or why it cannot.
    pub(super) fn pooling(&self) -> Result<Grid, Error> {
        if let Padding::Explicit { rows, cols } = self.padding {
            let half = "at most half of the window";
            Error::require(rows <= self.kernel.rows / 2, self.of, "padding.rows", rows as f64, half)?;
            Error::require(cols <= self.kernel.cols / 2, self.of, "padding.cols", cols as f64, half)?;
        }
        let grid = self.grid()?;
        counted(&[grid.rows.out, grid.cols.out, grid.channels])?;
        Ok(grid)
    }
}

/// The product of some counts; an error where there are no indices for so many numbers.
pub(super) fn counted(counts: &[usize]) -> Result<usize, Error> {
    let product = counts.iter().try_fold(1_usize, |product, &count| product.checked_mul(count));
    // No slice has more bytes than that.
    let product = product.filter(|&product| product <= isize::MAX as usize / 8);
    product.ok_or(Error::TooLarge { what: "an image", bytes: u64::MAX, limit: isize::MAX as u64 })
}

/// One direction of an image: where a window of `kernel` taps, `dilation` apart, falls at each of its `out` positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) image: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    /// How much padding stands before the image.
    pub(super) before: usize,
    pub(super) out: usize,
}

impl Axis {
    /// With padding, `None` for what keeps the size; and so with a count of positions.
    fn placed(self, of: &'static str, axis: &'static str, padding: Option<usize>) -> Result<Self, Error> {
        let place = || {
            let span = (self.kernel - 1).checked_mul(self.dilation)?.checked_add(1)?;
            let (before, padding) = match padding {
                Some(each) => (each, each.checked_mul(2)?),
                None => {
                    let last = (self.image.div_ceil(self.stride) - 1) * self.stride;
                    let padding = last.checked_add(span)?.saturating_sub(self.image);
                    (padding / 2, padding)
                }
            };
            Some((span, before, self.image.checked_add(padding)?))
        };
        let (span, before, padded) =
            place().ok_or(Error::TooLarge { what: "an image", bytes: u64::MAX, limit: isize::MAX as u64 })?;
        if span > padded {
            return Err(Error::Window { of, axis, span, padded });
        }
        Ok(Self { before, out: (padded - span) / self.stride + 1, ..self })
    }

    /// Which taps lie inside the image at position `out`.
    #[inline(always)]
    pub(super) fn inside(&self, out: usize) -> Range<usize> {
        let (start, end) = (out * self.stride, self.before + self.image);
        if start >= self.before && start + (self.kernel - 1) * self.dilation < end {
            return 0..self.kernel;
        }
        let upto = |place: usize| place.saturating_sub(start).div_ceil(self.dilation).min(self.kernel);
        upto(self.before)..upto(end)
    }

    /// How many taps lie inside the image, and the square of that, in the mean over all positions.
    pub(super) fn taps_inside(&self) -> [f64; 2] {
        let sums = (0..self.out)
            .map(|out| self.inside(out).len() as f64)
            .fold([0.0; 2], |[sum, squares], taps| [sum + taps, squares + taps * taps]);
        sums.map(|sum| sum / self.out as f64)
    }

    /// How many taps lie inside the image at both of two positions, in the mean over all pairs.
    pub(super) fn taps_inside_both(&self) -> f64 {
        (0..self.kernel).map(|tap| (self.outs(tap).len() as f64 / self.out as f64).powi(2)).sum()
    }

    /// At which positions tap `tap` lies inside the image.
    #[inline(always)]
    pub(super) fn outs(&self, tap: usize) -> Range<usize> {
        let (start, end) = (tap * self.dilation, self.before + self.image);
        if start >= self.before && start + (self.out - 1) * self.stride < end {
            return 0..self.out;
        }
        let upto = |place: usize| place.saturating_sub(start).div_ceil(self.stride).min(self.out);
        upto(self.before)..upto(end)
    }

    /// Whether every pixel is seen at one position, and none but pixels are.
    fn tiles(&self) -> bool {
        self.dilation == 1 && self.stride == self.kernel && self.before == 0 && self.out * self.stride == self.image
    }

    /// Whether there is a position for every pixel, the middle tap on it.
    fn keeps_positions(&self) -> bool {
        let middle = (self.kernel - 1) / 2 * self.dilation;
        self.stride == 1 && self.out == self.image && self.before == middle
    }

    /// Where a tap that lies inside the image falls.
    #[inline(always)]
    pub(super) fn at(&self, out: usize, tap: usize) -> usize {
        out * self.stride + tap * self.dilation - self.before
    }
}

/// Both directions of an image, and its channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) rows: Axis,
    pub(super) cols: Axis,
    pub(super) channels: usize,
}

impl Grid {
    /// Nothing where rows of so many numbers are such images.
    pub(super) fn takes(&self, n_in: usize) -> Result<(), Error> {
        Error::same_size("the numbers of an image (height x width x channels)", self.n_in(), n_in)
    }

    /// How many numbers an image has.
    pub(super) fn n_in(&self) -> usize {
        self.rows.image * self.cols.image * self.channels
    }

    /// How many positions the window has.
    pub(super) fn positions(&self) -> usize {
        self.rows.out * self.cols.out
    }

    /// How many taps the window has.
    pub(super) fn taps(&self) -> usize {
        self.rows.kernel * self.cols.kernel
    }

    /// Whether every pixel is seen at one position, and none but pixels are.
    pub(super) fn tiles(&self) -> bool {
        self.rows.tiles() && self.cols.tiles()
    }

    /// Whether there is a position for every pixel, the middle tap on it.
    pub(super) fn keeps_positions(&self) -> bool {
        self.rows.keeps_positions() && self.cols.keeps_positions()
    }

    /// The row and the column of some taps, which are counted row by row.
    #[inline(always)]
    pub(super) fn places(&self, taps: &Range<usize>) -> impl Iterator<Item = (usize, usize)> + use<> {
        let kernel = self.cols.kernel;
        let first = (taps.start / kernel, taps.start % kernel);
        let next =
            move |&(row, col): &(usize, usize)| Some(if col + 1 < kernel { (row, col + 1) } else { (row + 1, 0) });
        std::iter::successors(Some(first), next).take(taps.len())
    }

    /// Where the channels of a pixel stand in its image.
    #[inline(always)]
    pub(super) fn pixel(&self, row: usize, col: usize) -> usize {
        (row * self.cols.image + col) * self.channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_counting_taps_agree_with_trying_all() {
        for case in 0..2000_usize {
            let of = |salt: usize, below: usize| 1 + (case * 7919 + salt * 104_729) / 7 % below;
            let (image, kernel, stride, dilation) = (of(1, 9), of(2, 5), of(3, 4), of(4, 3));
            let axis = Axis { image, kernel, stride, dilation, before: 0, out: 0 };
            let padding = if case % 5 == 0 { None } else { Some(case % 7) };
            let Ok(axis) = axis.placed("a test", "rows", padding) else { continue };
            for out in 0..axis.out {
                for tap in 0..kernel {
                    let place = out * stride + tap * dilation;
                    let inside = place >= axis.before && place < axis.before + image;
                    assert_eq!(axis.inside(out).contains(&tap), inside, "{axis:?}, {out}, {tap}");
                    assert_eq!(axis.outs(tap).contains(&out), inside, "{axis:?}, {out}, {tap}");
                    assert!(!inside || axis.at(out, tap) == place - axis.before);
                }
            }
        }
    }
}
