//! `Comparison`: does a network do what theory says of it?

use std::fmt;

use super::table::{dash, size, write_rows};
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
}

/// A forecast beside what was measured, made by [`Forecast::compare`].
///
/// ```
/// use evenkeel::*;
/// let layers = (0..8).fold(Network::<f64>::builder(50), |network, _| network.layer(Linear::new(50)).layer(Relu));
/// let mut network = layers.weights(He::normal()).seed(1).build()?;
/// let rows = [1.0; 50];
/// let compare = |network: &Network<f64>| {
///     let measured = Measured::of(network, Rows::new(&rows, 50)?, OutputGradient::Random(1))?;
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
}

/// So many standard deviations off is no chance: of normal logarithms, 1 of 16,000 is that far.
const LIMIT: f64 = 4.0;

impl Comparison {
    /// Whether no layer is off by more than four standard deviations, as far as theory gives them, and every number is finite that should be.
    pub fn agrees(&self) -> bool {
        self.first_off().is_none()
    }

    /// The largest number of standard deviations that a layer is off by; NaN where a number is, and 0 where theory gives none.
    pub fn largest(&self) -> f64 {
        let larger = |one: f64, other: f64| if one.is_nan() || one > other { one } else { other };
        self.deviations().map(|(_, z)| z.abs()).fold(0.0, larger)
    }

    /// The first layer, from the input on, whose signal is off; else the first, from the output back, whose gradient is.
    pub fn first_off(&self) -> Option<&str> {
        let off = |z: Option<f64>| z.is_some_and(|z| z.is_nan() || z.abs() > LIMIT);
        let forward = self.layers.iter().find(|layer| off(layer.signal_deviations));
        let back = || self.layers.iter().rev().find(|layer| off(layer.gradient_deviations));
        forward.or_else(back).map(|layer| layer.name.as_str())
    }

    fn deviations(&self) -> impl Iterator<Item = (&str, f64)> {
        let both = |layer: &LayerCompared| [layer.signal_deviations, layer.gradient_deviations];
        self.layers.iter().flat_map(move |layer| both(layer).into_iter().flatten().map(|z| (layer.name.as_str(), z)))
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
        let layers = self.layers.iter().zip(&measured.layers).map(|(expected, found)| {
            let signal = expected.moments.map(|moments| [moments.second, found.moments.second]);
            let gradient = expected.gradient.map(|gradient| [gradient, found.gradient]);
            let several = measured.rows > 1;
            let off = |spread: Option<Spread>, both: Option<[f64; 2]>| {
                spread.zip(both).and_then(|(spread, both)| deviations(spread, both, several))
            };
            LayerCompared {
                name: expected.name.clone(),
                signal,
                signal_deviations: off(expected.spread, signal),
                gradient,
                gradient_deviations: off(expected.gradient_spread, gradient),
            }
        });
        Ok(Comparison { layers: layers.collect() })
    }
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
    let off = if log < low {
        log - low
    } else if log > high {
        log - high
    } else {
        log - log.clamp(low, high)
    };
    Some(off / spread.log_variance.sqrt())
}

/// The columns: heading and width.
const COLUMNS: [(&str, usize); 6] =
    [("signal rms", 12), ("measured", 10), ("deviations", 12), ("gradient", 11), ("measured", 10), ("deviations", 12)];

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
            ]
        };
        let rows: Vec<_> = self.layers.iter().map(|layer| (layer.name.as_str(), cells(layer))).collect();
        write_rows(f, COLUMNS, &rows)?;
        match self.first_off() {
            None if self.deviations().next().is_none() => write!(f, "\ntheory gives no bars for this network"),
            None => write!(f, "\nthe network does what theory says: {:.2} standard deviations at most", self.largest()),
            Some(layer) => {
                write!(f, "\nthe network does not do what theory says, first at {layer}: ")?;
                write!(f, "{:.2} standard deviations at most", self.largest())
            }
        }
    }
}
