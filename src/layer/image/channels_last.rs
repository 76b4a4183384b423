//! `ChannelsLast`: images that stand channel by channel, brought into the order of the other layers.

use crate::layer::{Layer, Moments, Pass, Plan, Propagated, Signal, Through};
use crate::{Error, Float, InitMoments, Rows, RowsMut};

use super::window::counted;

/// Brings images whose channels stand one after the other (channels x height x width, as PyTorch keeps them) into the order that the
/// layers for images take (height x width x channels).
///
/// ```text
/// y[r, c, k] = x[k, r, c]
/// ```
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(6).layer(ChannelsLast::new((2, 1, 3))).build()?;
/// let image = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
/// assert_eq!(network.predict(Rows::new(&image, 6)?)?, [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// It costs a copy of the batch. Data that are used often are better brought into order once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelsLast {
    channels: usize,
    height: usize,
    width: usize,
}

impl ChannelsLast {
    /// For images of (channels, height, width): in the order in which they stand.
    pub fn new((channels, height, width): (usize, usize, usize)) -> Self {
        Self { channels, height, width }
    }

    /// Height, width and channels of its output.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size of 0; [`Error::TooLarge`] beyond what can be counted.
    pub fn output_shape(&self) -> Result<(usize, usize, usize), Error> {
        let Self { channels, height, width } = *self;
        for (argument, count) in [("channels", channels), ("height", height), ("width", width)] {
            Error::at_least_one("ChannelsLast", argument, count)?;
        }
        counted(&[channels, height, width])?;
        Ok((height, width, channels))
    }
}

/// Writes the columns of `x`, a matrix of `cols` columns, one after the other.
fn transpose<T: Float>(x: &[T], cols: usize, y: &mut [T]) {
    for (col, y) in y.chunks_exact_mut(x.len() / cols).enumerate() {
        for (y, &x) in y.iter_mut().zip(x[col..].iter().step_by(cols)) {
            *y = x;
        }
    }
}

impl<T: Float> Layer<T> for ChannelsLast {
    fn kind(&self) -> &'static str {
        "channels_last"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let (height, width, channels) = self.output_shape()?;
        Error::same_size("the numbers of an image (channels x height x width)", channels * height * width, n_in)?;
        Ok(Plan::new(n_in).channels(channels))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            transpose(x, self.height * self.width, y);
        }
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
        for (dy, dx) in dy.iter().zip(dx.iter_mut()) {
            transpose(dy, self.channels, dx);
        }
    }

    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        Some(Propagated { y: x, back: Some(1.0) })
    }

    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, _: &[InitMoments]) -> Option<Through<'a>> {
        Some(Through { chooses: 1.0, y: x, back: Some(1.0), squares: Some(Vec::new()) })
    }

    fn hands_on_initializer(&self) -> bool {
        true
    }
}
