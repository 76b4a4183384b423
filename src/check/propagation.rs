//! `propagation`: are the sums in a network as large as the moments of its weights say?

use std::fmt;

use rand::RngExt;

use super::Failure;
use super::sample::{RATE, Sample, possible};
use crate::layer::fitting;
use crate::{Error, Generator, InitMoments, Initializer, Mode, Network, Param, Role, Rows};

/// How many networks are drawn.
const NETWORKS: u64 = 64;
/// How many sums, over all networks, a layer must show for their variance to be as nearly normal as the rate assumes.
const FEWEST: u64 = 10_000;

/// Checks, over many draws of a network, every sum z = x W + b of every layer against the moments that its initializers claim.
///
/// ```text
/// E[z]   = sum_j x_j E[w] + E[b]
/// Var[z] = sum_j x_j^2 Var[w] + Var[b]
/// ```
///
/// `draw` builds the network from a seed. Looked at are layers named `linear` that have a weight and perhaps a bias; x is what really goes
/// into such a layer, so neither the activations before it nor the chance of the layers before it blur what is expected of this one. The
/// bars are those of finite width: the variance of z^2 follows from the kurtosis of the weights and from x.
///
/// A layer's initializers are its own, then those said here, then those that fit it, as in [`NetworkBuilder`](crate::NetworkBuilder).
///
/// ```
/// use evenkeel::{He, Linear, Network, Relu, Xavier, check};
/// let draw = |seed| {
///     let network = Network::builder(32).layer(Linear::new(64)).layer(Relu).layer(Linear::new(48));
///     network.weights(He::normal()).seed(seed).build()
/// };
/// check::propagation(draw).weights(&He::normal()).run()?;
/// println!("{}", check::propagation(draw).weights(&Xavier::normal()).run().unwrap_err());
/// # Ok::<(), check::Failure>(())
/// ```
pub fn propagation<'a, F>(draw: F) -> PropagationCheck<'a, F>
where
    F: Fn(u64) -> Result<Network<f64>, Error>,
{
    PropagationCheck { draw, weights: None, biases: None, rate: RATE, seed: 0 }
}

/// What is claimed of a network; made by [`propagation`].
pub struct PropagationCheck<'a, F> {
    draw: F,
    weights: Option<&'a dyn Initializer<f64>>,
    biases: Option<&'a dyn Initializer<f64>>,
    rate: f64,
    seed: u64,
}

