//! `RmsNorm`: every row, or every step of one, to a second moment of 1.

use super::row_norm::RowNorm;
use super::{Layer, Moments, Pass, Plan, Propagated, Signal, Structure, Through};
use crate::{Bounds, Error, Float, InitMoments, Rows, RowsMut};

/// Root mean square normalization: divides the numbers of a row by the root of the mean of their squares.
///
/// ```text
/// y = gain x / sqrt(mean of x^2 + epsilon)
/// ```
///
/// The mean is that of the whole row or, with [`over`](Self::over), of each group of `width` numbers: of every step, where a row is a
/// sequence. There is a gain for each place in a group.
///
/// ```
/// use evenkeel::{Network, RmsNorm, Rows};
/// let network = Network::<f64>::builder(2).layer(RmsNorm::new().epsilon(1e-12)?).build()?;
/// let y = network.predict(Rows::new(&[3.0, -4.0], 2)?)?;
/// let root = 12.5_f64.sqrt();
/// assert!((y[0] - 3.0 / root).abs() < 1e-9 && (y[1] + 4.0 / root).abs() < 1e-9);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: for a width of 0, and rows that are no whole number of groups.
///
/// # Notes
/// Cheaper than [`LayerNorm`](crate::LayerNorm), and as good where the mean says nothing. Zhang and Sennrich 2019, "Root Mean Square Layer
/// Normalization".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsNorm(RowNorm<false>);

impl RmsNorm {
    /// Over the whole row, with gains, and an epsilon of 1e-6.
    pub fn new() -> Self {
        Self(RowNorm { width: None, epsilon: 1e-6, gain: true, bias: false })
    }

    /// Over each group of `width` neighbours.
    pub fn over(width: usize) -> Self {
        Self(RowNorm { width: Some(width), ..Self::new().0 })
    }

    /// With that much added to a mean square before its root is taken.
    ///
    /// # Errors
    /// [`Error::Argument`] unless it is finite and above 0.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self(RowNorm { epsilon: Error::positive("RmsNorm", "epsilon", epsilon)?, ..self.0 }))
    }

    /// Without gains.
    pub fn without_gain(self) -> Self {
        Self(RowNorm { gain: false, ..self.0 })
    }
}

impl Default for RmsNorm {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Layer<T> for RmsNorm {
    fn kind(&self) -> &'static str {
        "rms_norm"
    }

    fn structure(&self) -> Structure {
        Structure::RowNorm { is_centred: false }
    }

    fn bounds(&self) -> Bounds {
        Bounds::NORMALIZED
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        self.0.plan("RmsNorm", n_in)
    }

    fn forward(&self, x: Rows<'_, T>, y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        self.0.forward(x, y, pass);
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        self.0.backward(x, dy, dx, gradients, pass);
    }

    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        Some(self.0.moments(plan, x, weights))
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        Some(self.0.propagate(plan, x, weights))
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, _: &[InitMoments]) -> Option<Vec<f64>> {
        Some(self.0.gradient_squares(plan, x))
    }
}
