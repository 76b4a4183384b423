//! evenkeel
#![deny(missing_docs, unsafe_code)]
#![warn(unreachable_pub)]

mod arena;
pub mod check;
mod clip;
mod error;
mod float;
mod init;
mod layer;
mod linalg;
mod loss;
mod network;
mod optim;
mod random;
mod rows;
mod stability;
mod train;

pub use arena::{Fans, Gradients, Layout, Param, Place, Role, Slot};
pub use clip::{ByValue, Clipped, GlobalNorm, GradientClipper, NonFinite, PerLayerNorm, Verdict};
pub use error::Error;
pub use float::Float;
pub use init::{
    Constant, FanMode, He, InitMoments, Initializer, LeCun, Normal, Uniform, UnitUniform, VarianceScaling, Xavier,
    Zeros,
};
pub use layer::{
    Activation, Elu, Exponential, Gelu, HardSigmoid, Identity, Layer, LeakyRelu, Linear, Mish, Mode, Pass, Plan, Relu,
    Selu, Sigmoid, Silu, Softmax, Softplus, Softsign, Tanh,
};
pub use loss::{Huber, Loss, MeanAbsolute, MeanSquared, SigmoidCrossEntropy, SoftmaxCrossEntropy, Targets};
pub use network::{MEMORY_LIMIT, Network, NetworkBuilder, OptimizerState, Watched, Workspace};
pub use optim::{Adam, AdamW, Optimizer, Sgd, Update, schedule};
pub use random::Generator;
pub use rows::{Rows, RowsMut};
pub use stability::{
    ActivationId, Bin, Bounds, Cause, Clipping, Evidence, Finding, LayerRecord, Monitor, NonFiniteNumber, ParameterId,
    Remedy, Series, Severity, StabilityReport, Symptom, Thresholds, WeightShape,
};
pub use train::{
    Dataset, EarlyStopping, Epoch, Evaluation, Scaler, Snapshot, StepOutcome, Trainer, TrainerBuilder, evaluate,
};
