//! `AdamW`: Adam with weight decay beside the gradient.

use super::{Adam, Optimizer, Update};
use crate::{Error, Float};

/// Adam with decoupled weight decay: weights shrink by `rate * decay` of themselves, whatever their gradient.
///
/// w <- w - r d w, and then as [`Adam`].
///
/// ```
/// use evenkeel::AdamW;
/// let optimizer = AdamW::new(0.001, 0.01)?;
/// assert!(AdamW::new(0.001, -1.0).is_err());
/// # let _ = optimizer;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019. The decay applies to weights, not to biases and gains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    adam: Adam,
    decay: f64,
}

impl AdamW {
    /// With that learning rate and weight decay, and Adam's other settings.
    ///
    /// # Errors
    /// [`Error::Argument`] where the rate is zero, negative or not finite, or the decay negative or not finite.
    pub fn new(learning_rate: f64, weight_decay: f64) -> Result<Self, Error> {
        Error::positive("AdamW", "learning_rate", learning_rate)?;
        let decay = Error::not_negative("AdamW", "weight_decay", weight_decay)?;
        Ok(Self { adam: Adam::new(learning_rate)?, decay })
    }

    /// How slowly the averages of the gradient and of its square forget.
    ///
    /// # Errors
    /// [`Error::Argument`] where one is not in `[0, 1)`.
    pub fn betas(self, beta1: f64, beta2: f64) -> Result<Self, Error> {
        Error::fraction("AdamW", "beta1", beta1)?;
        Error::fraction("AdamW", "beta2", beta2)?;
        Ok(Self { adam: self.adam.betas(beta1, beta2)?, ..self })
    }

    /// What is added to the denominator.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Error::positive("AdamW", "epsilon", epsilon)?;
        Ok(Self { adam: self.adam.epsilon(epsilon)?, ..self })
    }
}

impl<T: Float> Optimizer<T> for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn rate(&self) -> f64 {
        Optimizer::<T>::rate(&self.adam)
    }

    fn slots(&self) -> usize {
        Optimizer::<T>::slots(&self.adam)
    }

    fn update(&self, update: Update<'_, T>) {
        self.adam.update_decayed(update, self.decay);
    }

    fn epsilon_share(&self, slots: &[T], step: u64) -> Option<f64> {
        self.adam.epsilon_share(slots, step)
    }
}