impl<F> fmt::Debug for PropagationCheck<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropagationCheck").field("rate", &self.rate).field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl<'a, F> PropagationCheck<'a, F> {
    /// Claims that weights whose layer has no initializer of its own start like that.
    pub fn weights(self, initializer: &'a dyn Initializer<f64>) -> Self {
        Self { weights: Some(initializer), ..self }
    }

    /// Claims that biases whose layer has no initializer of its own start like that; at 0 without.
    pub fn biases(self, initializer: &'a dyn Initializer<f64>) -> Self {
        Self { biases: Some(initializer), ..self }
    }

    /// How often, at most, what is right may fail; 1e-6 unless given.
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// The seed of the inputs and of the networks' seeds; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Draws networks, passes a row of N(0, 1) through each, and judges.
    ///
    /// # Errors
    /// [`Failure::Unlikely`] for a layer whose sums are too large, too small or not centred; [`Failure::Broken`] where no layer can be
    /// judged; [`Failure::Network`] where a network cannot be built, or the rate is not above 0 and below 1.
    pub fn run(&self) -> Result<(), Failure>
    where
        F: Fn(u64) -> Result<Network<f64>, Error>,
    {
        let rate = possible("check::propagation", self.rate)?;
        let mut layers: Vec<Judged> = Vec::new();
        let mut draws = 0;
        // Narrow layers need more networks.
        while draws < NETWORKS || layers.iter().any(|layer| draws * (layer.units as u64) < FEWEST) {
            let mut generator = Generator::numbered(self.seed, "check.propagation", draws);
            let network = (self.draw)(generator.random())?;
            let mut x = vec![0.0; network.n_in()];
            generator.fill_normal(0.0, 1.0, &mut x);
            if draws == 0 {
                layers = self.judged(&network);
                let none = || "none".to_owned();
                Failure::unless(!layers.is_empty(), || "layers".to_owned(), "a linear one of known moments", none)?;
            }
            let mut workspace = network.workspace(1)?;
            network.forward(Rows::new(&x, network.n_in())?, Mode::Infer, &mut workspace)?;
            for layer in &mut layers {
                let passed = workspace.passed(layer.index);
                layer.watch(passed.x.data(), passed.y.data());
            }
            draws += 1;
        }
        let allowed = rate / (2 * layers.len()) as f64;
        layers.iter().try_for_each(|layer| layer.judge(allowed))
    }

    /// The linear layers whose moments are known.
    fn judged(&self, network: &Network<f64>) -> Vec<Judged> {
        let layers: Vec<_> = network.layers().collect();
        let mut judged = Vec::new();
        for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.kind() == "linear") {
            let slots = network.layout().slots().iter().filter(|slot| slot.layer == index);
            let of = |param: &Param| {
                let planned =
                    Param { name: param.name.rsplit('.').next().unwrap_or_default().to_owned(), ..param.clone() };
                let everywhere = if param.role == Role::Weight { self.weights } else { self.biases };
                match layer.initializer(&planned).or(everywhere) {
                    Some(given) => given.moments(param),
                    None => match fitting(*layer, &planned, layers[index + 1..].iter().copied()) {
                        Some(fitting) => fitting.moments(param),
                        None => Some(InitMoments { mean: 0.0, variance: 0.0, kurtosis: None }),
                    },
                }
            };
            let mut weight = None;
            let mut bias = Some(InitMoments { mean: 0.0, variance: 0.0, kurtosis: None });
            for slot in slots {
                match slot.param.role {
                    Role::Weight => weight = of(&slot.param),
                    Role::Bias => bias = of(&slot.param),
                    Role::Gain => {}
                }
            }
            if let Some((weight, bias)) = weight.zip(bias) {
                let (name, units) = (network.layer_names()[index].clone(), network.layout().slots());
                let units = units.iter().find(|slot| slot.layer == index).map_or(1, |slot| slot.param.cols);
                judged.push(Judged {
                    index,
                    name,
                    units,
                    weight,
                    bias,
                    sample: Sample::new(),
                    mean: 0.0,
                    variance: 0.0,
                    draws: 0.0,
                });
            }
        }
        judged
    }
}

/// A linear layer, and what was seen of its sums.
struct Judged {
    index: usize,
    name: String,
    units: usize,
    weight: InitMoments,
    bias: InitMoments,
    sample: Sample,
    /// Sums of the means and variances that were expected.
    mean: f64,
    variance: f64,
    draws: f64,
}

impl Judged {
    /// The sums of one network: given `x`, its units are independent.
    fn watch(&mut self, x: &[f64], z: &[f64]) {
        let (sum, squares, fourths) = x.iter().fold((0.0, 0.0, 0.0), |(a, b, c), x| (a + x, b + x * x, c + x.powi(4)));
        let (weight, bias) = (self.weight, self.bias);
        let mean = sum * weight.mean + bias.mean;
        let variance = squares * weight.variance + bias.variance;
        if variance == 0.0 {
            // Nothing to judge, unless there is chance where none should be.
            let rounding = 1e-9 * x.iter().map(|x| (x * weight.mean).abs()).sum::<f64>() + 1e-9 * bias.mean.abs();
            if z.iter().any(|z| z.is_nan() || (z - mean).abs() > rounding) {
                self.sample.push(f64::NAN, None);
                self.draws += 1.0;
            }
            return;
        }
        // Fourth cumulants of independent numbers add up.
        let excess = |moments: InitMoments, weight: f64| match moments.kurtosis {
            _ if moments.variance == 0.0 => Some(0.0),
            kurtosis => kurtosis.map(|kurtosis| (kurtosis - 3.0) * moments.variance.powi(2) * weight),
        };
        let excess = excess(weight, fourths).zip(excess(bias, 1.0)).map(|(a, b)| (a + b) / (variance * variance));
        z.iter().for_each(|z| self.sample.push((z - mean) / variance.sqrt(), excess.map(|excess| 3.0 + excess)));
        self.mean += mean;
        self.variance += variance;
        self.draws += 1.0;
    }

    fn judge(&self, allowed: f64) -> Result<(), Failure> {
        if self.draws == 0.0 {
            return Ok(());
        }
        let what = format!("sums of {}, over {} networks", self.name, self.draws);
        self.sample.judge(&what, self.mean / self.draws, self.variance / self.draws, allowed)
    }
}
