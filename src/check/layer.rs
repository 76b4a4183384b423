//! `layer`: does a layer keep what a network relies on?

use std::fmt;

use rand::RngExt;

use super::{Failure, gradients};
use crate::{Error, Generator, Layer, LeCun, Linear, Mode, Network, Rows};

/// How many rows a batch has: enough for sums over rows to differ from their last term.
const ROWS: usize = 5;
/// How far an output may be off for its row being in another batch, relative to the largest output: sums may be taken in another order.
const LIMIT: f64 = 1e-12;

/// Checks a layer, at several widths: every gradient against central differences (in front of it stands a [`Linear`], whose gradients show
/// the derivative by the input); that the same call gives the same bits, whatever was in the memory before; and that what comes of a row
/// depends on nothing else in the batch, and is the same in training and in use.
///
/// `make` makes the layer for an input of that width; where it does not matter, `|_| mine`.
///
/// ```
/// use evenkeel::{BatchNorm, Dropout, Linear, Tanh, check};
/// check::layer(Linear::new).run()?;
/// check::layer(|_| Tanh).run()?;
/// check::layer(|_| BatchNorm::new()).mixes_rows().run()?;
/// let dropout = Dropout::new(0.5)?;
/// check::layer(|_| dropout.clone()).draws_noise().run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn layer<L, F>(make: F) -> LayerCheck<F>
where
    L: Layer<f64> + 'static,
    F: Fn(usize) -> L,
{
    LayerCheck { make, widths: vec![1, 2, 7, 8, 9, 16, 17], mixes_rows: false, draws_noise: false, seed: 0 }
}

/// What is claimed of a layer; made by [`layer`].
pub struct LayerCheck<F> {
    make: F,
    widths: Vec<usize>,
    mixes_rows: bool,
    draws_noise: bool,
    seed: u64,
}

impl<F> fmt::Debug for LayerCheck<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerCheck").field("widths", &self.widths).finish_non_exhaustive()
    }
}

impl<F> LayerCheck<F> {
    /// The widths of the input that the layer can have, in place of 1, 2, 7, 8, 9, 16 and 17.
    pub fn widths(self, widths: &[usize]) -> Self {
        Self { widths: widths.to_vec(), ..self }
    }

    /// Says that in training a row's output depends on the other rows as well, as that of batch normalization does.
    pub fn mixes_rows(self) -> Self {
        Self { mixes_rows: true, ..self }
    }

    /// Says that in training an output is random, as that of dropout is: a function of seed, step and place in the batch.
    pub fn draws_noise(self) -> Self {
        Self { draws_noise: true, ..self }
    }

    /// The seed of inputs and parameters; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Builds, passes and compares.
    ///
    /// # Errors
    /// Those of [`gradients`]; [`Failure::Broken`] for outputs that are not what they were, or not those of the row alone.
    pub fn run<L>(&self) -> Result<(), Failure>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        self.widths.iter().try_for_each(|&width| {
            let network = self.network(width, false)?;
            self.repeats(&network)?;
            self.keeps_rows_apart(&network)?;
            self.differentiates(width)
        })
    }

    /// The layer, with a linear one in front or without, and parameters that are nowhere 0 or 1.
    fn network<L>(&self, width: usize, front: bool) -> Result<Network<f64>, Error>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        let mut builder = Network::builder(width).seed(self.seed);
        if front {
            builder = builder.layer(Linear::new(width).weights(LeCun::normal()));
        }
        let mut network = builder.layer((self.make)(width)).build()?;
        let mut generator = Generator::numbered(self.seed, "check.layer.parameters", width as u64);
        network.parameters_mut().iter_mut().for_each(|w| *w += generator.random_range(-0.3..0.3));
        Ok(network)
    }

    fn inputs(&self, network: &Network<f64>, number: u64) -> Vec<f64> {
        let mut generator = Generator::numbered(self.seed, "check.layer.inputs", number);
        (0..ROWS * network.n_in()).map(|_| generator.random_range(-1.7..1.7)).collect()
    }

    fn differentiates<L>(&self, width: usize) -> Result<(), Failure>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        let network = self.network(width, true)?;
        let x = self.inputs(&network, width as u64);
        for rows in [1, ROWS] {
            // A single row says nothing about a layer whose output is about the differences of rows.
            if rows > 1 || !self.mixes_rows {
                gradients(&network, Rows::new(&x[..rows * width], width)?, self.seed)?;
            }
        }
        Ok(())
    }

    /// The same call twice, the second time in memory that other rows went through.
    fn repeats(&self, network: &Network<f64>) -> Result<(), Failure> {
        let (x, other) = (self.inputs(network, 1), self.inputs(network, 2));
        let (mut fresh, mut used) = (network.workspace(ROWS)?, network.workspace(ROWS)?);
        for mode in [Mode::Train, Mode::Infer] {
            network.forward(Rows::new(&other, network.n_in())?, Mode::Train, &mut used)?;
            let again = network.forward(Rows::new(&x, network.n_in())?, mode, &mut used)?.data().to_vec();
            let first = network.forward(Rows::new(&x, network.n_in())?, mode, &mut fresh)?.data();
            let what = || format!("{}, {mode:?}, the same rows twice", name(network));
            let same = first.iter().map(|y| y.to_bits()).eq(again.iter().map(|y| y.to_bits()));
            Failure::unless(same, what, "the same bits", || difference(first, &again))?;
        }
        Ok(())
    }

    /// Every row of a batch, and the same row alone.
    fn keeps_rows_apart(&self, network: &Network<f64>) -> Result<(), Failure> {
        let (n_in, n_out) = (network.n_in(), network.n_out());
        let x = self.inputs(network, 3);
        let mut workspace = network.workspace(ROWS)?;
        let together = network.forward(Rows::new(&x, n_in)?, Mode::Infer, &mut workspace)?.data().to_vec();
        let largest = together.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= LIMIT * largest);
        let deviates = self.mixes_rows || self.draws_noise;
        if !deviates {
            let trained = network.forward(Rows::new(&x, n_in)?, Mode::Train, &mut workspace)?.data();
            let what = || format!("{}, a batch in training and in use", name(network));
            Failure::unless(near(trained, &together), what, "the same outputs", || difference(&together, trained))?;
        }
        for (x, expected) in x.chunks_exact(n_in).zip(together.chunks_exact(n_out)) {
            for mode in [Mode::Infer, Mode::Train] {
                if mode == Mode::Train && deviates {
                    continue;
                }
                let alone = network.forward(Rows::new(x, n_in)?, mode, &mut workspace)?.data();
                let what = || format!("{}, {mode:?}, a row alone and in a batch", name(network));
                Failure::unless(near(alone, expected), what, "the same outputs", || difference(expected, alone))?;
            }
        }
        Ok(())
    }
}

fn name(network: &Network<f64>) -> String {
    format!("{} of {} inputs", network.layer_names().last().map_or("", String::as_str), network.n_in())
}

/// The first place where two outputs differ.
fn difference(one: &[f64], other: &[f64]) -> String {
    let place = one.iter().zip(other).position(|(one, other)| one.to_bits() != other.to_bits());
    place.map_or_else(|| "other ones".to_owned(), |at| format!("{:e} and {:e} in output {at}", one[at], other[at]))
}
