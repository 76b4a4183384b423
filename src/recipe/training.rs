//! `Training`: how a recipe trains.

use super::RecipeError;
use super::fields::{Fields, Read, one_of};
use super::tree::{Node, Table, Value};
use crate::{Adagrad, Adam, AdamW, ByValue, Error, GlobalNorm, GradientClipper, Optimizer, PerLayerNorm, RmsProp, Sgd};

/// How a recipe trains: the loss, in batches of how many rows, for how long, by which optimizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// The loss, on what the last layer gives.
    pub loss: LossKind,
    /// A penalty on the weights: this many times the sum of their squares is added to the loss.
    pub l2: f64,
    /// How many rows a batch has.
    pub batch: usize,
    /// How many times all rows are seen.
    pub epochs: u64,
    /// What turns gradients into updates.
    pub optimizer: OptimizerKind,
    /// What limits the gradients.
    pub clip: Option<ClipKind>,
}

/// A loss, on what the last layer gives.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Mean squared error.
    MeanSquared,
    /// Mean absolute error.
    MeanAbsolute,
    /// Huber loss, squared up to a distance of 1.
    Huber,
    /// Poisson loss of rates.
    Poisson,
    /// Cross-entropy of each probability on its own.
    BinaryCrossEntropy,
    /// Cross-entropy of the probabilities of a row.
    CategoricalCrossEntropy,
    /// Cross-entropy of each logit on its own.
    SigmoidCrossEntropy,
    /// Cross-entropy of the logits of a row.
    SoftmaxCrossEntropy,
    /// Squared errors, summed over the batch.
    SumSquared,
}

impl LossKind {
    const NAMES: [(&'static str, Self); 9] = [
        ("mse", Self::MeanSquared),
        ("mae", Self::MeanAbsolute),
        ("huber", Self::Huber),
        ("poisson", Self::Poisson),
        ("binary_cross_entropy", Self::BinaryCrossEntropy),
        ("categorical_cross_entropy", Self::CategoricalCrossEntropy),
        ("sigmoid_cross_entropy", Self::SigmoidCrossEntropy),
        ("softmax_cross_entropy", Self::SoftmaxCrossEntropy),
        ("sum_squared_error", Self::SumSquared),
    ];

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, loss)| loss == self).map_or("", |(name, _)| name)
    }

    /// Whether it takes what the last layer gives as logits.
    pub fn takes_logits(&self) -> bool {
        matches!(self, Self::SigmoidCrossEntropy | Self::SoftmaxCrossEntropy)
    }
}

/// An optimizer, described.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerKind {
    /// Stochastic gradient descent.
    Sgd {
        /// The learning rate.
        learning_rate: f64,
        /// The momentum.
        momentum: f64,
        /// Whether it looks ahead.
        nesterov: bool,
        /// How fast the rate falls: it is divided by 1 + decay * step.
        decay: f64,
    },
    /// Adam.
    Adam {
        /// The learning rate.
        learning_rate: f64,
        /// How slowly the average of the gradient forgets.
        beta1: f64,
        /// How slowly the average of its square forgets.
        beta2: f64,
        /// What is added to the denominator.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay.
    AdamW {
        /// The learning rate.
        learning_rate: f64,
        /// The weight decay.
        weight_decay: f64,
    },
    /// RMSprop.
    RmsProp {
        /// The learning rate.
        learning_rate: f64,
        /// How slowly the average of the squares forgets.
        rho: f64,
        /// What is added to the denominator.
        epsilon: f64,
    },
    /// Adagrad.
    Adagrad {
        /// The learning rate.
        learning_rate: f64,
    },
}

/// What an adaptive optimizer adds to its denominator unless told otherwise: as in Keras.
const EPSILON: f64 = 1e-7;

impl OptimizerKind {
    /// Stochastic gradient descent, plain.
    pub fn sgd(learning_rate: f64) -> Self {
        Self::Sgd { learning_rate, momentum: 0.0, nesterov: false, decay: 0.0 }
    }

