//! `AveragePool2d`: the mean of what a window sees, channel by channel.

use std::ops::Range;

use super::blocks::{Blocks, lanes, lanes_mut};
use super::positions::Positions;
use super::share::{PASSING, by_images};
use super::window::{Extent, Grid, Padding, Window};
use crate::layer::by_position::at;
use crate::layer::{GradientByPosition, Layer, Pass, Plan, Propagated, Signal, Through};
use crate::linalg::{Isa, Work, dispatch};
use crate::{Error, Float, InitMoments, Moments, Rows, RowsMut};

/// Average pooling of images (height x width x channels, channels last): at every position of a window, the mean of each channel.
///
/// ```text
/// y[r, c, k] = (sum over i, j of x[r s + i - p, c s + j - p, k]) / n
/// ```
///
/// with stride s and padding p. Of a window that reaches beyond the image only the n pixels inside count; with
/// [`count_padding`](Self::count_padding) n is the size of the window everywhere, as if the padding were zeros.
///
/// ```
/// use evenkeel::*;
/// let image = [1.0, 2.0, 3.0, 6.0];
/// let mean_of = |pool: AveragePool2d| Network::<f32>::builder(4).layer(pool).build()?.predict(Rows::new(&image, 4)?);
/// assert_eq!(mean_of(AveragePool2d::new((1, 4, 1), (1, 2)))?, [1.5, 4.5]);
/// assert_eq!(mean_of(AveragePool2d::global((2, 2, 1)))?, [3.0]);
/// let wide = AveragePool2d::new((1, 4, 1), (1, 2)).padding(Padding::Explicit { rows: 0, cols: 1 });
/// assert_eq!(mean_of(wide.clone())?, [1.0, 2.5, 6.0]);
/// assert_eq!(mean_of(wide.count_padding())?, [0.5, 2.5, 3.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Unless told otherwise the stride is the size of the window, and nothing is padded. That padding does not count is what TensorFlow does,
/// and PyTorch with `count_include_pad=False`: a mean of pixels that there are is not drawn towards zero at the edges. The global one
/// is from Lin et al., *Network in network*, 2014.
#[derive(Debug, Clone)]
pub struct AveragePool2d {
    window: Window,
    count_padding: bool,
}

impl AveragePool2d {
    /// Over images of (height, width, channels), with a window of that many rows and columns.
    pub fn new(image: (usize, usize, usize), kernel: impl Into<Extent>) -> Self {
        let kernel = kernel.into();
        let window = Window { stride: kernel, ..Window::new("AveragePool2d", image, kernel) };
        Self { window, count_padding: false }
    }

    /// Over whole images of (height, width, channels): one mean a channel.
    pub fn global(image: (usize, usize, usize)) -> Self {
        Self::new(image, (image.0, image.1))
    }

    /// With so many rows and columns from one position to the next.
    pub fn stride(mut self, stride: impl Into<Extent>) -> Self {
        self.window.stride = stride.into();
        self
    }

    /// With the window reaching beyond the image.
    pub fn padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// With padding that counts as pixels of value 0.
    pub fn count_padding(self) -> Self {
        Self { count_padding: true, ..self }
    }

    /// Height, width and channels of its output.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size or stride of 0, and for padding of more than half of the window; [`Error::Window`] where it spans
    /// more than the padded image; [`Error::TooLarge`] beyond what can be counted.
    pub fn output_shape(&self) -> Result<(usize, usize, usize), Error> {
        let grid = self.window.pooling()?;
        Ok((grid.rows.out, grid.cols.out, grid.channels))
    }
}

impl<T: Float> Layer<T> for AveragePool2d {
    fn kind(&self) -> &'static str {
        "average_pool2d"
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::Joint
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let grid = self.window.pooling()?;
        grid.takes(n_in)?;
        let n_out = grid.positions() * grid.channels;
        Ok(Plan::new(n_out).channels(grid.channels).operations_per_row(n_out.saturating_mul(grid.taps())))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        let means = Means { grid: self.window.pooling()?, count_padding: self.count_padding };
        let work = |[x]: [&[T]; 1], [y]: [&mut [T]; 1]| dispatch(Forward { means, x, y });
        by_images(x.rows(), x.data().len() * PASSING, [x.data()], [y.data_mut()], &work);
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        let grid = self.window.pooling().expect("the geometry was checked when the layer was planned");
        let means = Means { grid, count_padding: self.count_padding };
        let work = |[dy]: [&[T]; 1], [dx]: [&mut [T]; 1]| dispatch(Backward { means, dy, dx });
        let dx = dx.data_mut();
        by_images(dy.rows(), dx.len() * PASSING, [dy.data()], [dx], &work);
    }

    /// As if pixels had nothing but the mean in common.
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = Layer::<T>::propagate(self, plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, _: &[InitMoments]) -> Option<Through<'a>> {
        let grid = self.window.pooling().ok()?;
        let means = Means { grid, count_padding: self.count_padding };
        // What different pixels have in common no mean takes away; where it is not known, they are taken for independent.
        let between = x.shared.unwrap_or(x.moments.mean * x.moments.mean);
        let (mut mean, mut second, mut shared, mut back) = (0.0, 0.0, 0.0, 0.0);
        for row in 0..grid.rows.out {
            for col in 0..grid.cols.out {
                let seen = grid.rows.inside(row).len() * grid.cols.inside(col).len();
                let count = means.counted(seen);
                let (share, each) = (seen as f64 / count, seen as f64 / (count * count));
                mean += share * x.moments.mean;
                shared += share * share * between;
                second += share * share * between + each * (x.moments.second - between);
                back += each;
            }
        }
        let (outputs, pixels) = (grid.positions() as f64, (grid.n_in() / grid.channels) as f64);
        let moments = Moments { mean: mean / outputs, second: second / outputs };
        let y = Signal { shared: x.shared.map(|_| shared / outputs), ..Signal::unknown(moments) };
        Some(Through { chooses: 1.0, y, back: Some(back / pixels), squares: Some(Vec::new()) })
    }

    fn moments_by_position(&self, _: &Plan, x: &[Moments], _: &[InitMoments]) -> Option<Vec<Moments>> {
        let grid = self.window.pooling().ok()?;
        if x.len() != grid.rows.image * grid.cols.image {
            return None;
        }
        let (means, positions) = (Means { grid, count_padding: self.count_padding }, Positions { grid, of: x });
        let mean = |position: usize| {
            let (mut seen, mut mean, mut variance) = (0, 0.0, 0.0);
            positions.seen(position, |pixel| {
                seen += 1;
                mean += x[pixel].mean;
                variance += x[pixel].variance();
            });
            let count = means.counted(seen);
            let mean = mean / count;
            Moments { mean, second: mean * mean + variance / (count * count) }
        };
        Some((0..grid.positions()).map(mean).collect())
    }

    fn gradient_by_position(
        &self,
        _: &Plan,
        x: &[Moments],
        _: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        let grid = self.window.pooling().ok()?;
        let (means, positions) = (Means { grid, count_padding: self.count_padding }, Positions { grid, of: x });
        let share = |position: usize| {
            let mut seen = 0;
            positions.seen(position, |_| seen += 1);
            at(dy, position) / means.counted(seen).powi(2)
        };
        if dy.len() != 1 && dy.len() != grid.positions() {
            return None;
        }
        let shares: Vec<f64> = (0..grid.positions()).map(share).collect();
        let (by_input, _) = positions.gradient(&shares)?;
        Some(GradientByPosition { by_input, by_parameters: Vec::new() })
    }

    fn hands_on_initializer(&self) -> bool {
        true
    }
}

