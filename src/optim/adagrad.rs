//! `Adagrad`: steps divided by the size of all gradients so far.

use super::{Entry, Optimizer, Rule, Update, largest_root, squarable};
use crate::{Error, Float};

/// Adagrad: the more an entry has moved, the smaller its steps.
///
/// With gradient g, decay d, rate r, the step t counted from 1, and a rate decay of c:
///
/// ```text
/// g <- g + d w          v <- v + g^2          w <- w - r / (1 + (t - 1) c) g / (sqrt(v) + e)
/// ```
///
/// ```
/// use evenkeel::Adagrad;
/// let usual = Adagrad::new(0.01)?; // e = 1e-10, v starts at 0
/// let other = Adagrad::new(0.1)?.rate_decay(1e-3)?.initial_accumulator(0.1)?.epsilon(1e-7)?.weight_decay(1e-4)?;
/// assert!(Adagrad::new(-1.0).is_err());
/// # let _ = (usual, other);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011. As in PyTorch, where
/// c is called `lr_decay`; the decay applies to weights, not to biases and gains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adagrad {
    rate: f64,
    rate_decay: f64,
    initial: f64,
    epsilon: f64,
    decay: f64,
}

impl Adagrad {
    /// With that learning rate and no decay.
    ///
    /// # Errors
    /// [`Error::Argument`] where the rate is zero, negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, Error> {
        let rate = Error::positive("Adagrad", "learning_rate", learning_rate)?;
        Ok(Self { rate, rate_decay: 0.0, initial: 0.0, epsilon: 1e-10, decay: 0.0 })
    }

    /// With a rate that falls with the steps besides: c in the formula.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn rate_decay(self, rate_decay: f64) -> Result<Self, Error> {
        Ok(Self { rate_decay: Error::not_negative("Adagrad", "rate_decay", rate_decay)?, ..self })
    }

    /// With a sum of squares that starts at this number, which keeps the first steps small.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn initial_accumulator(self, initial: f64) -> Result<Self, Error> {
        Ok(Self { initial: Error::not_negative("Adagrad", "initial_accumulator", initial)?, ..self })
    }

    /// What is added to the denominator.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self { epsilon: Error::positive("Adagrad", "epsilon", epsilon)?, ..self })
    }

    /// With weight decay: `weight_decay` times the weight is added to its gradient.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, Error> {
        Ok(Self { decay: Error::not_negative("Adagrad", "weight_decay", weight_decay)?, ..self })
    }
}

impl<T: Float> Optimizer<T> for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self) -> usize {
        1
    }

    fn update(&self, update: Update<'_, T>) {
        let rule = AdagradRule {
            rate: T::of(update.rate / (1.0 + update.step.saturating_sub(1) as f64 * self.rate_decay)),
            // The largest number of T is a limit that no sum of squares passes, and no more may it start beyond.
            initial: T::of(self.initial).min(T::max_value()),
            // Rounded to zero in T it would divide 0 by 0 where there is no gradient.
            epsilon: T::of(self.epsilon).max(T::min_positive_value()),
            decay: T::of(self.decay),
            largest: largest_root(),
        };
        update.apply(rule);
    }
}

/// The rule of one step.
#[derive(Clone, Copy)]
struct AdagradRule<T> {
    rate: T,
    initial: T,
    epsilon: T,
    decay: T,
    /// What gradients are limited to, so that their squares are in T.
    largest: T,
}

impl<T: Float> Rule<T, 1> for AdagradRule<T> {
    #[inline(always)]
    fn change(&self, Entry { weight, gradient, slots: [sum], decays }: Entry<T, 1>) -> (T, [T; 1]) {
        let gradient = squarable(if decays { gradient + self.decay * weight } else { gradient }, self.largest);
        // Slots start at 0: what the sum starts with is added where it is used. Beyond T it stays at the largest number.
        let sum = limited(sum + gradient * gradient);
        let step = self.rate * gradient / (limited(sum + self.initial).sqrt() + self.epsilon);
        (-step, [sum])
    }
}

/// The number, or the largest where it is infinite; a NaN stays.
#[inline(always)]
fn limited<T: Float>(number: T) -> T {
    if number > T::max_value() { T::max_value() } else { number }
}