    /// Adam with the usual settings.
    pub fn adam(learning_rate: f64) -> Self {
        Self::Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: EPSILON }
    }

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
            Self::RmsProp { .. } => "rmsprop",
            Self::Adagrad { .. } => "adagrad",
        }
    }

    /// Its learning rate.
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Sgd { learning_rate, .. }
            | Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. }
            | Self::RmsProp { learning_rate, .. }
            | Self::Adagrad { learning_rate } => learning_rate,
        }
    }

    /// The same at another learning rate.
    pub fn with_rate(mut self, rate: f64) -> Self {
        match &mut self {
            Self::Sgd { learning_rate, .. }
            | Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. }
            | Self::RmsProp { learning_rate, .. }
            | Self::Adagrad { learning_rate } => *learning_rate = rate,
        }
        self
    }

    /// Whether it divides each gradient by its own recent size, so that the rate is about how far a weight moves in a step.
    pub fn adapts(&self) -> bool {
        !matches!(self, Self::Sgd { .. })
    }

    /// How much the rate falls per step: 0 for most.
    pub(super) fn decay(&self) -> f64 {
        if let Self::Sgd { decay, .. } = *self { decay } else { 0.0 }
    }

    /// The optimizer it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<Box<dyn Optimizer<f32>>, Error> {
        Ok(match *self {
            Self::Sgd { learning_rate, momentum, nesterov, decay } => {
                Error::not_negative("Sgd", "decay", decay)?;
                let sgd = Sgd::new(learning_rate)?.momentum(momentum)?;
                Box::new(if nesterov { sgd.nesterov() } else { sgd })
            }
            Self::Adam { learning_rate, beta1, beta2, epsilon } => {
                Box::new(Adam::new(learning_rate)?.betas(beta1, beta2)?.epsilon(epsilon)?)
            }
            Self::AdamW { learning_rate, weight_decay } => {
                Box::new(AdamW::new(learning_rate, weight_decay)?.epsilon(EPSILON)?)
            }
            Self::RmsProp { learning_rate, rho, epsilon } => {
                Box::new(RmsProp::new(learning_rate)?.alpha(rho)?.epsilon(epsilon)?)
            }
            Self::Adagrad { learning_rate } => Box::new(Adagrad::new(learning_rate)?.epsilon(EPSILON)?),
        })
    }
}

/// A clipper, described.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClipKind {
    /// [`GlobalNorm`].
    GlobalNorm {
        /// The limit.
        max: f64,
    },
    /// [`PerLayerNorm`].
    PerLayerNorm {
        /// The limit.
        max: f64,
    },
    /// [`ByValue`].
    Value {
        /// The limit.
        max: f64,
    },
}

impl ClipKind {
    /// Its name in a recipe, and its limit.
    fn parts(&self) -> (&'static str, f64) {
        match *self {
            Self::GlobalNorm { max } => ("global_norm", max),
            Self::PerLayerNorm { max } => ("per_layer_norm", max),
            Self::Value { max } => ("value", max),
        }
    }

    /// The clipper it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses the limit.
    pub fn build(&self) -> Result<Box<dyn GradientClipper<f32>>, Error> {
        Ok(match *self {
            Self::GlobalNorm { max } => Box::new(GlobalNorm::new(max)?),
            Self::PerLayerNorm { max } => Box::new(PerLayerNorm::new(max)?),
            Self::Value { max } => Box::new(ByValue::new(max)?),
        })
    }
}

