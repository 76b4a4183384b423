//! `Adam`: steps scaled by the recent size of each gradient.

use super::{Entry, Optimizer, Rule, Update, faded, largest_root, share_below, squarable};
use crate::{Error, Float};

/// Adam: every entry moves by about the learning rate, whatever the size of its gradient.
///
/// ```text
/// m <- b1 m + (1 - b1) g          v <- b2 v + (1 - b2) g^2
/// w <- w - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + e)
/// ```
///
/// ```
/// use evenkeel::Adam;
/// let usual = Adam::new(0.001)?; // b1 = 0.9, b2 = 0.999, e = 1e-8
/// let slow = Adam::new(0.001)?.betas(0.95, 0.9999)?.epsilon(1e-6)?;
/// # let _ = (usual, slow);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Kingma and Ba, "Adam: a method for stochastic optimization", 2015. For weight decay see [`AdamW`](crate::AdamW).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl Adam {
    /// With that learning rate and the paper's other settings.
    ///
    /// # Errors
    /// [`Error::Argument`] where the rate is zero, negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, Error> {
        let rate = Error::positive("Adam", "learning_rate", learning_rate)?;
        Ok(Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })
    }

    /// How slowly the averages of the gradient and of its square forget.
    ///
    /// # Errors
    /// [`Error::Argument`] where one is not in `[0, 1)`.
    pub fn betas(self, beta1: f64, beta2: f64) -> Result<Self, Error> {
        let beta1 = Error::fraction("Adam", "beta1", beta1)?;
        Ok(Self { beta1, beta2: Error::fraction("Adam", "beta2", beta2)?, ..self })
    }

    /// What is added to the denominator.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is zero, negative or not finite.
    pub fn epsilon(self, epsilon: f64) -> Result<Self, Error> {
        Ok(Self { epsilon: Error::positive("Adam", "epsilon", epsilon)?, ..self })
    }

    /// One update, in which a weight that decays loses `decay` times the rate of itself first.
    pub(super) fn update_decayed<T: Float>(&self, update: Update<'_, T>, decay: f64) {
        // A step beyond i32 has a correction of 1 long since.
        let step = i32::try_from(update.step).unwrap_or(i32::MAX);
        let correct1 = 1.0 - self.beta1.powi(step);
        let correct2 = 1.0 - self.beta2.powi(step);
        let rule = AdamRule {
            rate: T::of(update.rate / correct1),
            root: T::of(1.0 / correct2.sqrt()),
            shrink: T::of(update.rate * decay),
            keep1: T::of(self.beta1),
            keep2: T::of(self.beta2),
            take1: T::of(1.0 - self.beta1),
            take2: T::of(1.0 - self.beta2),
            // Rounded to zero in T it would divide 0 by 0 where there is no gradient.
            epsilon: T::of(self.epsilon).max(T::min_positive_value()),
            largest: largest_root(),
        };
        update.apply(rule);
    }
}

/// The rule of one step: what does not depend on the entry is computed once.
#[derive(Clone, Copy)]
struct AdamRule<T> {
    rate: T,
    root: T,
    shrink: T,
    keep1: T,
    keep2: T,
    take1: T,
    take2: T,
    epsilon: T,
    /// What gradients are limited to, so that their squares are in T: an infinite average would never come down again.
    largest: T,
}

impl<T: Float> Rule<T, 2> for AdamRule<T> {
    #[inline(always)]
    fn change(&self, Entry { weight, gradient, slots: [mean, square], decays }: Entry<T, 2>) -> (T, [T; 2]) {
        let gradient = squarable(gradient, self.largest);
        let mean = faded(self.keep1 * mean + self.take1 * gradient);
        let square = faded(self.keep2 * square + self.take2 * gradient * gradient);
        let step = self.rate * mean / (square.sqrt() * self.root + self.epsilon);
        (if decays { -self.shrink * weight - step } else { -step }, [mean, square])
    }
}

impl<T: Float> Optimizer<T> for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self) -> usize {
        2
    }

    fn update(&self, update: Update<'_, T>) {
        self.update_decayed(update, 0.0);
    }

    fn epsilon_share(&self, slots: &[T], step: u64) -> Option<f64> {
        // The means, then the squares.
        let squares = &slots[slots.len() / 2..];
        let correct = 1.0 - self.beta2.powi(i32::try_from(step).unwrap_or(i32::MAX));
        share_below(squares, self.epsilon * self.epsilon * correct)
    }
}
