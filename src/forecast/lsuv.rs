//! `Lsuv`: weights scaled on data until the outputs of every layer have variance 1.

use std::fmt;

use super::builder::{moments_of, of_rows};
use super::table::{number, write_rows};
use crate::{Error, Float, Layer, Mode, Network, Role, Rows, Structure};

/// Layer-sequential unit variance: scales the weights of every layer, from input to output, until its outputs on some rows have variance 1.
///
/// ```text
/// W <- W / sqrt(Var[y] / variance)          until |Var[y] / variance - 1| <= tolerance
/// ```
///
/// ```
/// use evenkeel::*;
/// let layers = (0..20).fold(Network::<f32>::builder(16), |network, _| network.layer(Linear::new(16)).layer(Gelu));
/// let mut network = layers.weights(Normal::new(0.0, 0.01)?).seed(1).build()?;
/// let rows: Vec<f32> = (0..64 * 16).map(|i| (i as f32 * 0.7).sin() * 1.4).collect();
/// let report = Lsuv::new().apply(&mut network, Rows::new(&rows, 16)?)?;
/// assert!(report.layers.iter().all(|layer| (layer.variance_after - 1.0).abs() < 0.01));
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Mishkin and Matas, "All you need is a good init", 2016, who start from orthonormal weights: here weights are scaled as the network was
/// built with them, so build it with what is to be kept. It mends what no constant gain can, such as deep stacks of GELU; but it fits the
/// rows it was shown, and looks at signals alone. Scaled are layers that have exactly one parameter of role weight, those inside others
/// not among them; biases stay as they are. Weights that are all 0, as those of a last layer that is to add nothing at first, stay so: no
/// factor would change them. The moments that the network says it [started from](Network::init_moments) are
/// those before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lsuv {
    variance: f64,
    tolerance: f64,
    iterations: usize,
}

/// What was done to one layer.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LsuvLayer {
    /// Its name.
    pub name: String,
    /// The variance of its outputs before, with the layers before it already scaled.
    pub variance_before: f64,
    /// And after.
    pub variance_after: f64,
    /// What its weights were multiplied by.
    pub factor: f64,
    /// How many passes it took.
    pub iterations: usize,
}

/// What was done to a network; printing it gives a table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LsuvReport {
    /// The layers that were scaled, from input to output.
    pub layers: Vec<LsuvLayer>,
    /// The names of those that were not, since their weights are all 0.
    pub skipped: Vec<String>,
}

impl Default for Lsuv {
    fn default() -> Self {
        Self::new()
    }
}

impl Lsuv {
    /// To variance 1, within 1 %, in at most 10 passes a layer.
    pub fn new() -> Self {
        Self { variance: 1.0, tolerance: 0.01, iterations: 10 }
    }

    /// To that variance.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn variance(self, variance: f64) -> Result<Self, Error> {
        Ok(Self { variance: Error::positive("Lsuv", "variance", variance)?, ..self })
    }

    /// Within that share of it.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn tolerance(self, tolerance: f64) -> Result<Self, Error> {
        Ok(Self { tolerance: Error::positive("Lsuv", "tolerance", tolerance)?, ..self })
    }

    /// In at most so many passes a layer.
    ///
    /// # Errors
    /// [`Error::Argument`] for none.
    pub fn iterations(self, iterations: usize) -> Result<Self, Error> {
        Ok(Self { iterations: Error::at_least_one("Lsuv", "iterations", iterations)?, ..self })
    }

    /// Scales the weights of a network, in training mode; where it fails, the network is left as it was.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length; [`Error::Empty`] for no rows; [`Error::Data`] for a number that is not finite;
    /// [`Error::Layer`] with [`Error::Argument`] inside for a layer whose outputs are all one number, whose variance is not finite, or whose
    /// variance does not come within the tolerance; else as [`Network::forward`].
    pub fn apply<T: Float>(&self, network: &mut Network<T>, rows: Rows<'_, T>) -> Result<LsuvReport, Error> {
        Error::same_size("the numbers of an input row", network.n_in(), rows.cols())?;
        of_rows(rows)?;
        let before = network.parameters().to_vec();
        let done = self.scale(network, rows);
        if done.is_err() {
            network.parameters_mut().copy_from_slice(&before);
        }
        done
    }

    fn scale<T: Float>(&self, network: &mut Network<T>, rows: Rows<'_, T>) -> Result<LsuvReport, Error> {
        let mut workspace = network.workspace(rows.rows())?;
        let (mut layers, mut skipped) = (Vec::new(), Vec::new());
        for index in 0..network.layer_names().len() {
            let Some(range) = weights(network, index) else { continue };
            let name = network.layer_names()[index].clone();
            if network.parameters()[range.clone()].iter().all(|w| w.get() == 0.0) {
                skipped.push(name);
                continue;
            }
            let (mut first, mut factor) = (None, 1.0);
            for pass in 0..=self.iterations {
                // Of what lies behind nothing is asked, but a pass is one through all.
                network.forward(rows, Mode::Train, &mut workspace)?;
                let variance = moments_of(workspace.values_of(index + 1).data()).variance();
                let before = *first.get_or_insert(variance);
                let must =
                    if variance == 0.0 { "above 0: the outputs are all one number" } else { "finite and above 0" };
                let fine = variance.is_finite() && variance > 0.0;
                Error::require(fine, "Lsuv", "the variance of the outputs", variance, must)
                    .map_err(|error| error.in_layer(&name))?;
                let ratio = variance / self.variance;
                if (ratio - 1.0).abs() <= self.tolerance {
                    let (variance_before, variance_after) = (before, variance);
                    layers.push(LsuvLayer { name, variance_before, variance_after, factor, iterations: pass });
                    break;
                }
                if pass == self.iterations {
                    let must = "within the tolerance after so many passes: biases, or noise, may make up most of it";
                    return Err(Error::Argument {
                        of: "Lsuv",
                        argument: "the variance of the outputs",
                        value: variance,
                        must,
                    }
                    .in_layer(&name));
                }
                let by = ratio.sqrt().recip();
                factor *= by;
                network.parameters_mut()[range.clone()].iter_mut().for_each(|w| *w = T::of(w.get() * by));
            }
        }
        Ok(LsuvReport { layers, skipped })
    }
}

/// Where the weights of a layer are, if it has one parameter of them, and nothing inside.
fn weights<T: Float>(network: &Network<T>, index: usize) -> Option<std::ops::Range<usize>> {
    if !network.plans()[index].inside.is_empty() {
        return None;
    }
    let slots = network.layout().slots().iter();
    let mut of_layer = slots.filter(|slot| slot.layer == index && slot.param.role == Role::Weight);
    let only = of_layer.next()?;
    // A lookup has no sums that could be too large.
    let structure = network.layers().nth(index).map(Layer::structure);
    (of_layer.next().is_none() && structure != Some(Structure::Lookup)).then(|| only.range.clone())
}

/// The columns: heading and width.
const COLUMNS: [(&str, usize); 4] = [("before", 10), ("after", 10), ("factor", 10), ("passes", 8)];

impl fmt::Display for LsuvReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |layer: &LsuvLayer| {
            let numbers = [layer.variance_before, layer.variance_after, layer.factor].map(|x| number(Some(x)));
            let [before, after, factor] = numbers;
            [before, after, factor, layer.iterations.to_string()]
        };
        let rows: Vec<_> = self.layers.iter().map(|layer| (layer.name.as_str(), cells(layer))).collect();
        write_rows(f, COLUMNS, &rows)?;
        self.skipped.iter().try_for_each(|name| write!(f, "\n{name}  skipped: its weights are all 0"))
    }
}
