//! `MaxPool2d`: the largest of what a window sees, channel by channel.

use super::blocks::{Blocks, lanes, lanes_mut};
use super::share::{PASSING, by_images};
use super::window::{Extent, Grid, Padding, Window};
use crate::layer::{Behind, Layer, Pass, Passed, Plan, Propagated, Signal, Through};
use crate::linalg::{Isa, Work, dispatch};
use crate::moments::largest;
use crate::{Error, Float, InitMoments, Moments, Rows, RowsMut};

/// Max pooling of images (height x width x channels, channels last): at every position of a window, the largest number of each channel.
///
/// ```text
/// y[r, c, k] = max over i, j of x[r s + i - p, c s + j - p, k]
/// ```
///
/// with stride s and padding p; pixels outside never win. The derivative goes to the first of the largest, row by row.
///
/// ```
/// use evenkeel::*;
/// let pool = MaxPool2d::new((2, 4, 1), 2);
/// assert_eq!(pool.output_shape()?, (1, 2, 1));
/// let network = Network::<f32>::builder(8).layer(pool).build()?;
/// let image = [1.0, 2.0, -1.0, -2.0, 4.0, 3.0, -4.0, -3.0];
/// assert_eq!(network.predict(Rows::new(&image, 8)?)?, [4.0, -1.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Unless told otherwise the stride is the size of the window, and nothing is padded. A NaN in a window is its maximum. A window has at
/// most 2^24 pixels: so many are told apart by a number of `f32`.
///
/// To a forecast the pixels of a window are normal, or an activation of normal numbers, and equally correlated. The largest of n has the density
/// n phi(z) Phi(z)^(n - 1): order statistics, as in David and Nagaraja, "Order Statistics", 2003.
#[derive(Debug, Clone)]
pub struct MaxPool2d {
    window: Window,
}

impl MaxPool2d {
    /// Over images of (height, width, channels), with a window of that many rows and columns.
    pub fn new(image: (usize, usize, usize), kernel: impl Into<Extent>) -> Self {
        let kernel = kernel.into();
        Self { window: Window { stride: kernel, ..Window::new("MaxPool2d", image, kernel) } }
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

    /// Height, width and channels of its output.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size or stride of 0, for padding of more than half of the window, and for a window of more than 2^24
    /// pixels; [`Error::Window`] where it spans more than the padded image; [`Error::TooLarge`] beyond what can be counted.
    pub fn output_shape(&self) -> Result<(usize, usize, usize), Error> {
        let grid = self.grid()?;
        Ok((grid.rows.out, grid.cols.out, grid.channels))
    }

    fn grid(&self) -> Result<Grid, Error> {
        let grid = self.window.pooling()?;
        let taps = grid.rows.kernel.saturating_mul(grid.cols.kernel);
        Error::require(taps <= 1 << 24, self.window.of, "kernel", taps as f64, "at most 2^24 pixels")?;
        Ok(grid)
    }
}

impl<T: Float> Layer<T> for MaxPool2d {
    fn kind(&self) -> &'static str {
        "max_pool2d"
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::Joint
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let grid = self.grid()?;
        grid.takes(n_in)?;
        let n_out = grid.positions() * grid.channels;
        Ok(Plan::new(n_out)
            .channels(grid.channels)
            .saved_per_row(n_out)
            .operations_per_row(n_out.saturating_mul(grid.taps())))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let grid = self.grid()?;
        let work = |[x]: [&[T]; 1], [y, winners]: [&mut [T]; 2]| dispatch(Largest { grid, x, y, winners });
        by_images(x.rows(), x.data().len() * PASSING, [x.data()], [y.data_mut(), pass.saved], &work);
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        let grid = self.grid().expect("the geometry was checked when the layer was planned");
        let work = |[winners, dy]: [&[T]; 2], [dx]: [&mut [T]; 1]| dispatch(Returned { grid, winners, dy, dx });
        let dx = dx.data_mut();
        by_images(dy.rows(), dx.len() * PASSING, [pass.saved, dy.data()], [dx], &work);
    }

