//! `propagation`: are the sums in a network as large as the moments of its weights say?

use std::fmt;

use rand::RngExt;

use self::claim::Claim;
use self::whole::{Seen, State, Whole};
use super::Failure;
use super::sample::{RATE, possible};
use crate::layer::fitting;
use crate::{Error, Generator, Initializer, Mode, Network, Param, Role, Rows, Structure};

pub use self::report::PropagationReport;

mod claim;
mod deviations;
mod record;
mod report;
mod residual;
mod sums;
mod weights;
mod whole;

/// How many networks are drawn.
const NETWORKS: usize = 64;
/// How many numbers, over all networks, a layer must show for their variance to be as nearly normal as the rate assumes.
const FEWEST: usize = 10_000;
/// How many rows pass through a network that looks at all of a batch together.
const BATCH: usize = 32;

type Fill<'a> = Box<dyn Fn(&mut Generator, &mut [f64]) + 'a>;

/// Checks, over many draws of a network, every parameter against what its initializer claims of its numbers, and every layer against what theory
/// says of it, given what really goes in: its sums against the moments of their weights, and all else against its own
/// [`Layer::moments`](crate::Layer::moments).
///
/// ```text
/// E[w], Var[w]                                       as claimed of every parameter, whatever its layer
/// E[z]   = sum_j x_j E[w] + E[b]                     linear layers
/// Var[z] = sum_j x_j^2 Var[w] + Var[b]
/// E[y]   = mean of the map, E[y^2] = its second      all others
/// ```
///
/// `draw` builds the network from a seed. Layers inside of others are looked at one by one, as `3.residual.0.linear`. It is a
/// [`Forecast`](crate::Forecast) that begins anew at every layer, from what really goes in: so neither the chance of the layers before, nor what
/// their finite width adds up to over depth, blurs what is expected of this one.
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
/// The rate is shared equally by all tests, two a layer and two a parameter. The bars of linear layers and of parameters are those of independent
/// numbers: units are independent given x, and the variance of z^2 follows from the kurtosis of the weights. Numbers that hang together are judged
/// by what their [`Draws`](crate::Draws) leave to chance: the sum of the squares of orthogonal weights is exact, as all is of an identity. Of other
/// layers, networks are independent, and the mean of their deviations is judged by Student's law, corrected for skewness.
///
/// What goes into a function is normal only in wide layers, and far from it behind norms of a few units. So a function is judged by normal numbers
/// of the size of those that go in, and its outputs by what it makes of every single one of these. Norms, dropout, lookups, convolutions and residual
/// sums are exact at any width. A layer that says nothing of its [`Structure`](crate::Structure) may be off by four times the share that one of its
/// units has, and below eight units is not judged. A deviation below a thousandth is none.
///
/// Not judged by their signal, but by their parameters alone, are layers of a [`Joint`](crate::Structure::Joint) structure, such as attention,
/// recurrent layers and softmax, and [pools](crate::Structure::Pooling); those that say nothing of their moments; convolutions whose weights have a mean other than 0; weights that repeat
/// single inputs; and the sum of a residual branch without random weights. [`report`](PropagationCheck::report) names them.
pub fn propagation<'a, F>(draw: F) -> PropagationCheck<'a, F>
where
    F: Fn(u64) -> Result<Network<f64>, Error>,
{
    PropagationCheck { draw, weights: None, biases: None, rows: None, rate: RATE, seed: 0 }
}

