//! `OptimizerKind`: an optimizer, described.

use super::RecipeError;
use super::fields::{Fields, Read};
use super::tree::{Node, Table, Value};
use crate::{Adagrad, Adam, AdamW, Error, Optimizer, RmsProp, Sgd};

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
        /// How slowly the average of the gradient forgets.
        beta1: f64,
        /// How slowly the average of its square forgets.
        beta2: f64,
        /// What is added to the denominator.
        epsilon: f64,
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

impl OptimizerKind {
    /// What an adaptive optimizer adds to its denominator unless told otherwise: as in Keras.
    pub(super) const EPSILON: f64 = 1e-7;

    /// What it adds to its denominator, where that can be told.
    pub(super) fn epsilon(&self) -> Option<f64> {
        match *self {
            Self::Adam { epsilon, .. } | Self::AdamW { epsilon, .. } | Self::RmsProp { epsilon, .. } => Some(epsilon),
            _ => None,
        }
    }

    /// Stochastic gradient descent, plain.
    pub fn sgd(learning_rate: f64) -> Self {
        Self::Sgd { learning_rate, momentum: 0.0, nesterov: false, decay: 0.0 }
    }

    /// Adam with the usual settings.
    pub fn adam(learning_rate: f64) -> Self {
        Self::Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: Self::EPSILON }
    }

    /// Adam with decoupled weight decay, and the usual settings.
    pub fn adamw(learning_rate: f64, weight_decay: f64) -> Self {
        Self::AdamW { learning_rate, weight_decay, beta1: 0.9, beta2: 0.999, epsilon: Self::EPSILON }
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

    /// The same with a rate that does not fall.
    pub(super) fn without_decay(mut self) -> Self {
        if let Self::Sgd { decay, .. } = &mut self {
            *decay = 0.0;
        }
        self
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
            Self::AdamW { learning_rate, weight_decay, beta1, beta2, epsilon } => {
                Box::new(AdamW::new(learning_rate, weight_decay)?.betas(beta1, beta2)?.epsilon(epsilon)?)
            }
            Self::RmsProp { learning_rate, rho, epsilon } => {
                Box::new(RmsProp::new(learning_rate)?.alpha(rho)?.epsilon(epsilon)?)
            }
            Self::Adagrad { learning_rate } => Box::new(Adagrad::new(learning_rate)?.epsilon(Self::EPSILON)?),
        })
    }
}

impl Read for OptimizerKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        let kinds = [
            ("sgd", Self::sgd(0.01)),
            ("adam", Self::adam(0.001)),
            ("adamw", Self::adamw(0.001, 0.01)),
            ("rmsprop", Self::RmsProp { learning_rate: 0.001, rho: 0.9, epsilon: Self::EPSILON }),
            ("adagrad", Self::Adagrad { learning_rate: 0.001 }),
        ];
        let kind = fields.kind(&kinds)?;
        fields.only(match kind {
            Self::Sgd { .. } => &["kind", "learning_rate", "momentum", "nesterov", "decay"],
            Self::Adam { .. } => &["kind", "learning_rate", "beta1", "beta2", "epsilon"],
            Self::AdamW { .. } => &["kind", "learning_rate", "weight_decay", "beta1", "beta2", "epsilon"],
            Self::RmsProp { .. } => &["kind", "learning_rate", "rho", "epsilon"],
            Self::Adagrad { .. } => &["kind", "learning_rate"],
        })?;
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
            Self::AdamW { weight_decay, beta1, beta2, epsilon, .. } => {
                *weight_decay = fields.or("weight_decay", *weight_decay)?;
                *beta1 = fields.or("beta1", *beta1)?;
                *beta2 = fields.or("beta2", *beta2)?;
                *epsilon = fields.or("epsilon", *epsilon)?;
            }
            Self::RmsProp { rho, epsilon, .. } => {
                *rho = fields.or("rho", *rho)?;
                *epsilon = fields.or("epsilon", *epsilon)?;
            }
            Self::Adagrad { .. } => {}
        }
        optimizer.build().map_err(|error| fields.refused(error))?;
        Ok(optimizer)
    }
}

impl From<OptimizerKind> for Value {
    fn from(optimizer: OptimizerKind) -> Self {
        let table = Table::of_kind(optimizer.name()).with("learning_rate", optimizer.learning_rate());
        Self::from(match optimizer {
            OptimizerKind::Sgd { momentum, nesterov, decay, .. } => {
                table.unless(0.0, "momentum", momentum).unless(false, "nesterov", nesterov).unless(0.0, "decay", decay)
            }
            OptimizerKind::Adam { beta1, beta2, epsilon, .. } => table
                .unless(0.9, "beta1", beta1)
                .unless(0.999, "beta2", beta2)
                .unless(OptimizerKind::EPSILON, "epsilon", epsilon),
            OptimizerKind::AdamW { weight_decay, beta1, beta2, epsilon, .. } => table
                .with("weight_decay", weight_decay)
                .unless(0.9, "beta1", beta1)
                .unless(0.999, "beta2", beta2)
                .unless(OptimizerKind::EPSILON, "epsilon", epsilon),
            OptimizerKind::RmsProp { rho, epsilon, .. } => {
                table.unless(0.9, "rho", rho).unless(OptimizerKind::EPSILON, "epsilon", epsilon)
            }
            OptimizerKind::Adagrad { .. } => table,
        })
    }
}
