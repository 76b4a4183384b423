//! `propagation`: are the sums in a network as large as the moments of its weights say?

use std::fmt;

use rand::RngExt;

use self::whole::Whole;
use super::Failure;
use super::sample::{RATE, possible};
use crate::layer::fitting;
use crate::{Error, Generator, InitMoments, Initializer, Mode, Network, Param, Role, Rows};

mod deviations;
mod record;
mod sums;
mod whole;

/// How many networks are drawn.
const NETWORKS: usize = 64;
/// How many numbers, over all networks, a layer must show for their variance to be as nearly normal as the rate assumes.
const FEWEST: usize = 10_000;
/// How many rows pass through a network that looks at all of a batch together.
const BATCH: usize = 32;

/// Checks, over many draws of a network, every layer against what theory says of it: its sums against the moments that its initializers
/// claim, and all else against its own [`Layer::moments`](crate::Layer::moments).
///
/// ```text
/// E[z]   = sum_j x_j E[w] + E[b]                     linear layers, given what really goes in
/// Var[z] = sum_j x_j^2 Var[w] + Var[b]
/// E[y]   = mean of the map, E[y^2] = its second      all others, given what went into the last random weights
/// ```
///
/// `draw` builds the network from a seed. Layers inside of others are looked at one by one, as `3.residual.0.linear`. It is a
/// [`Forecast`](crate::Forecast) that begins anew behind every layer of random weights, from what really goes in: so neither the chance of
/// the layers before, nor what their finite width adds up to over depth, blurs what is expected of this one.
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
///
/// # Notes
/// The rate is shared equally by all tests, two a layer. The bars of linear layers are exact: units are independent given x, and the variance
/// of z^2 follows from the kurtosis of the weights. Of other layers, networks are independent, and the mean of their deviations is judged by
/// Student's law, corrected for skewness.
///
/// Given x the sums of normal weights are normal, and so the map of an activation is exact, whatever the width. Other weights, and residual
/// ways, leave sums whose fourth moment is off: by kurtosis k, relative to that of a normal law, it shifts E\[f^2\] by V'' q^2 / 2 (k / 3 - 1)
/// to first order in 1 / width, where V(q) is the map. So much is allowed, with the k that is measured; where it is further than a fifth from
/// normal, as the sums of one or two uniform weights are, the layer is not judged. Of a layer that does anything else, the scatter of the
/// mean square of its input takes that place. A deviation below a thousandth is none.
///
/// Not judged are layers whose outputs depend on how neighbours in an image or a sequence hang together, which no forecast follows: poolings,
/// attention, recurrent layers, softmax; embeddings; functions of what is no sum, such as one right behind another or behind dropout;
/// convolutions whose weights have a mean other than 0; and residual branches without weights. What stands behind the next random weights is
/// judged again.
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

    /// Draws networks, passes a row of N(0, 1) through each, or some where a layer looks at all of a batch, and judges.
    ///
    /// # Errors
    /// [`Failure::Unlikely`] for a layer whose numbers are too large, too small or not centred as they should be; [`Failure::Broken`] where no
    /// layer can be judged; [`Failure::Network`] where a network cannot be built, or the rate is not above 0 and below 1.
    pub fn run(&self) -> Result<(), Failure>
    where
        F: Fn(u64) -> Result<Network<f64>, Error>,
    {
        let rate = possible("check::propagation", self.rate)?;
        let mut whole = Whole::default();
        let mut draws = 0;
        // Narrow layers need more networks.
        while draws < NETWORKS || draws < whole.networks(FEWEST) {
            let mut generator = Generator::numbered(self.seed, "check.propagation", draws as u64);
            let network = (self.draw)(generator.random())?;
            // What a layer remembers are statistics of batches.
            let rows = if network.plans().iter().any(|plan| !plan.state.is_empty()) { BATCH } else { 1 };
            let mut x = vec![0.0; rows * network.n_in()];
            generator.fill_normal(0.0, 1.0, &mut x);
            let mut workspace = network.workspace(rows)?;
            network.forward(Rows::new(&x, network.n_in())?, Mode::Train, &mut workspace)?;
            let names = network.layer_names();
            let layers = network.layers().enumerate();
            let layers =
                layers.map(|(at, layer)| (names[at].as_str(), layer, workspace.passed(at), self.claims(&network, at)));
            whole.watch(rows, layers);
            if draws == 0 {
                let none = || "none".to_owned();
                Failure::unless(whole.tests() > 0, || "layers".to_owned(), "one of known moments", none)?;
            }
            draws += 1;
        }
        whole.judge(rate / whole.tests() as f64)
    }

    /// What is claimed of the parameters of a layer, in the order of its plan.
    fn claims(&self, network: &Network<f64>, at: usize) -> Vec<Option<InitMoments>> {
        let layers: Vec<_> = network.layers().collect();
        let (layer, plan) = (layers[at], &network.plans()[at]);
        let claim = |param: &Param| {
            let everywhere = match param.role {
                Role::Weight => self.weights,
                Role::Bias => self.biases,
                Role::Gain => None,
            };
            match layer.initializer(param).or(everywhere) {
                Some(given) => given.moments(param),
                None => match fitting(layer, param, layers[at + 1..].iter().copied()) {
                    Some(fitting) => fitting.moments(param),
                    None => {
                        let mean = if param.role == Role::Gain { 1.0 } else { 0.0 };
                        Some(InitMoments { mean, variance: 0.0, kurtosis: None })
                    }
                },
            }
        };
        plan.params.iter().map(claim).collect()
    }
}
