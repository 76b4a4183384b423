//! `BatchNorm`: every channel to mean 0 and variance 1 over the batch.

mod columns;

use super::groups::groups;
use super::moments::{of_affine, second};
use super::statistics::{Statistics, inverse_deviation};
use super::{Layer, Mode, Moments, Pass, Passed, Plan, Propagated, Signal, Through};
use crate::{Bounds, Error, Float, InitMoments, Param, Rows, RowsMut};
use columns::{Block, Columns, LANES, Map, Terms};

/// Batch normalization: subtracts from each channel its mean over the batch and divides by its deviation.
///
/// ```text
/// y = gain (x - mean) / sqrt(variance + epsilon) + bias
/// running = (1 - momentum) running + momentum (that of the batch)
/// ```
///
/// A channel is a column, or, with [`channels`](Self::channels), every `n`-th number of a row: images whose channels come last. In
/// [`Mode::Train`] mean and variance are those of the batch, in [`Mode::Infer`] the running ones, which start at 0 and 1. They are part of
/// the network's state and move only when an update is applied.
///
/// ```
/// use evenkeel::{BatchNorm, Linear, Network, Relu};
/// let network = Network::<f32>::builder(8)
///     .layer(Linear::without_bias(16))
///     .layer(BatchNorm::new().momentum(0.05)?)
///     .layer(Relu)
///     .layer(Linear::new(2))
///     .build()?;
/// assert_eq!(network.parameter("1.batch_norm.gain")?.data(), [1.0; 16]);
/// assert_eq!((&network.state()[..16], &network.state()[16..]), (&[0.0; 16][..], &[1.0; 16][..]));
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: for no channels, and rows that are no whole number of positions. In training: for a batch of one value a
/// channel, which has no variance; so the rows of a data set should not leave a last batch of one.
///
/// # Notes
/// Sums are taken in f64 of the differences from the first value, so that a large mean takes no digits from the variance. A batch is
/// divided by the root of its plain variance, and the running one is fed the unbiased one, n / (n - 1) times that. Ioffe and Szegedy
/// 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift".
///
/// A forecast takes the batch for large. It then divides the gradient by the variance from row to row, which is less than the second moment: so
/// behind a ReLU the square of the gradient grows by pi / (pi - 1) with every layer (Yang et al. 2019, "A Mean Field Theory of Batch
/// Normalization"). A batch of n rows of normal numbers makes it (n - 2) / (n - 3) times larger still. The gradients of a batch add up to 0 in
/// front of it: so weights there have a smaller one than single rows say, since it lacks what their inputs have in common, and the norm of the
/// gradient of all parameters is not told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    channels: Option<usize>,
    momentum: f64,
    epsilon: f64,
    affine: bool,
}

impl BatchNorm {
    /// Of every column, with a gain and a bias each, a momentum of 0.1 and an epsilon of 1e-5.
    pub fn new() -> Self {
        Self { channels: None, momentum: 0.1, epsilon: 1e-5, affine: true }
    }

    /// Of `channels` channels: a row is (positions, channels), channels last, and a batch has rows times positions values of each.
    pub fn channels(channels: usize) -> Self {
        Self { channels: Some(channels), ..Self::new() }
    }

    /// With running statistics that take over that share of each batch's.
    ///
    /// # Errors
    /// [`Error::Argument`] unless it is above 0 and at most 1.
    pub fn momentum(self, momentum: f64) -> Result<Self, Error> {
        Error::require(momentum > 0.0 && momentum <= 1.0, "BatchNorm", "momentum", momentum, "above 0 and at most 1")?;
        Ok(Self { momentum, ..self })
    }

    /// With that much added to a variance before its root is taken.
    ///
    /// # Errors
    /// [`Error::Argument`] unless it is finite and above 0.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self { epsilon: Error::positive("BatchNorm", "epsilon", epsilon)?, ..self })
    }

    /// Without gains and biases.
    pub fn without_affine(self) -> Self {
        Self { affine: false, ..self }
    }

    fn columns(&self, n_in: usize) -> Columns {
        Columns { channels: self.channels.unwrap_or(n_in) }
    }

    /// What a channel's numbers are multiplied by and moved by, from its statistics.
    fn fill<T: Float>(&self, block: &mut Block<T>, lane: usize, of: Statistics<T>, [gain, bias]: [T; 2]) {
        let root = T::of(inverse_deviation(of.variance, self.epsilon));
        block[columns::HIGH][lane] = of.high;
        block[columns::LOW][lane] = of.low;
        block[columns::SCALE][lane] = gain * root;
        block[columns::BIAS][lane] = bias;
        block[columns::ROOT][lane] = root;
        // That of numbers in T may be beyond T; a NaN stays one.
        let largest = T::max_value().get();
        block[columns::VARIANCE][lane] = T::of(if of.variance > largest { largest } else { of.variance });
    }

    /// Gain and bias of a channel.
    fn affine<T: Float>(&self, params: &[T], channel: usize) -> [T; 2] {
        if self.affine { [params[channel], params[params.len() / 2 + channel]] } else { [T::one(), T::zero()] }
    }
}

