//! evenkeel keeps neural networks numerically sound: it says from theory whether signals and gradients will survive a network's depth,
//! trains with hand-written backprop, watches every layer while it does, and names vanishing and exploding gradients, symmetric weights
//! and their relatives, with cause, evidence and cure.
//!
//! ```
//! use std::ops::ControlFlow;
//! use evenkeel::*;
//!
//! // Is a point inside the circle?
//! let point = |row: u32| [(row % 20) as f32 / 10.0 - 0.95, (row / 20) as f32 / 10.0 - 0.95];
//! let inside = |row: u32| usize::from(point(row).iter().map(|x| x * x).sum::<f32>() < 0.5);
//! let data = Dataset::classes((0..400).flat_map(point).collect(), 2, (0..400).map(inside).collect())?;
//! let (train, test) = data.split(0.2, 1)?;
//!
//! let network = Network::<f32>::builder(2).layer(Linear::new(32)).layer(Tanh).layer(Linear::new(2)).seed(1).build()?;
//! let mut trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.02)?)
//!     .epochs(50)
//!     .watch(Monitor::new())
//!     .build()?;
//! trainer.fit(&train, None, |_| ControlFlow::Continue(()))?;
//!
//! assert!(trainer.evaluate(&test)?.accuracy > Some(0.9));
//! let report = trainer.report().expect("the run is watched");
//! println!("{report}"); // a line a layer, then the findings
//! assert!(report.is_healthy());
//! # Ok::<(), Error>(())
//! ```
//!
//! What to look at first: [`Forecast`], before anything is trained; [`Network`] and its training step, part by part; [`Trainer`]; [`Monitor`], which watches any training loop,
//! also one that is not this crate's; [`StabilityReport`], and [`ReportPage`], which draws it. To write one's own: [`Layer`]
//! or [`Activation`], [`Initializer`], [`GradientClipper`], [`Loss`], [`Optimizer`]; [`check::gradients`] tells whether a derivative is
//! right.
//!
//! # The three troubles
//!
//! Backpropagation computes the gradient of the first layer as a product of as many factors as there are layers. If the factors are
//! large the product explodes, if they are small it vanishes; and if all units of a layer are equal, so are their gradients, and they
//! stay equal for ever. Each of the three can be seen long before the accuracy tells of it.
//!
//! ## Where the factors come from, and Xavier's variance
//!
//! One output of a linear layer is o = sum over j of x_j w_j, over n_in inputs. Let the weights be drawn independently, with mean 0 and
//! variance sigma^2. Whatever the inputs are, with gamma^2 the mean of their squares (their *second moment*; it is their variance only
//! where their mean is 0), the variance over the draw of the weights is
//!
//! ```text
//! Var[o] = sum over j of x_j^2 E[w_j^2] = n_in gamma^2 sigma^2
//! ```
//!
//! So on its way forward each layer multiplies the signal's second moment by n_in sigma^2; and since the gradient by an input sums
//! over the n_out units, each layer multiplies the gradient's on its way back by n_out sigma^2. Both stay as they are only if
//! n_in sigma^2 = 1 and n_out sigma^2 = 1, which cannot both be had unless n_in = n_out. [`Xavier`] asks it of the average:
//!
//! ```text
//! (n_in + n_out) sigma^2 / 2 = 1          sigma = sqrt(2 / (n_in + n_out))
//! ```
//!
//! Nothing here asks for a normal distribution: mean 0 and that variance are all that matters. Measured, not believed:
//!
//! ```
//! use evenkeel::*;
//! let (n_in, n_out) = (300, 20_000);
//! let layer = || Linear::without_bias(n_out);
//! let x: Vec<f64> = (0..n_in).map(|j| 1.0 + (j % 3) as f64).collect(); // not of mean 0
//! let second_moment = x.iter().map(|x| x * x).sum::<f64>() / n_in as f64;
//! for weights in [layer().weights(Xavier::normal()), layer().weights(Xavier::uniform())] {
//!     let network = Network::builder(n_in).layer(weights).build()?;
//!     let o = network.predict(Rows::new(&x, n_in)?)?;
//!     let measured = o.iter().map(|o| o * o).sum::<f64>() / n_out as f64;
//!     let predicted = n_in as f64 * second_moment * 2.0 / (n_in + n_out) as f64;
//!     // Five standard deviations of such a mean of 20,000 squares.
//!     assert!((measured / predicted - 1.0).abs() < 5.0 * (2.0 / n_out as f64).sqrt());
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! An activation changes the second moment once more: ReLU drops half of it, which [`He`] makes up for.
//!
//! ## Vanishing gradients
//!
//! Weights near zero, or activations with a slope far below 1: layers near the output change, layers near the input hardly do, and the
//! loss soon stops changing. The cure is a variance that fits the fans, fewer layers, or another activation.
//!
//! ```
//! # use std::ops::ControlFlow;
//! use evenkeel::*;
//! # let data = Dataset::values((0..64).map(|i| (i % 16) as f32 / 8.0 - 1.0).collect(), 2, (0..32).map(|i| (i % 2) as f32).collect(), 1)?;
//! fn train(weights: impl Initializer<f32> + 'static, data: &Dataset<f32>) -> Result<StabilityReport, Error> {
//!     let mut network = Network::builder(2).weights(weights);
//!     for _ in 0..10 {
//!         network = network.layer(Linear::new(32)).layer(Tanh);
//!     }
//!     let trainer = Trainer::builder(network.layer(Linear::new(1)).build()?, MeanSquared::new(), Sgd::new(0.05)?);
//!     let mut trainer = trainer.epochs(20).watch(Monitor::new()).build()?;
//!     trainer.fit(data, None, |_| ControlFlow::Continue(()))?;
//!     Ok(trainer.report().expect("the run is watched"))
//! }
//! let failing = train(Normal::new(0.0, 0.01)?, &data)?;
//! let finding = failing.finding(Symptom::VanishingGradients).expect("it vanishes");
//! assert_eq!(finding.cause, Cause::WeightsTooSmall);
//! assert_eq!(finding.remedies[0], Remedy::FittingInitializer);
//! assert!(train(Xavier::normal(), &data)?.finding(Symptom::VanishingGradients).is_none());
//! # Ok::<(), Error>(())
//! ```
//!
//! In a [recurrent layer](Recurrent) the same happens from step to step of a sequence, and first of all there. The monitor records how much of
//! the derivative by the state is left after so many steps back, and [`Symptom::VanishingOverTime`] and [`Symptom::ExplodingOverTime`] name
//! the lag at which it is lost; an [`Lstm`] with [chrono initialization](Lstm::chrono) is the cure.
//!
//! ## Exploding gradients
//!
//! Weights too large for their fans: the loss changes wildly and soon is NaN, and so are the weights; or every unit dies, and the
//! gradient is the same, step after step. A variance that fits the fans prevents it at the start. [Clipping](GlobalNorm) limits each step
//! where the forward pass is sound; it does not save a network whose signal itself explodes.
//!
//! ```
//! use evenkeel::*;
//! let mut network = Network::<f32>::builder(64).weights(Normal::new(0.0, 1.0)?);
//! for _ in 0..50 {
//!     network = network.layer(Linear::new(64)).layer(Relu);
//! }
//! let output = network.build()?.predict(Rows::new(&[1.0; 64], 64)?)?;
//! // Each layer multiplies the second moment by n_in sigma^2 / 2 = 32: after 50 layers the size is about 32^25.
//! let size = output.iter().map(|y| y * y / 64.0).sum::<f32>().sqrt();
//! assert!(size.is_infinite() || size > 1e34);
//! # Ok::<(), Error>(())
//! ```
//!
//! ## Symmetric weights
//!
//! If all units of a layer start with the same weights, incoming and outgoing, they compute the same, receive the same gradient and stay
//! the same: a layer of a hundred such units does what a layer of one could. No loss tells of it, so the monitor compares the units
//! themselves. The cure is any random start.
//!
//! ```
//! # use std::ops::ControlFlow;
//! use evenkeel::*;
//! # let data = Dataset::values((0..64).map(|i| (i % 16) as f32 / 8.0 - 1.0).collect(), 2, (0..32).map(|i| (i % 5) as f32).collect(), 1)?;
//! let network = Network::builder(2).layer(Linear::new(100)).layer(Tanh).layer(Linear::new(1)).weights(Constant::new(0.1)?);
//! let trainer = Trainer::builder(network.build()?, MeanSquared::new(), Adam::new(0.01)?).epochs(20);
//! let mut trainer = trainer.watch(Monitor::new()).build()?;
//! trainer.fit(&data, None, |_| ControlFlow::Continue(()))?;
//! let report = trainer.report().expect("the run is watched");
//! assert_eq!(report.finding(Symptom::SymmetricUnits).expect("they are").layers, ["0.linear"]);
//! assert_eq!(report.layer("0.linear").and_then(|layer| layer.distinct), Some(1)); // one unit, a hundred times
//! # Ok::<(), Error>(())
//! ```
//!
//! # What is promised
//!
//! - The same seed gives the same bits, watched or not, resumed or not, on one target, instruction set and crate version.
//! - Norms, moments and losses are computed in `f64` whatever the network's type is; a number in a report is right, or infinite where it,
//!   or the square it is made of, is beyond `f64`. NaN and infinity are counted and located, never averaged away.
//! - A training step after the first allocates nothing, monitor on.
//! - Nothing panics on a user's input: constructors and `build()` return an [`Error`] that names argument, layer and value.
//!
//! # Features
//!
//! - `serde`: [`StabilityReport`], its findings, the training history, and [`Forecast`] with what is measured beside it can be serialized; and
//!   [recipes](recipe) are read from TOML.
//! - `parallel`: large networks train on all cores, by rayon; the bits are those of one thread.
#![deny(missing_docs, unsafe_code)]
#![warn(unreachable_pub)]