/// Up to so many pixels are summed in the type of the images; a sum of more would lose digits in f32.
const FEW: usize = 64;

/// Which means are taken.
#[derive(Debug, Clone, Copy)]
struct Means {
    grid: Grid,
    count_padding: bool,
}

impl Means {
    /// How many pixels count where so many are seen.
    #[inline(always)]
    fn counted(&self, seen: usize) -> f64 {
        if self.count_padding { self.grid.taps() as f64 } else { seen as f64 }
    }
}

struct Forward<'a, T> {
    means: Means,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Float> Work for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.all(self.means.grid.channels);
    }
}

impl<T: Float> Blocks for Forward<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let grid = self.means.grid;
        let mut outputs = self.y.chunks_exact_mut(grid.channels);
        for x in self.x.chunks_exact(grid.n_in()) {
            for row in 0..grid.rows.out {
                let seen_rows = grid.rows.inside(row);
                for (col, y) in (0..grid.cols.out).zip(&mut outputs) {
                    let seen_cols = grid.cols.inside(col);
                    let seen = Seen { grid, row, col, rows: seen_rows.clone(), cols: seen_cols };
                    let count = self.means.counted(seen.rows.len() * seen.cols.len());
                    *lanes_mut(y, first) = if grid.taps() > FEW {
                        seen.sums::<f64, T, N>(x, first).map(|sum| T::of(sum / count))
                    } else {
                        seen.sums::<T, T, N>(x, first).map(|sum| sum / T::of(count))
                    };
                }
            }
        }
    }
}

/// What a window sees of an image.
struct Seen {
    grid: Grid,
    row: usize,
    col: usize,
    rows: Range<usize>,
    cols: Range<usize>,
}

impl Seen {
    /// The sum of each lane, in the type `S`.
    #[inline(always)]
    fn sums<S: Float, T: Float, const N: usize>(&self, x: &[T], first: usize) -> [S; N] {
        let mut sums = [S::zero(); N];
        for tap_row in self.rows.clone() {
            let line = self.grid.rows.at(self.row, tap_row);
            for tap_col in self.cols.clone() {
                let x: &[T; N] = lanes(x, self.grid.pixel(line, self.grid.cols.at(self.col, tap_col)) + first);
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum += S::of(x.get());
                }
            }
        }
        sums
    }
}

struct Backward<'a, T> {
    means: Means,
    dy: &'a [T],
    dx: &'a mut [T],
}

impl<T: Float> Work for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.dx.fill(T::zero());
        self.all(self.means.grid.channels);
    }
}

impl<T: Float> Blocks for Backward<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let grid = self.means.grid;
        let mut outputs = self.dy.chunks_exact(grid.channels);
        for dx in self.dx.chunks_exact_mut(grid.n_in()) {
            for row in 0..grid.rows.out {
                let seen_rows = grid.rows.inside(row);
                for (col, dy) in (0..grid.cols.out).zip(&mut outputs) {
                    let seen_cols = grid.cols.inside(col);
                    let count = T::of(self.means.counted(seen_rows.len() * seen_cols.len()));
                    let share: [T; N] = lanes(dy, first).map(|dy: T| dy / count);
                    for tap_row in seen_rows.clone() {
                        let line = grid.rows.at(row, tap_row);
                        for tap_col in seen_cols.clone() {
                            let pixel = grid.pixel(line, grid.cols.at(col, tap_col)) + first;
                            let dx: &mut [T; N] = lanes_mut(dx, pixel);
                            for (dx, share) in dx.iter_mut().zip(share) {
                                *dx += share;
                            }
                        }
                    }
                }
            }
        }
    }
}