impl Default for BatchNorm {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Layer<T> for BatchNorm {
    fn kind(&self) -> &'static str {
        "batch_norm"
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::BatchNorm
    }

    fn bounds(&self) -> Bounds {
        Bounds::NORMALIZED
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let columns = self.columns(n_in);
        let channels = columns.channels;
        groups("BatchNorm", "channels", "the numbers of a row, in whole positions of BatchNorm", n_in, channels)?;
        let mut state = Vec::new();
        let bytes = (channels as u64).saturating_mul(16);
        let refused = |_| Error::OutOfMemory { what: "running statistics", bytes };
        state.try_reserve_exact(channels.saturating_mul(2)).map_err(refused)?;
        state.resize(channels, 0.0);
        state.resize(2 * channels, 1.0);
        let plan = Plan::new(n_in).state(state).saved(columns.saved());
        let plan = if self.affine { plan.param(Param::gain(channels)).param(Param::bias(channels)) } else { plan };
        Ok(plan.writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (columns, params) = (self.columns(x.cols()), pass.params);
        let blocks = columns::blocks_mut(pass.saved);
        if pass.mode == Mode::Train {
            let count = x.data().len() / columns.channels;
            let must = "at least 2 in training: one value has no variance";
            Error::require(count > 1, "BatchNorm", "the number of values a channel", count as f64, must)?;
            columns.each_block(x.data().len(), blocks, &|index, block| {
                let shift = columns.first(x.data(), index);
                let sums = columns.sums(x.data(), x.data(), index, Differences { shift });
                for lane in 0..LANES {
                    let of = Statistics::shifted(shift[lane], [sums[0][lane], sums[1][lane]], count as f64);
                    self.fill(block, lane, of, self.affine(params, columns.channel(index, lane)));
                }
            });
        } else {
            let (means, variances) = pass.state.split_at(columns.channels);
            for (index, block) in blocks.iter_mut().enumerate() {
                for lane in 0..LANES {
                    let channel = columns.channel(index, lane);
                    let of = Statistics { high: means[channel], low: T::zero(), variance: variances[channel].get() };
                    self.fill(block, lane, of, self.affine(params, channel));
                }
            }
        }
        columns.map(Normalized, x.data(), x.data(), blocks, y.data_mut());
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let columns = self.columns(x.cols());
        let count = (x.data().len() / columns.channels) as f64;
        let blocks = columns::blocks_mut(pass.saved);
        columns.each_block(x.data().len(), blocks, &|index, block| {
            let products = Products { high: block[columns::HIGH], low: block[columns::LOW] };
            let sums = columns.sums(x.data(), dy.data(), index, products);
            for lane in 0..LANES {
                let (sum, product, root) = (sums[0][lane], sums[1][lane], block[columns::ROOT][lane].get());
                block[columns::BIAS_GRADIENT][lane] = T::of(sum);
                block[columns::GAIN_GRADIENT][lane] = T::of(product * root);
                // What the mean, and what the deviation of the batch hands back to each of its values.
                block[columns::OF_MEAN][lane] = T::of(sum / count);
                block[columns::OF_DEVIATION][lane] = T::of(product * root * root / count);
            }
        });
        if self.affine {
            let (gains, biases) = gradients.split_at_mut(columns.channels);
            for (channel, (gain, bias)) in gains.iter_mut().zip(biases).enumerate() {
                let (block, lane) = columns.place(channel);
                let (of_gain, of_bias) =
                    (blocks[block][columns::GAIN_GRADIENT][lane], blocks[block][columns::BIAS_GRADIENT][lane]);
                (*gain, *bias) = if pass.fresh { (of_gain, of_bias) } else { (*gain + of_gain, *bias + of_bias) };
            }
        }
        if let Some(mut dx) = dx {
            columns.map(Slopes, x.data(), dy.data(), blocks, dx.data_mut());
        }
    }

    /// As if rows had nothing but the mean in common; where it is known what else they have, [`propagate`](Layer::propagate) says better.
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = Layer::<T>::propagate(self, plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    /// Of a large batch: mean and deviation are those of the draw, and what they hand back to a row is spread thin. What rows have in common is
    /// taken off, so that the gradient is divided by what is left.
    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let parameter = |index: usize| weights.get(index).copied().filter(|_| self.affine);
        let within = x.within();
        let second_of_normalized = within.map_or(1.0, |variance| variance / (variance + self.epsilon));
        let normalized = Moments { mean: 0.0, second: second_of_normalized };
        let (y, gain) = of_affine(normalized, parameter(0), parameter(1));
        let shared = parameter(1).map_or(0.0, second);
        Some(Through {
            chooses: 1.0,
            y: Signal { shared: Some(shared), ..Signal::unknown(y) },
            back: within.map(|variance| gain / (variance + self.epsilon)),
            // The gradients of a batch add up to 0 in front of it, so that those of single rows do not say how large their sum is.
            squares: None,
        })
    }

    fn commit(&self, passed: &Passed<'_, T>, state: &mut [T]) {
        let columns = self.columns(passed.x.cols());
        let count = (passed.x.data().len() / columns.channels) as f64;
        let (means, variances) = state.split_at_mut(columns.channels);
        let blocks = columns::blocks(passed.saved);
        let largest = T::max_value().get();
        let toward = |running: T, batch: f64| {
            let moved = (1.0 - self.momentum) * running.get() + self.momentum * batch;
            T::of(moved.clamp(-largest, largest))
        };
        for (channel, (mean, variance)) in means.iter_mut().zip(variances).enumerate() {
            let (block, lane) = columns.place(channel);
            let block = &blocks[block];
            let of_batch = block[columns::HIGH][lane].get() + block[columns::LOW][lane].get();
            let spread = block[columns::VARIANCE][lane].get() * (count / (count - 1.0));
            // Where a batch with a NaN is applied all the same, what is remembered stays what it was: it would never be a number again.
            if of_batch.is_finite() && !spread.is_nan() {
                (*mean, *variance) = (toward(*mean, of_batch), toward(*variance, spread));
            }
        }
    }

    fn hands_on_initializer(&self) -> bool {
        true
    }
}

/// The differences from a number of each channel, and their squares.
#[derive(Clone, Copy)]
struct Differences<T> {
    shift: [T; LANES],
}

impl<T: Float> Terms<T> for Differences<T> {
    #[inline(always)]
    fn of(&self, x: T, _: T, lane: usize) -> [f64; 2] {
        let difference = x.get() - self.shift[lane].get();
        [difference, difference * difference]
    }
}

/// y, of x.
#[derive(Clone, Copy)]
struct Normalized;

impl<T: Float> Map<T> for Normalized {
    #[inline(always)]
    fn at(&self, x: T, _: T, block: &Block<T>, lane: usize) -> T {
        let centred = (x - block[columns::HIGH][lane]) - block[columns::LOW][lane];
        centred * block[columns::SCALE][lane] + block[columns::BIAS][lane]
    }
}

/// What comes from behind, and its product with the distance from the mean.
#[derive(Clone, Copy)]
struct Products<T> {
    high: [T; LANES],
    low: [T; LANES],
}

impl<T: Float> Terms<T> for Products<T> {
    #[inline(always)]
    fn of(&self, x: T, dy: T, lane: usize) -> [f64; 2] {
        let centred = (x.get() - self.high[lane].get()) - self.low[lane].get();
        [dy.get(), dy.get() * centred]
    }
}

/// dx, of x and dy.
#[derive(Clone, Copy)]
struct Slopes;

impl<T: Float> Map<T> for Slopes {
    #[inline(always)]
    fn at(&self, x: T, dy: T, block: &Block<T>, lane: usize) -> T {
        let centred = (x - block[columns::HIGH][lane]) - block[columns::LOW][lane];
        let handed_back = block[columns::OF_MEAN][lane] + centred * block[columns::OF_DEVIATION][lane];
        block[columns::SCALE][lane] * (dy - handed_back)
    }
}