    /// As if pixels had nothing but the mean in common, and were normal.
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = Layer::<T>::propagate(self, plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    /// Behind an activation that nowhere falls, as ReLU does not, the largest value is that of the largest number; what comes out of one that
    /// falls somewhere, as of GELU, is not known. Every derivative goes to one pixel, and there the slope of the activation is that at the largest.
    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, _: &[InitMoments]) -> Option<Through<'a>> {
        let grid = self.grid().ok().filter(|_| x.kept == 1.0)?;
        let (normal, between, function) = match x.behind {
            Some(Behind { function, moments, shared }) => (moments, shared, Some(function)),
            None => (x.moments, x.shared, None),
        };
        let correlation = between.map_or(0.0, |shared| Signal::correlation(normal, shared).max(0.0));
        let (mut mean, mut second, mut slope, mut known) = (0.0, 0.0, 0.0, Vec::new());
        for rows in (0..grid.rows.out).map(|row| grid.rows.inside(row).len()) {
            for cols in (0..grid.cols.out).map(|col| grid.cols.inside(col).len()) {
                let seen = rows * cols;
                let of_window = match known.iter().find(|(count, _)| *count == seen) {
                    Some((_, largest)) => *largest,
                    None => {
                        let of_window = largest(seen, normal, correlation, function)?;
                        known.push((seen, of_window));
                        of_window
                    }
                };
                mean += of_window.moments.mean;
                second += of_window.moments.second;
                slope += of_window.slope;
            }
        }
        let (outputs, pixels) = (grid.positions() as f64, (grid.n_in() / grid.channels) as f64);
        let moments = Moments { mean: mean / outputs, second: second / outputs };
        // Windows of numbers that have but the mean in common have but the mean in common.
        let shared = (correlation == 0.0 && between.is_some()).then_some(moments.mean * moments.mean);
        let y = Signal { shared, ..Signal::unknown(moments) };
        // The slope where a derivative goes, which is where the largest number is, and that anywhere.
        let anywhere = function.map_or(1.0, |function| function.expected(normal.mean, normal.variance()).slope_second);
        let chooses = if anywhere > 0.0 { slope / outputs / anywhere } else { 1.0 };
        Some(Through { y, back: Some(outputs / pixels), chooses, squares: Some(Vec::new()) })
    }

    /// Where another pixel wins, the slope is another one.
    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        one.saved != other.saved
    }

    fn hands_on_initializer(&self) -> bool {
        true
    }
}

/// The forward pass: at every position the largest number, and which tap it is.
struct Largest<'a, T> {
    grid: Grid,
    x: &'a [T],
    y: &'a mut [T],
    winners: &'a mut [T],
}

impl<T: Float> Work for Largest<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { grid, x, y, winners } = self;
        let line = grid.cols.out * grid.channels;
        let mut lines = y.chunks_exact_mut(line).zip(winners.chunks_exact_mut(line));
        for x in x.chunks_exact(grid.n_in()) {
            for (row, (y, winners)) in (0..grid.rows.out).zip(&mut lines) {
                LargestOfRow { grid, row, x, y, winners }.all(grid.channels);
            }
        }
    }
}

/// One row of outputs.
struct LargestOfRow<'a, T> {
    grid: Grid,
    row: usize,
    x: &'a [T],
    y: &'a mut [T],
    winners: &'a mut [T],
}

