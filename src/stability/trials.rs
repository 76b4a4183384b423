//! `Trials`: what is tried beside training, on a few of its steps.

use super::Series;

/// What is tried beside training, on the few steps that are [looked at closely](crate::Monitor::looking_closely). Nothing of it changes the
/// run. A series is empty where nobody tried it.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trials {
    /// How steeply the loss of a batch falls at the start of an update, as a multiple of what the gradient says: 1 where the gradient is
    /// right, -1 where its sign is not. See [`Descent::slope`].
    pub slope: Series,
    /// How much the loss of a batch falls by a whole update, as a multiple of what the gradient says: near 1 for small steps, below 0
    /// where the loss rises. See [`Descent::gain`].
    pub gain: Series,
    /// The loss of a batch [as in use](crate::Mode::Infer), divided by that [in training](crate::Mode::Train).
    pub inferred_to_trained: Series,
    /// The share of entries in which the optimizer divides by its epsilon rather than by the size of the gradient.
    pub by_epsilon: Series,
}

impl Trials {
    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        [&self.slope, &self.gain, &self.inferred_to_trained, &self.by_epsilon].map(Series::heap).iter().sum()
    }
}

/// The loss of one batch along one update: at its start, in its course, and where it ends.
///
/// ```
/// use evenkeel::Descent;
/// // The loss x^2 at x = 1 with its derivative 2, and the update -0.5: it should fall by 1.
/// let loss = |x: f64| x * x;
/// let share = Descent::share(1.0, 1.0);
/// let descent = Descent {
///     before: loss(1.0),
///     after: loss(0.5),
///     early: [loss(1.0 - 0.5 * share / 2.0), loss(1.0 - 0.5 * share)],
///     share,
///     predicted: 1.0,
/// };
/// assert!((descent.slope() - 1.0).abs() < 1e-9); // the derivative is right
/// assert_eq!(descent.gain(), 0.75);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    /// The loss before the update.
    pub before: f64,
    /// The loss after it.
    pub after: f64,
    /// The loss after half of a small share of it, and after that share.
    pub early: [f64; 2],
    /// That share: [`Descent::share`].
    pub share: f64,
    /// By how much the loss should fall by the whole update to first order: minus the product of gradient and update.
    pub predicted: f64,
}

impl Descent {
    /// The largest share of an update that is tried.
    const LARGEST: f64 = 1.0 / 8.0;

    /// By how much of itself the loss should change over that share: so little that a valley of the loss is not crossed.
    const CHANGE: f64 = 0.01;

    /// The share of an update in whose course the loss is to be taken, given the loss before it and what the gradient predicts: an eighth,
    /// or less where the loss would change by more than a hundredth of itself.
    pub fn share(before: f64, predicted: f64) -> f64 {
        Self::LARGEST.min(Self::CHANGE * (before / predicted).abs())
    }

    /// How steeply the loss falls at the start of the update, as a multiple of what the gradient says. What the loss curves by is taken
    /// out: of a loss that is quadratic along the update it is exact.
    pub fn slope(&self) -> f64 {
        let fall = |loss: f64, share: f64| (self.before - loss) / (share * self.predicted);
        2.0 * fall(self.early[0], self.share / 2.0) - fall(self.early[1], self.share)
    }

    /// By how much the loss falls, as a multiple of what the gradient says.
    pub fn gain(&self) -> f64 {
        (self.before - self.after) / self.predicted
    }

    /// Whether the loss is known well enough in numbers with that relative spacing: the smallest change that is looked at must be
    /// a thousand of them.
    pub fn is_measurable(before: f64, predicted: f64, spacing: f64) -> bool {
        const SPACINGS: f64 = 1000.0;
        let change = (predicted * Self::share(before, predicted) / 2.0).abs();
        predicted.is_finite() && before.is_finite() && change > SPACINGS * spacing * before.abs()
    }
}
