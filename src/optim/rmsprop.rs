//! `RmsProp`: steps divided by the recent size of each gradient.

use super::{Entry, Optimizer, Rule, Update, faded, largest_root, share_below, squarable};
use crate::{Error, Float};

/// RMSprop: every entry moves by the learning rate times its gradient over the recent size of it.
///
/// With gradient g, decay d, rate r, momentum n, and a the share that is kept of an average:
///
/// ```text
/// g <- g + d w          v <- a v + (1 - a) g^2          s = sqrt(v) + e          w <- w - r g / s
/// centered:   m <- a m + (1 - a) g          s = sqrt(v - m^2) + e
/// momentum:   b <- n b + g / s              w <- w - r b
/// ```
///
/// ```
/// use evenkeel::RmsProp;
/// let usual = RmsProp::new(0.01)?; // a = 0.99, e = 1e-8
/// let other = RmsProp::new(0.001)?.alpha(0.9)?.epsilon(1e-7)?.momentum(0.9)?.centered().weight_decay(1e-4)?;
/// assert!(RmsProp::new(0.01)?.alpha(1.0).is_err());
/// # let _ = (usual, other);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012; centered: Graves, "Generating sequences with
/// recurrent neural networks", 2013. As in PyTorch; the decay applies to weights, not to biases and gains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    rate: f64,
    alpha: f64,
    epsilon: f64,
    momentum: f64,
    centered: bool,
    decay: f64,
}

impl RmsProp {
    /// With that learning rate, and neither momentum nor decay.
    ///
    /// # Errors
    /// [`Error::Argument`] where the rate is zero, negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, Error> {
        let rate = Error::positive("RmsProp", "learning_rate", learning_rate)?;
        Ok(Self { rate, alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false, decay: 0.0 })
    }

    /// How slowly the average of the squares forgets.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not in `[0, 1)`.
    pub fn alpha(self, alpha: f64) -> Result<Self, Error> {
        Ok(Self { alpha: Error::fraction("RmsProp", "alpha", alpha)?, ..self })
    }

    /// What is added to the denominator.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self { epsilon: Error::positive("RmsProp", "epsilon", epsilon)?, ..self })
    }

    /// With that momentum.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not in `[0, 1)`.
    pub fn momentum(self, momentum: f64) -> Result<Self, Error> {
        Ok(Self { momentum: Error::fraction("RmsProp", "momentum", momentum)?, ..self })
    }

    /// Divides by the recent spread of the gradient around its mean, not by its size.
    pub fn centered(self) -> Self {
        Self { centered: true, ..self }
    }

    /// With weight decay: `weight_decay` times the weight is added to its gradient.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, Error> {
        Ok(Self { decay: Error::not_negative("RmsProp", "weight_decay", weight_decay)?, ..self })
    }

    fn rule<T: Float, const CENTERED: bool, const HEAVY: bool>(&self, rate: f64) -> RmsRule<T, CENTERED, HEAVY> {
        RmsRule {
            rate: T::of(rate),
            keep: T::of(self.alpha),
            take: T::of(1.0 - self.alpha),
            // Rounded to zero in T it would divide 0 by 0 where there is no gradient.
            epsilon: T::of(self.epsilon).max(T::min_positive_value()),
            momentum: T::of(self.momentum),
            decay: T::of(self.decay),
            largest: largest_root(),
        }
    }
}

impl<T: Float> Optimizer<T> for RmsProp {
    fn name(&self) -> &'static str {
        // What the second slot holds differs, so the state of one is not that of the other.
        if self.centered { "rmsprop_centered" } else { "rmsprop" }
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self) -> usize {
        1 + usize::from(self.centered) + usize::from(self.momentum > 0.0)
    }

    fn update(&self, update: Update<'_, T>) {
        let rate = update.rate;
        match (self.centered, self.momentum > 0.0) {
            (false, false) => update.apply::<1>(self.rule::<T, false, false>(rate)),
            (false, true) => update.apply::<2>(self.rule::<T, false, true>(rate)),
            (true, false) => update.apply::<2>(self.rule::<T, true, false>(rate)),
            (true, true) => update.apply::<3>(self.rule::<T, true, true>(rate)),
        }
    }

    fn epsilon_share(&self, slots: &[T], _: u64) -> Option<f64> {
        // The mean squares come first. Where the mean is taken off them the spread is smaller still.
        let squares = &slots[..slots.len() / Optimizer::<T>::slots(self)];
        share_below(squares, self.epsilon * self.epsilon)
    }
}

/// The rule of one step. It remembers the mean square, where `CENTERED` the mean behind it, and where `HEAVY` the velocity last.
#[derive(Clone, Copy)]
struct RmsRule<T, const CENTERED: bool, const HEAVY: bool> {
    rate: T,
    keep: T,
    take: T,
    epsilon: T,
    momentum: T,
    decay: T,
    /// What gradients are limited to, so that their squares are in T.
    largest: T,
}

impl<T: Float, const CENTERED: bool, const HEAVY: bool, const SLOTS: usize> Rule<T, SLOTS>
    for RmsRule<T, CENTERED, HEAVY>
{
    #[inline(always)]
    fn change(&self, Entry { weight, gradient, mut slots, decays }: Entry<T, SLOTS>) -> (T, [T; SLOTS]) {
        let gradient = if decays { gradient + self.decay * weight } else { gradient };
        let gradient = squarable(gradient, self.largest);
        let square = faded(self.keep * slots[0] + self.take * gradient * gradient);
        // An infinite average would never come down again.
        slots[0] = if square > T::max_value() { T::max_value() } else { square };
        let mut variance = slots[0];
        if CENTERED {
            slots[1] = faded(self.keep * slots[1] + self.take * gradient);
            variance -= slots[1] * slots[1];
            // Rounding may take a spread of nothing below it.
            variance = if variance < T::zero() { T::zero() } else { variance };
        }
        let scaled = gradient / (variance.sqrt() + self.epsilon);
        if !HEAVY {
            return (-self.rate * scaled, slots);
        }
        let velocity = faded(self.momentum * slots[SLOTS - 1] + scaled);
        slots[SLOTS - 1] = velocity;
        (-self.rate * velocity, slots)
    }
}
