//! `Linear`: every output a weighted sum of all inputs.

use std::sync::Arc;

use super::moments::{Terms, of_sums, second};
use super::signal::of_a_sum;
use super::{Layer, Moments, Pass, Plan, Propagated, Signal, Structure, Through};
use crate::linalg::{Matrix, Start, multiply};
use crate::{Error, Float, InitMoments, Initializer, Param, Role, Rows, RowsMut};

/// A fully connected layer: y = x W + b, with W of n_in x n_out and b of n_out numbers.
///
/// ```text
/// dW += x^T dy          db += sum of dy over rows          dx = dy W^T
/// ```
///
/// ```
/// use evenkeel::{Linear, Network, Normal, Relu};
/// let network = Network::<f32>::builder(64)
///     .layer(Linear::new(32).weights(Normal::new(0.0, 0.05)?))
///     .layer(Relu)
///     .layer(Linear::without_bias(10))
///     .build()?;
/// assert_eq!(network.parameter("0.linear.weight")?.rows(), 64);
/// assert_eq!(network.parameters().len(), 64 * 32 + 32 + 32 * 10);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Unless told otherwise, weights start as the layer behind asks for (He for ReLU, Xavier for tanh, ...), biases at zero.
#[derive(Debug, Clone)]
pub struct Linear<T> {
    n_out: usize,
    bias: bool,
    weight_start: Option<Arc<dyn Initializer<T>>>,
    bias_start: Option<Arc<dyn Initializer<T>>>,
}

impl<T: Float> Linear<T> {
    /// With `n_out` units, each with a bias.
    pub fn new(n_out: usize) -> Self {
        Self { n_out, bias: true, weight_start: None, bias_start: None }
    }

    /// With `n_out` units and no biases.
    pub fn without_bias(n_out: usize) -> Self {
        Self { bias: false, ..Self::new(n_out) }
    }

    /// With weights that start as that initializer says.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { weight_start: Some(Arc::new(initializer)), ..self }
    }

    /// With biases that start as that initializer says.
    pub fn biases(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { bias_start: Some(Arc::new(initializer)), ..self }
    }
}

impl<T: Float> Layer<T> for Linear<T> {
    fn kind(&self) -> &'static str {
        "linear"
    }

    fn structure(&self) -> Structure {
        Structure::Sums
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Error::at_least_one("Linear", "n_out", self.n_out)?;
        let plan = Plan::new(self.n_out).param(Param::weight(n_in, self.n_out)).channels(self.n_out);
        let plan = if self.bias { plan.param(Param::bias(self.n_out)) } else { plan };
        Ok(plan.writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (weight, bias) = pass.params.split_at(x.cols() * self.n_out);
        let start = if self.bias { Start::Row(bias) } else { Start::Zero };
        multiply(Matrix::new(x.data(), x.cols()), Matrix::new(weight, self.n_out), y.data_mut(), start);
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
        let (weight, _) = pass.params.split_at(x.cols() * self.n_out);
        let (weight_gradient, bias_gradient) = gradients.split_at_mut(weight.len());
        let (input, back) = (Matrix::new(x.data(), x.cols()), Matrix::new(dy.data(), self.n_out));
        let start = if pass.fresh { Start::Zero } else { Start::There };
        multiply(input.transposed(), back, weight_gradient, start);
        if self.bias {
            multiply(Matrix::repeated(&T::one(), 1, dy.rows()), back, bias_gradient, start);
        }
        if let Some(mut dx) = dx {
            multiply(back, Matrix::new(weight, self.n_out).transposed(), dx.data_mut(), Start::Zero);
        }
    }

    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let (&weight, bias) = weights.split_first()?;
        let y = of_sums(Terms::each(plan.params[0].rows), x, weight, bias.first().copied());
        Some(Propagated { y, back: Some(self.n_out as f64 * second(weight)) })
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        of_a_sum::<T>(self, plan, x, weights)
    }

    fn keeps_positions(&self) -> bool {
        true
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, _: &[InitMoments]) -> Option<Vec<f64>> {
        let (n_in, n_out) = (plan.params.first()?.rows as f64, self.n_out as f64);
        let both = [n_in * n_out * x.second, n_out];
        Some(both[..plan.params.len()].to_vec())
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        if param.role == Role::Bias { self.bias_start.as_deref() } else { self.weight_start.as_deref() }
    }
}
