//! `Comparison`: does a network do what theory says of it?

use std::fmt;

use super::table::{dash, number, size, write_rows};
use super::{Forecast, Measured, Spread};
use crate::Error;

/// How far one layer is off.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerCompared {
    /// Its name.
    pub name: String,
    /// The mean square of its output: as expected, and as measured.
    pub signal: Option<[f64; 2]>,
    /// The standard deviations between the logarithms of both; `None` where theory gives none.
    pub signal_deviations: Option<f64>,
    /// The mean square of the gradient by its output, relative to that by the network's: as expected, and as measured.
    pub gradient: Option<[f64; 2]>,
    /// The standard deviations between the logarithms of both; `None` where theory gives none.
    pub gradient_deviations: Option<f64>,
    /// The mean square of the gradient by its weights, relative to that by the network's output: as expected, and as measured.
    pub weight_gradient: Option<[f64; 2]>,
    /// No more standard deviations are between the logarithms of both, whatever its two factors have in common; `None` where theory gives none, of
    /// other layers than linear ones, and of several rows, whose gradients it does not know together.
    pub weight_gradient_deviations: Option<f64>,
}

/// A forecast beside what was measured, made by [`Forecast::compare`].
///
/// ```
/// use evenkeel::*;
/// let layers = (0..8).fold(Network::<f64>::builder(200), |network, _| network.layer(Linear::new(200)).layer(Relu));
/// let mut network = layers.weights(He::normal()).seed(1).build()?;
/// let rows = [1.0; 200];
/// let compare = |network: &Network<f64>| {
///     let measured = Measured::of(network, Rows::new(&rows, 200)?, OutputGradient::Random(1))?;
///     Forecast::of(network, 1.0)?.compare(&measured)
/// };
/// assert!(compare(&network)?.agrees());
/// // A factor that should not be there is found where it is.
/// network.parameter_mut("8.linear.weight")?.data_mut().iter_mut().for_each(|w| *w *= 10.0);
/// assert_eq!(compare(&network)?.first_off(), Some("8.linear"));
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// The layers of one network are not independent: what is off at one layer is off behind it as well, until it fades.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Comparison {
    /// The layers, from input to output.
    pub layers: Vec<LayerCompared>,
    /// The loss: as expected, and as measured. Theory gives it no bars.
    pub loss: Option<[f64; 2]>,
    /// The norm of the gradient of all parameters, relative to the root mean square of that by an output: as expected of a single row, and as
    /// measured; `None` of several rows. Theory gives it no bars.
    pub gradient_norm: Option<[f64; 2]>,
}

/// So many standard deviations off is no chance: of normal logarithms, 1 of 16,000 is that far.
const LIMIT: f64 = 4.0;

/// Logarithms that scatter more than that are no longer close to normal, nor is first order enough: there, layers are not judged. Up to it the
/// bars of every family of networks are held by as many as they should be.
const JUDGED: f64 = 0.25;

impl Comparison {
    /// Whether no layer is off by more than four standard deviations, of those that theory gives, and every number is finite that should be. Layers
    /// whose logarithm has a variance above 1/4, as deep behind narrow ones, are not judged. Where
    /// theory gives none at all nothing is judged, and so nothing agrees: see [`is_judged`](Self::is_judged).
    pub fn agrees(&self) -> bool {
        self.is_judged() && self.first_off().is_none()
    }

    /// Whether theory gives the standard deviation of anything, or a number is not finite that should be.
    pub fn is_judged(&self) -> bool {
        self.deviations().next().is_some()
    }

    /// The largest number of standard deviations that a layer is off by; NaN where a number is, and 0 where theory gives none.
    pub fn largest(&self) -> f64 {
        let larger = |one: f64, other: f64| if one.is_nan() || one > other { one } else { other };
        self.deviations().map(|(_, z)| z.abs()).fold(0.0, larger)
    }

    /// The first layer, from the input on, whose signal is off; else the first, from the output back, whose gradient is, by its output or by its
    /// weights.
    pub fn first_off(&self) -> Option<&str> {
        let off = |z: Option<f64>| z.is_some_and(|z| z.is_nan() || z.abs() > LIMIT);
        let forward = self.layers.iter().find(|layer| off(layer.signal_deviations));
        let back = |layer: &&LayerCompared| off(layer.gradient_deviations) || off(layer.weight_gradient_deviations);
        let back = || self.layers.iter().rev().find(back);
        forward.or_else(back).map(|layer| layer.name.as_str())
    }

    fn deviations(&self) -> impl Iterator<Item = (&str, f64)> {
        let all = |layer: &LayerCompared| {
            [layer.signal_deviations, layer.gradient_deviations, layer.weight_gradient_deviations]
        };
        self.layers.iter().flat_map(move |layer| all(layer).into_iter().flatten().map(|z| (layer.name.as_str(), z)))
    }
}