impl Read for OptimizerKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let mut fields = Fields::of(node, key)?;
        let kinds = [
            ("sgd", Self::sgd(0.01)),
            ("adam", Self::adam(0.001)),
            ("adamw", Self::AdamW { learning_rate: 0.001, weight_decay: 0.01 }),
            ("rmsprop", Self::RmsProp { learning_rate: 0.001, rho: 0.9, epsilon: EPSILON }),
            ("adagrad", Self::Adagrad { learning_rate: 0.001 }),
        ];
        let kind = fields.kind(&kinds)?;
        let mut optimizer = kind.with_rate(fields.or("learning_rate", kind.learning_rate())?);
        match &mut optimizer {
            Self::Sgd { momentum, nesterov, decay, .. } => {
                *momentum = fields.or("momentum", *momentum)?;
                *nesterov = fields.or("nesterov", *nesterov)?;
                *decay = fields.or("decay", *decay)?;
            }
            Self::Adam { beta1, beta2, epsilon, .. } => {
                *beta1 = fields.or("beta1", *beta1)?;
                *beta2 = fields.or("beta2", *beta2)?;
                *epsilon = fields.or("epsilon", *epsilon)?;
            }
            Self::AdamW { weight_decay, .. } => *weight_decay = fields.or("weight_decay", *weight_decay)?,
            Self::RmsProp { rho, epsilon, .. } => {
                *rho = fields.or("rho", *rho)?;
                *epsilon = fields.or("epsilon", *epsilon)?;
            }
            Self::Adagrad { .. } => {}
        }
        optimizer.build().map_err(|error| fields.refused(error))?;
        fields.finish()?;
        Ok(optimizer)
    }
}

impl Read for ClipKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let mut fields = Fields::of(node, key)?;
        let kinds = [
            ("global_norm", Self::GlobalNorm { max: 0.0 }),
            ("per_layer_norm", Self::PerLayerNorm { max: 0.0 }),
            ("value", Self::Value { max: 0.0 }),
        ];
        let mut clip = fields.kind(&kinds)?;
        let (Self::GlobalNorm { max } | Self::PerLayerNorm { max } | Self::Value { max }) = &mut clip;
        *max = fields.required("max")?;
        clip.build().map_err(|error| fields.refused(error))?;
        fields.finish()?;
        Ok(clip)
    }
}

impl Read for Training {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let mut fields = Fields::of(node, key)?;
        let path = fields.path("loss");
        let loss = match fields.node("loss") {
            Some(node) => one_of(node, &path, &LossKind::NAMES)?,
            None => return Err(RecipeError::MissingKey { key: path, line: node.line }),
        };
        let training = Self {
            loss,
            l2: fields.or("l2", 0.0)?,
            batch: fields.required("batch")?,
            epochs: fields.required("epochs")?,
            optimizer: fields.required("optimizer")?,
            clip: fields.optional("clip")?,
        };
        if !(training.l2.is_finite() && training.l2 >= 0.0) {
            return Err(fields.refuse("l2", "finite and not below 0"));
        }
        if training.batch == 0 {
            return Err(fields.refuse("batch", "at least 1"));
        }
        if training.epochs == 0 {
            return Err(fields.refuse("epochs", "at least 1"));
        }
        fields.finish()?;
        Ok(training)
    }
}

impl From<OptimizerKind> for Value {
    fn from(optimizer: OptimizerKind) -> Self {
        let table = Table::of_kind(optimizer.name()).with("learning_rate", optimizer.learning_rate());
        Self::from(match optimizer {
            OptimizerKind::Sgd { momentum, nesterov, decay, .. } => {
                table.unless(0.0, "momentum", momentum).unless(false, "nesterov", nesterov).unless(0.0, "decay", decay)
            }
            OptimizerKind::Adam { beta1, beta2, epsilon, .. } => {
                table.unless(0.9, "beta1", beta1).unless(0.999, "beta2", beta2).unless(EPSILON, "epsilon", epsilon)
            }
            OptimizerKind::AdamW { weight_decay, .. } => table.with("weight_decay", weight_decay),
            OptimizerKind::RmsProp { rho, epsilon, .. } => {
                table.unless(0.9, "rho", rho).unless(EPSILON, "epsilon", epsilon)
            }
            OptimizerKind::Adagrad { .. } => table,
        })
    }
}

impl From<ClipKind> for Value {
    fn from(clip: ClipKind) -> Self {
        let (kind, max) = clip.parts();
        Table::of_kind(kind).with("max", max).into()
    }
}

impl From<&Training> for Value {
    fn from(training: &Training) -> Self {
        Table::default()
            .with("loss", training.loss.name())
            .unless(0.0, "l2", training.l2)
            .with("batch", training.batch)
            .with("epochs", training.epochs)
            // Written inside the table, not under a heading of its own.
            .with("optimizer", training.optimizer)
            .maybe("clip", training.clip)
            .into()
    }
}
