//! `Sgd`: stochastic gradient descent.

use super::{Entry, Optimizer, Rule, Update, faded};
use crate::{Error, Float};

/// Stochastic gradient descent, with momentum, Nesterov's look-ahead and weight decay where wanted.
///
/// With gradient g, momentum m, decay d and rate r:
///
/// ```text
/// g <- g + d w          v <- m v + g          w <- w - r v          (Nesterov: w <- w - r (g + m v))
/// ```
///
/// ```
/// use evenkeel::Sgd;
/// let plain = Sgd::new(0.1)?;
/// let heavy = Sgd::new(0.01)?.momentum(0.9)?.nesterov().weight_decay(1e-4)?;
/// assert!(Sgd::new(f64::NAN).is_err());
/// # let _ = (plain, heavy);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// As in PyTorch, with no dampening; the decay applies to weights, not to biases and gains. Momentum: Polyak, 1964; Nesterov's form:
/// Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", 2013.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    decay: f64,
}

impl Sgd {
    /// Plain gradient descent at that learning rate.
    ///
    /// # Errors
    /// [`Error::Argument`] where the rate is zero, negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, Error> {
        let rate = Error::positive("Sgd", "learning_rate", learning_rate)?;
        Ok(Self { rate, momentum: 0.0, nesterov: false, decay: 0.0 })
    }

    /// With that momentum.
    ///
    /// # Errors
    /// [`Error::Argument`] where `momentum` is not in `[0, 1)`.
    pub fn momentum(self, momentum: f64) -> Result<Self, Error> {
        Ok(Self { momentum: Error::fraction("Sgd", "momentum", momentum)?, ..self })
    }

    /// With Nesterov's look-ahead; it does nothing without momentum.
    pub fn nesterov(self) -> Self {
        Self { nesterov: true, ..self }
    }

    /// With weight decay: `weight_decay` times the weight is added to its gradient.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, Error> {
        Ok(Self { decay: Error::not_negative("Sgd", "weight_decay", weight_decay)?, ..self })
    }
}

impl<T: Float> Optimizer<T> for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    fn update(&self, update: Update<'_, T>) {
        let (rate, momentum, decay) = (T::of(update.rate), T::of(self.momentum), T::of(self.decay));
        let plain = Plain { rate, decay };
        if self.momentum == 0.0 {
            return update.apply(plain);
        }
        if self.nesterov {
            return update.apply(Heavy::<T, true> { plain, momentum });
        }
        update.apply(Heavy::<T, false> { plain, momentum });
    }
}

/// The rule without momentum.
#[derive(Clone, Copy)]
struct Plain<T> {
    rate: T,
    decay: T,
}

impl<T: Float> Plain<T> {
    #[inline(always)]
    fn decayed(&self, weight: T, gradient: T, decays: bool) -> T {
        if decays { gradient + self.decay * weight } else { gradient }
    }
}

impl<T: Float> Rule<T, 0> for Plain<T> {
    #[inline(always)]
    fn change(&self, Entry { weight, gradient, decays, .. }: Entry<T, 0>) -> (T, [T; 0]) {
        (-self.rate * self.decayed(weight, gradient, decays), [])
    }
}

/// The rule with momentum, which remembers the velocity.
#[derive(Clone, Copy)]
struct Heavy<T, const NESTEROV: bool> {
    plain: Plain<T>,
    momentum: T,
}

impl<T: Float, const NESTEROV: bool> Rule<T, 1> for Heavy<T, NESTEROV> {
    #[inline(always)]
    fn change(&self, Entry { weight, gradient, slots: [velocity], decays }: Entry<T, 1>) -> (T, [T; 1]) {
        let gradient = self.plain.decayed(weight, gradient, decays);
        let velocity = faded(self.momentum * velocity + gradient);
        let ahead = if NESTEROV { gradient + self.momentum * velocity } else { velocity };
        (-self.plain.rate * ahead, [velocity])
    }
}