impl Forecast {
    /// Says how far a measurement is from what was expected.
    ///
    /// Of several rows the mean square scatters less than that of one, and its logarithm lies somewhat higher: there a deviation counts
    /// from wherever between the mean of one row's logarithm and the logarithm of the mean it is the least.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the layers are others.
    pub fn compare(&self, measured: &Measured) -> Result<Comparison, Error> {
        let same = |(one, other): (&super::LayerForecast, &super::LayerMeasured)| {
            one.name == other.name && one.units == other.units
        };
        if self.layers.len() != measured.layers.len() || !self.layers.iter().zip(&measured.layers).all(same) {
            return Err(Error::Foreign { what: "the measurement" });
        }
        let layers = self.layers.iter().zip(&measured.layers).enumerate().map(|(index, (expected, found))| {
            let signal = expected.moments.map(|moments| [moments.second, found.moments.second]);
            let gradient = expected.gradient.zip(found.gradient).map(<[f64; 2]>::from);
            let weight_gradient = expected.weight_gradient.zip(found.weight_gradient).map(<[f64; 2]>::from);
            let several = measured.rows > 1;
            let off = |spread: Option<Spread>, both: Option<[f64; 2]>| match both {
                Some([expected, found]) if expected.is_finite() && !found.is_finite() => Some(f64::NAN),
                _ => spread.zip(both).and_then(|(spread, both)| deviations(spread, both, several)),
            };
            let by_weights = self.product_spread(index, measured).filter(|_| !several);
            LayerCompared {
                name: expected.name.clone(),
                signal,
                signal_deviations: off(expected.spread.filter(is_judged), signal),
                gradient,
                gradient_deviations: off(expected.gradient_spread.filter(is_judged), gradient),
                weight_gradient,
                weight_gradient_deviations: off(by_weights, weight_gradient),
            }
        });
        let alone = measured.rows == 1 && measured.output_gradient > 0.0;
        let norm = self.gradient_norm.filter(|_| alone).map(|norm| norm / self.output_gradient().sqrt());
        Ok(Comparison {
            layers: layers.collect(),
            loss: self.loss.map(|loss| loss.value).zip(measured.loss).map(<[f64; 2]>::from),
            gradient_norm: norm.map(|norm| [norm, measured.gradient_norm / measured.output_gradient.sqrt()]),
        })
    }

    /// The spread of the gradient by the weights of a linear layer, of one row: that is the product of the mean squares of its input and of the
    /// gradient by its output. What both have in common is not known, but no sum deviates more than its two terms do together.
    fn product_spread(&self, index: usize, measured: &Measured) -> Option<Spread> {
        let layer = &self.layers[index];
        let (input, before) = match index.checked_sub(1) {
            Some(before) => (self.layers[before].moments?.second, self.layers[before].spread.filter(is_judged)?),
            None => {
                let given = measured.input.second.ln();
                (self.input.second, Spread { log_mean: given, log_variance: 0.0, exact: true })
            }
        };
        let gradient = layer.gradient_spread.filter(is_judged)?;
        let is_product = layer.weight_gradient? == layer.gradient? * input;
        let together = before.log_variance.sqrt() + gradient.log_variance.sqrt();
        is_product.then_some(Spread {
            log_mean: before.log_mean + gradient.log_mean,
            log_variance: together * together,
            exact: false,
        })
    }
}

/// Whether its bars hold.
fn is_judged(spread: &Spread) -> bool {
    spread.log_variance <= JUDGED
}

/// The standard deviations between what was expected and what was found; `None` where there is no scatter, as in what is given.
fn deviations(spread: Spread, [expected, found]: [f64; 2], several: bool) -> Option<f64> {
    // What has a scatter of rounding alone is given, not drawn.
    if spread.log_variance < 1e-12 {
        return None;
    }
    if !several {
        return Some(spread.deviations(found));
    }
    let (low, high) = (spread.log_mean.min(expected.ln()), spread.log_mean.max(expected.ln()));
    let log = found.ln();
    // Beyond them by how much, and between them by nothing.
    Some((log - log.clamp(low, high)) / spread.log_variance.sqrt())
}

/// The columns: heading and width.
const COLUMNS: [(&str, usize); 7] = [
    ("signal rms", 12),
    ("measured", 10),
    ("deviations", 12),
    ("gradient", 11),
    ("measured", 10),
    ("deviations", 12),
    ("of weights", 12),
];

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let off = |z: Option<f64>| z.map_or_else(dash, |z| format!("{z:+.2}"));
        let cells = |layer: &LayerCompared| {
            let (signal, gradient) = (layer.signal, layer.gradient);
            [
                size(signal.map(|[expected, _]| expected)),
                size(signal.map(|[_, found]| found)),
                off(layer.signal_deviations),
                size(gradient.map(|[expected, _]| expected)),
                size(gradient.map(|[_, found]| found)),
                off(layer.gradient_deviations),
                off(layer.weight_gradient_deviations),
            ]
        };
        let rows: Vec<_> = self.layers.iter().map(|layer| (layer.name.as_str(), cells(layer))).collect();
        write_rows(f, COLUMNS, &rows)?;
        match self.first_off() {
            None if !self.is_judged() => write!(f, "\ntheory gives no bars for this network: nothing is judged")?,
            None => {
                write!(f, "\nthe network does what theory says: {:.2} standard deviations at most", self.largest())?
            }
            Some(layer) => {
                write!(f, "\nthe network does not do what theory says, first at {layer}: ")?;
                write!(f, "{:.2} standard deviations at most", self.largest())?;
            }
        }
        let told = [("loss", self.loss), ("norm of the gradient, relative to that by an output", self.gradient_norm)];
        for (what, both) in told {
            if let Some([expected, found]) = both {
                write!(f, "\n{what}: {} expected, {} measured", number(Some(expected)), number(Some(found)))?;
            }
        }
        Ok(())
    }
}
