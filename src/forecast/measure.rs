//! `Measured`: the numbers of a forecast, from a real pass forward and back.

use std::fmt;

use super::builder::{moments_of, of_rows};
use super::table::{dash, number, size, write_rows};
use crate::{Error, Float, Generator, Loss, Mode, Moments, Network, Role, Rows, Targets};

/// Where the gradient by the output comes from.
#[derive(Debug, Clone, Copy)]
pub enum OutputGradient<'a, T> {
    /// A loss against these targets.
    Loss(&'a dyn Loss<T>, Targets<'a, T>),
    /// Normal numbers of variance 1, drawn from that seed: what a gradient becomes does not depend on where it comes from.
    Random(u64),
}

/// What was measured of one layer.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerMeasured {
    /// Its name, such as `0.linear`.
    pub name: String,
    /// How many numbers an output row has.
    pub units: usize,
    /// The moments of its output, over all rows; not finite where a number is not.
    pub moments: Moments,
    /// The mean square of the gradient by its output, relative to that by the network's output; `None` where that is 0.
    pub gradient: Option<f64>,
    /// The mean square of the gradient by its weights, relative to that of a row by the network's output; `None` where it has none, or that is 0.
    /// Of several rows it is that of the mean of their gradients, each as large as if it were alone.
    pub weight_gradient: Option<f64>,
}

/// What a network makes of some rows: a [`Forecast`](super::Forecast) by experiment.
///
/// ```
/// use evenkeel::*;
/// let layers = (0..10).fold(Network::<f32>::builder(64), |network, _| network.layer(Linear::new(64)).layer(Tanh));
/// let network = layers.weights(LeCun::normal()).seed(3).build()?;
/// let rows: Vec<f32> = (0..64).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
/// let measured = Measured::of(&network, Rows::new(&rows, 64)?, OutputGradient::Random(1))?;
/// let forecast = Forecast::builder(&network).rows(Rows::new(&rows, 64)?)?.build()?;
/// println!("{measured}");
/// let comparison = forecast.compare(&measured)?;
/// assert!(comparison.agrees(), "{comparison}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Measured {
    /// How many rows went through.
    pub rows: usize,
    /// Their moments.
    pub input: Moments,
    /// The layers, from input to output.
    pub layers: Vec<LayerMeasured>,
    /// The loss, where there is one.
    pub loss: Option<f64>,
    /// The mean square of the derivative of the loss of one row by an output: what gradients are relative to.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub output_gradient: f64,
    /// The norm of the gradient of all parameters, of the loss as it is.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub gradient_norm: f64,
}

impl Measured {
    /// Passes rows through a network in training mode and the gradient back, and changes nothing.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length; [`Error::Empty`] for no rows; [`Error::Data`] for a number that is not finite; those
    /// of [`Loss::evaluate`]; [`Error::Layer`] where a layer refuses; [`Error::TooLarge`] and [`Error::OutOfMemory`].
    pub fn of<T: Float>(
        network: &Network<T>,
        rows: Rows<'_, T>,
        gradient: OutputGradient<'_, T>,
    ) -> Result<Self, Error> {
        Error::same_size("the numbers of an input row", network.n_in(), rows.cols())?;
        let input = of_rows(rows)?;
        let mut workspace = network.workspace(rows.rows())?;
        network.forward(rows, Mode::Train, &mut workspace)?;
        let mut layers: Vec<_> = (0..network.layer_names().len())
            .map(|index| {
                let output = workspace.values_of(index + 1);
                let (name, moments) = (network.layer_names()[index].clone(), moments_of(output.data()));
                LayerMeasured { name, units: output.cols(), moments, gradient: None, weight_gradient: None }
            })
            .collect();
        let mut squares = vec![0.0; layers.len()];
        let seen = |index: usize, dy: Rows<'_, T>| squares[index] = moments_of(dy.data()).second;
        // A loss is the mean over the rows, which makes the gradient of each so many times smaller than if it were alone.
        let (loss, divisor) = match gradient {
            OutputGradient::Loss(loss, targets) => {
                let value = network.loss(loss, targets, &mut workspace)?;
                network.backward_seen(&mut workspace, None, seen)?;
                (Some(value), loss.divisor(targets))
            }
            OutputGradient::Random(seed) => {
                let mut by_output = vec![T::zero(); rows.rows() * network.n_out()];
                Generator::named(seed, "forecast.output_gradient").fill_normal(0.0, 1.0, &mut by_output);
                network.backward_seen(&mut workspace, Some(&by_output), seen)?;
                (None, 1.0)
            }
        };
        let by_output = squares.last().copied().unwrap_or(f64::NAN);
        // A loss at its least hands nothing back, and nothing is relative to that; what is no number stays one.
        let relative = |square: f64, by_output: f64| (by_output != 0.0).then(|| square / by_output);
        let mut norm = 0.0;
        for (slot, range) in network.layout().slots().iter().map(|slot| (slot, slot.range.clone())) {
            let of_slot = moments_of(&workspace.gradients()[range.clone()]);
            norm += of_slot.second * range.len() as f64;
            let layer = &mut layers[slot.layer];
            if slot.param.role == Role::Weight && layer.weight_gradient.is_none() && !range.is_empty() {
                // Rows that are added up, not averaged, are as many.
                let rows = if divisor == 1.0 { rows.rows() as f64 } else { 1.0 };
                layer.weight_gradient = relative(of_slot.second / (rows * rows), by_output * divisor * divisor);
            }
        }
        for (layer, square) in layers.iter_mut().zip(&squares) {
            layer.gradient = relative(*square, by_output);
        }
        let output_gradient = by_output * divisor * divisor;
        Ok(Self { rows: rows.rows(), input, layers, loss, output_gradient, gradient_norm: norm.sqrt() })
    }

    /// The layer of that name, if there is one.
    pub fn layer(&self, name: &str) -> Option<&LayerMeasured> {
        self.layers.iter().find(|layer| layer.name == name)
    }
}

/// The columns: heading and width.
const COLUMNS: [(&str, usize); 4] = [("signal rms", 12), ("mean", 10), ("gradient", 11), ("by weight", 11)];

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = self.output_gradient;
        let cells = |layer: &LayerMeasured| {
            [
                size(Some(layer.moments.second)),
                number(Some(layer.moments.mean)),
                size(layer.gradient.map(|gradient| gradient * output)),
                layer.weight_gradient.map_or_else(dash, |gradient| size(Some(gradient * output))),
            ]
        };
        let rows: Vec<_> = self.layers.iter().map(|layer| (layer.name.as_str(), cells(layer))).collect();
        write_rows(f, COLUMNS, &rows)?;
        write!(f, "\nmeasured on {} row{}", self.rows, if self.rows == 1 { "" } else { "s" })?;
        if let Some(loss) = self.loss {
            write!(f, "; loss {}", number(Some(loss)))?;
        }
        write!(f, "; norm of the gradient {}", number(Some(self.gradient_norm)))
    }
}