impl<T: Float> Blocks for LargestOfRow<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let (grid, row) = (&self.grid, self.row);
        let seen_rows = grid.rows.inside(row);
        for col in 0..grid.cols.out {
            let seen_cols = grid.cols.inside(col);
            let mut largest = [T::neg_infinity(); N];
            let mut winner = [T::of((seen_rows.start * grid.cols.kernel + seen_cols.start) as f64); N];
            for tap_row in seen_rows.clone() {
                let line = grid.rows.at(row, tap_row);
                for tap_col in seen_cols.clone() {
                    let tap = T::of((tap_row * grid.cols.kernel + tap_col) as f64);
                    let x: &[T; N] = lanes(self.x, grid.pixel(line, grid.cols.at(col, tap_col)) + first);
                    for ((largest, winner), &x) in largest.iter_mut().zip(&mut winner).zip(x) {
                        // A NaN wins, and nothing wins against it but another.
                        let wins = x > *largest || x.is_nan();
                        *winner = if wins { tap } else { *winner };
                        *largest = if wins { x } else { *largest };
                    }
                }
            }
            let at = col * grid.channels + first;
            *lanes_mut(self.y, at) = largest;
            *lanes_mut(self.winners, at) = winner;
        }
    }
}

/// The way back: every derivative goes to the pixel that won.
struct Returned<'a, T> {
    grid: Grid,
    winners: &'a [T],
    dy: &'a [T],
    dx: &'a mut [T],
}

impl<T: Float> Work for Returned<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { grid, winners, dy, dx } = self;
        let line = grid.cols.out * grid.channels;
        let mut lines = winners.chunks_exact(line).zip(dy.chunks_exact(line));
        for dx in dx.chunks_exact_mut(grid.n_in()) {
            let tiles = grid.tiles();
            if !tiles {
                dx.fill(T::zero());
            }
            for (row, (winners, dy)) in (0..grid.rows.out).zip(&mut lines) {
                ReturnedOfRow { grid, tiles, row, winners, dy, dx }.all(grid.channels);
            }
        }
    }
}

/// One row of outputs.
struct ReturnedOfRow<'a, T> {
    grid: Grid,
    /// Whether every pixel is seen once: then derivatives are written and not added up.
    tiles: bool,
    row: usize,
    winners: &'a [T],
    dy: &'a [T],
    dx: &'a mut [T],
}

impl<T: Float> Blocks for ReturnedOfRow<'_, T> {
    #[inline(always)]
    fn block<const N: usize>(&mut self, first: usize) {
        let (grid, row) = (&self.grid, self.row);
        for tap_row in grid.rows.inside(row) {
            let line = grid.rows.at(row, tap_row);
            for col in 0..grid.cols.out {
                let at = col * grid.channels + first;
                let (winner, dy): (&[T; N], &[T; N]) = (lanes(self.winners, at), lanes(self.dy, at));
                for tap_col in grid.cols.inside(col) {
                    let tap = T::of((tap_row * grid.cols.kernel + tap_col) as f64);
                    let dx: &mut [T; N] = lanes_mut(self.dx, grid.pixel(line, grid.cols.at(col, tap_col)) + first);
                    for ((dx, &winner), &dy) in dx.iter_mut().zip(winner).zip(dy) {
                        let share = if winner == tap { dy } else { T::zero() };
                        *dx = if self.tiles { share } else { *dx + share };
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn a_nan_wins() {
        let network = Network::<f32>::builder(6).layer(MaxPool2d::new((1, 6, 1), (1, 3))).build().unwrap();
        let y = network.predict(Rows::new(&[1.0, f32::NAN, 2.0, 3.0, 5.0, 4.0], 6).unwrap()).unwrap();
        assert!(y[0].is_nan() && y[1] == 5.0, "{y:?}");
    }

    #[test]
    fn padding_never_wins() {
        let pool = MaxPool2d::new((1, 2, 1), 3).stride(1).padding(Padding::Same);
        let network = Network::<f32>::builder(2).layer(pool).build().unwrap();
        let y = network.predict(Rows::new(&[-1.0, -2.0, f32::NEG_INFINITY, f32::NEG_INFINITY], 2).unwrap()).unwrap();
        assert_eq!(y, [-1.0, -1.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
    }
}
