//! `layer`: does a layer keep what a network relies on?

mod drawing;
mod moments;
mod positions;

use std::fmt;

use rand::RngExt;

use super::{Failure, gradients};
use crate::{Error, Generator, Layer, LeCun, Linear, Mode, Network, Rows};

/// How many rows a batch has: enough for sums over rows to differ from their last term.
const ROWS: usize = 5;
/// How far an output may be off for its row being in another batch, relative to the largest output: sums may be taken in another order.
const LIMIT: f64 = 1e-12;
/// The widths of the input, unless told otherwise: those around blocks of eight, and the smallest.
const WIDTHS: [usize; 7] = [1, 2, 7, 8, 9, 16, 17];
/// How many more shapes are drawn, of given widths (which may be large) and of others; and up to which width and how many rows.
const GIVEN_SHAPES: u64 = 2;
const SHAPES: u64 = 6;
const WIDEST: usize = 32;
const MOST_ROWS: usize = 12;
/// The fewest rows drawn of those that are mixed: two differ by their sign alone.
const FEWEST_MIXED: usize = 3;
/// The width at which moments are compared.
const WIDE: usize = 256;

/// Checks a layer, at several widths and others that are drawn, with as many rows as are drawn: every gradient against central differences
/// (in front of it stands a [`Linear`], whose gradients show the derivative by the input); that the same call gives the same bits, whatever
/// was in the memory before; and that what comes of a row depends on nothing else in the batch, and is the same in training and in use.
///
/// Where the layer says what it makes of [moments](Layer::moments), these are compared with passes forwards and backwards of normal inputs,
/// over many draws of the parameters, at one width that is [wide](LayerCheck::wide): beside chance, a mean may be off by four times the
/// share that one unit of the narrowest part has. Below eight units, which leaves half, nothing is compared. So is what it says of the
/// [squares of its gradients](Layer::gradient_squares), of [independent signals](Layer::propagate), and of
/// [positions](Layer::moments_by_position) that are not alike.
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
    LayerCheck { make, widths: None, wide: None, mixes_rows: false, draws_noise: false, seed: 0 }
}

/// What is claimed of a layer; made by [`layer`].
pub struct LayerCheck<F> {
    make: F,
    /// Those that the user says.
    widths: Option<Vec<usize>>,
    wide: Option<usize>,
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
    /// The widths of the input that the layer can have, in place of 1, 2, 7, 8, 9, 16, 17 and others up to 32.
    pub fn widths(self, widths: &[usize]) -> Self {
        Self { widths: Some(widths.to_vec()), ..self }
    }

    /// The width of the input at which moments are compared, and that they have to be; unless given it is the largest of the
    /// [widths](Self::widths), or 256.
    pub fn wide(self, width: usize) -> Self {
        Self { wide: Some(width), ..self }
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
    /// Those of [`gradients`]; [`Failure::Broken`] for outputs that are not what they were, or not those of the row alone;
    /// [`Failure::Unlikely`] for moments that are not what the layer says; [`Failure::Network`] where it cannot be built, and for no widths.
    pub fn run<L>(&self) -> Result<(), Failure>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        let widths = self.widths.as_deref().unwrap_or(&WIDTHS);
        let Some(&widest) = widths.iter().max() else { return Err(Error::Empty { what: "the list of widths" }.into()) };
        for &width in widths {
            self.shape(width, ROWS, 1.7)?;
            // A single row says nothing about a layer whose output is about the differences of rows.
            if !self.mixes_rows {
                self.differentiates(width, 1, 1.7)?;
            }
        }
        let mut generator = Generator::named(self.seed, "check.layer.shapes");
        for _ in 0..if self.widths.is_some() { GIVEN_SHAPES } else { SHAPES } {
            let width = match &self.widths {
                Some(widths) => widths[generator.below(widths.len() as u64) as usize],
                None => generator.random_range(1..=WIDEST),
            };
            let fewest = if self.mixes_rows { FEWEST_MIXED } else { 1 };
            let rows = generator.random_range(fewest..=MOST_ROWS);
            self.shape(width, rows, generator.random_range(0.3..3.0))?;
        }
        let wide = self.wide.unwrap_or(if self.widths.is_some() { widest } else { WIDE });
        let compared = moments::moments(&(self.make)(wide), wide, self.mixes_rows, self.seed)?;
        let what = || format!("the moments of a layer of {wide} inputs");
        let found = || "none that can be compared".to_owned();
        Failure::unless(compared || self.wide.is_none(), what, "what it says of them, and wide enough", found)
    }

    /// Everything that holds at any width, for so many rows of inputs up to that size.
    fn shape<L>(&self, width: usize, rows: usize, size: f64) -> Result<(), Failure>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        let network = self.network(width, false)?;
        self.repeats(&network, rows, size)?;
        self.keeps_rows_apart(&network, rows, size)?;
        self.differentiates(width, rows, size)
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

    fn inputs(&self, network: &Network<f64>, number: u64, rows: usize, size: f64) -> Vec<f64> {
        let mut generator = Generator::numbered(self.seed, "check.layer.inputs", number);
        (0..rows * network.n_in()).map(|_| generator.random_range(-size..size)).collect()
    }

    fn differentiates<L>(&self, width: usize, rows: usize, size: f64) -> Result<(), Failure>
    where
        L: Layer<f64> + 'static,
        F: Fn(usize) -> L,
    {
        let network = self.network(width, true)?;
        let x = self.inputs(&network, width as u64, rows, size);
        gradients(&network, Rows::new(&x, width)?, self.seed).map(drop)
    }

    /// The same call twice, the second time in memory that other rows went through.
    fn repeats(&self, network: &Network<f64>, rows: usize, size: f64) -> Result<(), Failure> {
        let (x, other) = (self.inputs(network, 1, rows, size), self.inputs(network, 2, rows, size));
        let (mut fresh, mut used) = (network.workspace(rows)?, network.workspace(rows)?);
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
    fn keeps_rows_apart(&self, network: &Network<f64>, rows: usize, size: f64) -> Result<(), Failure> {
        let (n_in, n_out) = (network.n_in(), network.n_out());
        let x = self.inputs(network, 3, rows, size);
        let mut workspace = network.workspace(rows)?;
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