/// What is claimed of a network; made by [`propagation`].
pub struct PropagationCheck<'a, F> {
    draw: F,
    weights: Option<&'a dyn Initializer<f64>>,
    biases: Option<&'a dyn Initializer<f64>>,
    rows: Option<Fill<'a>>,
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

    /// Says what goes in: writes some rows, one behind the other, as drawn from the generator. Unless given these are numbers of N(0, 1), and for an
    /// [`Embedding`](crate::Embedding), or any other lookup that comes first, indices that are all as likely.
    ///
    /// ```
    /// use evenkeel::{Linear, Network, check};
    /// use rand::RngExt;
    ///
    /// let draw = |seed| Network::builder(8).layer(Linear::new(16)).seed(seed).build();
    /// check::propagation(draw).rows(|generator, x| x.fill_with(|| generator.random())).run()?;
    /// # Ok::<(), check::Failure>(())
    /// ```
    pub fn rows(self, fill: impl Fn(&mut Generator, &mut [f64]) + 'a) -> Self {
        Self { rows: Some(Box::new(fill)), ..self }
    }

    /// How often, at most, what is right may fail; 1e-6 unless given.
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// The seed of the inputs and of the networks' seeds; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Draws networks, passes a row through each, or some where a layer looks at all of a batch, and judges.
    ///
    /// # Errors
    /// [`Failure::Unlikely`] for a layer or a parameter whose numbers are too large, too small or not centred as they should be;
    /// [`Failure::Broken`] for those that are not what leaves nothing to chance, and where nothing can be judged; [`Failure::Network`] where a
    /// network cannot be built or refuses the rows, or the rate is not above 0 and below 1.
    pub fn run(&self) -> Result<(), Failure>
    where
        F: Fn(u64) -> Result<Network<f64>, Error>,
    {
        self.report().map(drop)
    }

    /// As [`run`](Self::run); says what was judged.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub fn report(&self) -> Result<PropagationReport, Failure>
    where
        F: Fn(u64) -> Result<Network<f64>, Error>,
    {
        let rate = possible("check::propagation", self.rate)?;
        let (mut whole, mut unclaimed) = (Whole::default(), Vec::new());
        let mut draws = 0;
        // Narrow layers need more networks.
        while draws < NETWORKS || draws < whole.networks(FEWEST) {
            let mut generator = Generator::numbered(self.seed, "check.propagation", draws as u64);
            let network = (self.draw)(generator.random())?;
            self.watch(&network, &mut generator, &mut whole, if draws == 0 { Some(&mut unclaimed) } else { None })?;
            if draws == 0 {
                let none = || "none".to_owned();
                let judges = whole.tests() > 0 || !whole.weights.is_empty();
                Failure::unless(judges, || "layers".to_owned(), "one of known moments", none)?;
            }
            draws += 1;
        }
        whole.judge(rate / whole.tests().max(1) as f64)?;
        let of_sums = whole.sums.iter().map(|sums| sums.name());
        let by_signal = of_sums.chain(whole.records.iter().map(|record| record.name())).map(str::to_owned).collect();
        let parameters = whole.weights.iter().map(|weights| weights.name().to_owned()).collect();
        Ok(PropagationReport { networks: draws, by_signal, not_by_signal: whole.unknown, parameters, unclaimed })
    }

    /// One network; the names of parameters of which nothing is claimed go to `unclaimed`.
    fn watch(
        &self,
        network: &Network<f64>,
        generator: &mut Generator,
        whole: &mut Whole,
        mut unclaimed: Option<&mut Vec<String>>,
    ) -> Result<(), Error> {
        // What a layer remembers are statistics of batches.
        let rows = if network.plans().iter().any(|plan| !plan.state.is_empty()) { BATCH } else { 1 };
        let mut x = vec![0.0; rows * network.n_in()];
        match (&self.rows, choices(network)) {
            (Some(fill), _) => fill(generator, &mut x),
            (None, Some(count)) => x.iter_mut().for_each(|x| *x = generator.below(count as u64) as f64),
            (None, None) => generator.fill_normal(0.0, 1.0, &mut x),
        }
        let mut workspace = network.workspace(rows)?;
        network.forward(Rows::new(&x, network.n_in())?, Mode::Train, &mut workspace)?;
        whole.restart();
        let mut state = State { is_fresh: false, channels: None };
        let mut slots = network.layout().slots().iter();
        for (at, layer) in network.layers().enumerate() {
            let claims = self.claims(network, at);
            for (&claim, slot) in claims.iter().zip(&mut slots) {
                match claim.moments {
                    Some(_) => whole.parameter(&slot.param, &network.parameters()[slot.range.clone()], claim),
                    None => unclaimed.iter_mut().for_each(|names| names.push(slot.param.name.clone())),
                }
            }
            let (name, passed) = (network.layer_names()[at].as_str(), workspace.passed(at));
            state = whole.layer(&Seen { name, layer, passed, claims: &claims }, state, generator);
        }
        Ok(())
    }

    /// What is claimed of the parameters of a layer, in the order of its plan.
    fn claims(&self, network: &Network<f64>, at: usize) -> Vec<Claim> {
        let layers: Vec<_> = network.layers().collect();
        let (layer, plan) = (layers[at], &network.plans()[at]);
        let claim = |param: &Param| {
            let everywhere = match param.role {
                Role::Weight => self.weights,
                Role::Bias => self.biases,
                Role::Gain => None,
            };
            match layer.initializer(param).or(everywhere) {
                Some(given) => Claim::of(given, param),
                None => match fitting(layer, param, layers[at + 1..].iter().copied()) {
                    Some(fitting) => Claim::of(&*fitting, param),
                    None => Claim::number(if param.role == Role::Gain { 1.0 } else { 0.0 }),
                },
            }
        };
        plan.params.iter().map(claim).collect()
    }
}

/// How many things there are to choose from where a network begins with a lookup.
fn choices(network: &Network<f64>) -> Option<usize> {
    let mut first = network.layers().next()?;
    while let Some(&inner) = first.children().first() {
        first = inner;
    }
    let table = network.plans().first()?.params.first()?;
    (first.structure() == Structure::Lookup).then_some(table.rows)
}
