//! `ForecastBuilder`: what is known before a forecast.

use super::parts::Part;
use super::regime::Regime;
use super::walk::Walk;
use super::{Forecast, advice, concern, formats, tied};
use crate::network::Design;
use crate::{Error, Float, Loss, Moments, Rows, Signal};

/// Collects what a [`Forecast`] is to be made of; made by [`Forecast::builder`], or by [`NetworkBuilder::forecast`](crate::NetworkBuilder::forecast)
/// before anything is drawn.
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(2).layer(Linear::new(64)).layer(Relu).layer(Linear::new(10)).build()?;
/// let data = [0.5, 2.0, -1.0, 0.0];
/// let loss = SoftmaxCrossEntropy::new();
/// let forecast = Forecast::builder(&network).rows(Rows::new(&data, 2)?)?.loss(&loss).correlation(0.0).build()?;
/// assert_eq!(forecast.input.second, 5.25 / 4.0);
/// assert!(forecast.loss.expect("it is known").value > 10_f64.ln());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct ForecastBuilder<'a, T> {
    design: Design<'a, T>,
    input: Moments,
    /// What rows of the input have in common, where rows said it.
    shared: Option<f64>,
    loss: Option<&'a dyn Loss<T>>,
    targets: Option<Moments>,
    correlation: Option<f64>,
}

impl<'a, T: Float> ForecastBuilder<'a, T> {
    pub(crate) fn new(design: Design<'a, T>) -> Self {
        let input = Moments { mean: 0.0, second: 1.0 };
        Self { design, input, shared: None, loss: None, targets: None, correlation: None }
    }

    /// The moments of the input; mean 0 and second moment 1 without.
    pub fn input(self, input: Moments) -> Self {
        Self { input, shared: None, ..self }
    }

    /// The moments of the input are those of some rows of it, and so is what they have in common.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length; [`Error::Empty`] for none; [`Error::Data`] for what is not finite.
    pub fn rows(self, rows: Rows<'_, T>) -> Result<Self, Error> {
        Error::same_size("the numbers of an input row", self.design.n_in(), rows.cols())?;
        Ok(Self { input: of_rows(rows)?, shared: shared_by(rows), ..self })
    }

    /// The loss that the network is to be trained with: then gradients are of their true size, and the loss itself is told.
    pub fn loss(self, loss: &'a dyn Loss<T>) -> Self {
        Self { loss: Some(loss), ..self }
    }

    /// The moments of the targets, where the loss is one of values; what is usual for it without. See [`Loss::at_start`].
    pub fn targets(self, targets: Moments) -> Self {
        Self { targets: Some(targets), ..self }
    }

    /// Also follows, through depth, the correlation of two inputs that start with that one. Where no rows are given, those of a batch are
    /// taken to have as much in common, which without this is the mean alone: it decides what [`BatchNorm`](crate::BatchNorm) takes off.
    ///
    /// It costs some milliseconds a layer, where ReLU and its relatives cost nothing. In the chaotic phase it is also what the depth to
    /// which correlations reach is known by: see [`Regime::correlation_depth`].
    pub fn correlation(self, correlation: f64) -> Self {
        Self { correlation: Some(correlation), ..self }
    }

    /// Says what is to be expected.
    ///
    /// # Errors
    /// [`Error::Argument`] for moments that no numbers have, or that are not finite, and a correlation outside \[-1, 1\].
    pub fn build(self) -> Result<Forecast, Error> {
        let of = "Forecast";
        let input = checked(of, ["mean", "second_moment"], self.input)?;
        let targets =
            self.targets.map(|targets| checked(of, ["targets.mean", "targets.second"], targets)).transpose()?;
        if let Some(c) = self.correlation {
            Error::require((-1.0..=1.0).contains(&c), of, "correlation", c, "between -1 and 1")?;
        }
        let shared = self.shared.or(self.correlation.map(|c| c * input.second)).unwrap_or(input.mean * input.mean);
        let signal = Signal { shared: Some(shared), ..Signal::unknown(input) };
        let walk = Walk::of(&self.design, signal, self.correlation);
        let output = walk.layers.last().and_then(|layer| layer.moments);
        let is_normal = walk.steps.last().is_some_and(|step| matches!(step.part, Part::Linear(_)) && !step.beyond);
        let loss = self.loss.zip(output.filter(|_| is_normal));
        let loss = loss.and_then(|(loss, output)| loss.at_start(output, self.design.n_out(), targets));
        let regime = Regime::of(&walk, self.correlation.is_some());
        let gradient = loss.map_or(1.0, |loss| loss.slope_second);
        let mut forecast = Forecast {
            input,
            loss,
            gradient_norm: walk.squared_norm().map(|square| (gradient * square).sqrt()),
            formats: formats::of(&walk.layers, gradient),
            concerns: Vec::new(),
            advice: Vec::new(),
            regime,
            layers: walk.layers.clone(),
        };
        forecast.concerns = concern::of(&forecast, &walk, tied::of(&self.design));
        forecast.advice = advice::of(&forecast, &walk);
        Ok(forecast)
    }
}

/// Mean and second moment of all numbers of some rows.
pub(super) fn of_rows<T: Float>(rows: Rows<'_, T>) -> Result<Moments, Error> {
    if rows.data().is_empty() {
        return Err(Error::Empty { what: "the input" });
    }
    if let Some(index) = crate::linalg::first_non_finite(rows.data()) {
        let (row, column, value) = (index / rows.cols(), index % rows.cols(), rows.data()[index].get());
        return Err(Error::Data { what: "inputs", row, column, value });
    }
    Ok(moments_of(rows.data()))
}

/// The mean, over the columns, of the product of two rows; `None` for a single row.
fn shared_by<T: Float>(rows: Rows<'_, T>) -> Option<f64> {
    let count = rows.rows() as f64;
    let mut sums = vec![0.0; rows.cols()];
    for row in rows.iter() {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x.get());
    }
    let squares = rows.data().iter().map(|x| x.get() * x.get()).sum::<f64>();
    let products = sums.iter().map(|sum| sum * sum).sum::<f64>() - squares;
    let shared = products / (count * (count - 1.0) * rows.cols() as f64);
    (rows.rows() > 1 && shared.is_finite()).then_some(shared)
}

/// Mean and second moment of some numbers.
pub(super) fn moments_of<T: Float>(numbers: &[T]) -> Moments {
    let add = |(sum, squares): (f64, f64), x: &T| (sum + x.get(), squares + x.get() * x.get());
    let (sum, squares) = numbers.iter().fold((0.0, 0.0), add);
    let count = numbers.len() as f64;
    Moments { mean: sum / count, second: squares / count }
}

/// Moments that some numbers have.
fn checked(of: &'static str, [mean, second]: [&'static str; 2], moments: Moments) -> Result<Moments, Error> {
    Error::finite(of, mean, moments.mean)?;
    Error::not_negative(of, second, moments.second)?;
    // But for rounding.
    let possible = moments.mean * moments.mean <= moments.second * (1.0 + 1e-9);
    Error::require(possible, of, second, moments.second, "no less than the square of the mean")?;
    Ok(moments)
}