mod arena;
pub mod check;
mod clip;
mod error;
mod float;
mod forecast;
mod init;
mod layer;
mod linalg;
mod loss;
mod moments;
mod network;
mod optim;
mod random;
pub mod recipe;
mod render;
mod rows;
mod stability;
mod train;

pub use arena::{Fans, Gradients, Layout, Param, Place, Role, Slot};
pub use clip::{
    AdaptiveNorm, BlockRms, ByValue, Chain, Clipped, GlobalNorm, GradientClipper, NonFinite, PerLayerNorm,
    PercentileNorm, Verdict, ZScoreNorm,
};
pub use error::Error;
pub use float::Float;
pub use forecast::{
    Comparison, Concern, FixedPoint, Forecast, ForecastBuilder, FormatForecast, LayerCompared, LayerForecast,
    LayerMeasured, Lsuv, LsuvLayer, LsuvReport, Measured, NumberFormat, Outlook, OutputGradient, Phase, Regime, Spread,
};
pub use init::{
    Constant, Critical, DeltaOrthogonal, Dirac, Draws, Eye, FanMode, He, InitMoments, InitRecord, InitReport,
    InitVerdict, Initializer, LeCun, Normal, Orthogonal, Scaled, Siren, Sparse, TruncatedNormal, Uniform,
    UnitTruncatedNormal, UnitUniform, VarianceScaling, Xavier, Zeros,
};
pub use layer::{
    Activation, AveragePool2d, BatchNorm, Behind, ChannelsLast, Conv2d, Dropout, Elu, Embedding, Exponential, Extent,
    Flatten, Gelu, GradientByPosition, Gru, HardSigmoid, Identity, Layer, LayerNorm, LeakyRelu, Linear, Lstm,
    MaxPool2d, Mish, Mode, MultiHeadAttention, Padding, Pass, Passed, PassedInside, PerStep, Plan, Pointwise,
    Propagated, Recurrent, Relu, Residual, RmsNorm, Rnn, Selu, Sequential, Sigmoid, Signal, Silu, Softmax, Softplus,
    Softsign, Structure, Tanh, Through,
};
#[cfg(feature = "parallel")]
pub use linalg::shared_pieces;
pub use loss::{
    BinaryCrossEntropy, CategoricalCrossEntropy, Huber, Loss, LossAtStart, MeanAbsolute, MeanSquared, Poisson,
    SigmoidCrossEntropy, SoftmaxCrossEntropy, SumSquared, Targets,
};
pub use moments::{EdgeOfChaos, Expectations, Moments};
pub use network::{MEMORY_LIMIT, Network, NetworkBuilder, OptimizerState, Predictor, Watched, Workspace};
pub use optim::{Adagrad, Adam, AdamW, Optimizer, RmsProp, Sgd, Update, schedule};
pub use random::Generator;
pub use render::{
    ForecastMoment, ReportPage, activation_spread_svg, forecast_svg, gradient_heat_map_svg, inactive_units_svg,
    lag_norms_svg, loss_curve_svg, terminal_picture, update_ratio_svg,
};
pub use rows::{Rows, RowsMut};
pub use stability::{
    ActivationId, Bin, Bounds, Cause, Clipping, CloseLook, Deaths, Descent, Evidence, Finding, ForeignChange,
    GradientSizes, LagId, LayerRecord, LossSpike, Monitor, NonFiniteNumber, ParameterId, Remedy, Series, Severity,
    Sharpness, Slope, StabilityReport, Symptom, Thresholds, ThroughTime, Trials, WeightShape, effective_rank,
    sharpness, slopes,
};
pub use train::{
    Dataset, EarlyStopping, Epoch, Evaluation, Scaler, Snapshot, StepOutcome, Trainer, TrainerBuilder, evaluate,
};

/// The traits, to be imported together where their methods are called: `use evenkeel::prelude::*`.
pub mod prelude {
    pub use crate::schedule::Schedule;
    pub use crate::{Activation, Float, GradientClipper, Initializer, Layer, Loss, Optimizer};
}

/// The code of the README, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
