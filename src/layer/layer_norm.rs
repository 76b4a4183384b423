//! `LayerNorm`: every row, or every step of one, to mean 0 and variance 1.

use super::row_norm::RowNorm;
use super::{Layer, Moments, Pass, Plan, Propagated, Signal, Structure, Through};
use crate::{Bounds, Error, Float, InitMoments, Rows, RowsMut};

/// Layer normalization: subtracts from the numbers of a row their mean and divides by their deviation.
///
/// ```text
/// y = gain (x - mean) / sqrt(variance + epsilon) + bias
/// ```
///
/// Mean and variance are those of the whole row or, with [`over`](Self::over), of each group of `width` numbers: of every step, where a row
/// is a sequence. There is a gain and a bias for each place in a group.
///
/// ```
/// use evenkeel::{LayerNorm, Network, Rows};
/// let network = Network::<f64>::builder(4).layer(LayerNorm::over(2).epsilon(1e-12)?).build()?;
/// let y = network.predict(Rows::new(&[1.0, 3.0, 500.0, 400.0], 4)?)?;
/// assert!(y.iter().zip([-1.0, 1.0, 1.0, -1.0]).all(|(y, expected)| (y - expected).abs() < 1e-9));
/// assert_eq!(network.parameter("0.layer_norm.gain")?.data(), [1.0; 2]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: for a width of 0, and rows that are no whole number of groups.
///
/// # Notes
/// The variance is the plain one, the mean of the squared distances; sums are taken in f64 of the differences from the first number, so that
/// a large mean takes no digits from it. Ba, Kiros and Hinton 2016, "Layer Normalization".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNorm(RowNorm<true>);

impl LayerNorm {
    /// Over the whole row, with gains and biases, and an epsilon of 1e-5.
    pub fn new() -> Self {
        Self(RowNorm { width: None, epsilon: 1e-5, gain: true, bias: true })
    }

    /// Over each group of `width` neighbours.
    pub fn over(width: usize) -> Self {
        Self(RowNorm { width: Some(width), ..Self::new().0 })
    }

    /// With that much added to a variance before its root is taken.
    ///
    /// # Errors
    /// [`Error::Argument`] unless it is finite and above 0.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self(RowNorm { epsilon: Error::positive("LayerNorm", "epsilon", epsilon)?, ..self.0 }))
    }

    /// With gains, but without biases.
    pub fn without_bias(self) -> Self {
        Self(RowNorm { bias: false, ..self.0 })
    }

    /// Without gains and biases.
    pub fn without_affine(self) -> Self {
        Self(RowNorm { gain: false, bias: false, ..self.0 })
    }
}

impl Default for LayerNorm {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Layer<T> for LayerNorm {
    fn kind(&self) -> &'static str {
        "layer_norm"
    }

    fn structure(&self) -> Structure {
        Structure::RowNorm { is_centred: true }
    }

    fn bounds(&self) -> Bounds {
        Bounds::NORMALIZED
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        self.0.plan("LayerNorm", n_in)
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
