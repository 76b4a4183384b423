//! `ReduceOnPlateau`: a cut whenever the loss has stopped falling.

use crate::Error;

/// Multiplies the rate by `factor` when the loss has not improved for more than `patience` epochs.
///
/// ```text
/// better:   loss < best - threshold |best|, or with an absolute threshold loss < best - threshold
/// bad:      epochs in a row that were not better, those of a cooldown left out
/// bad > patience:   factor of the rate <- max(factor of the rate * factor, floor); the cooldown begins, and bad is 0
/// ```
///
/// Not a [`Schedule`](super::Schedule), since it depends on the losses: a trainer takes it by
/// [`reduce_on_plateau`](crate::TrainerBuilder::reduce_on_plateau), beside its schedule; in a loop of one's own:
///
/// ```
/// use evenkeel::schedule::{Plateau, ReduceOnPlateau};
/// let reduce = ReduceOnPlateau::new(0.5, 2)?.cooldown(1).floor(0.01)?;
/// let mut plateau = Plateau::default();
/// let factors = [1.0, 0.8, 0.8, 0.9, 0.8, 0.7].map(|loss| {
///     reduce.judge(&mut plateau, loss);
///     plateau.factor() // of the rate of the next epoch
/// });
/// assert_eq!(factors, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]); // the third epoch that is not better than 0.8 is one too many
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// As PyTorch's `ReduceLROnPlateau`, whose `min_lr` is `floor` times the rate, with two differences: a rate is reduced however small it
/// is (there, not by less than 1e-8), and with a relative threshold a loss below zero has to fall too (there, it may rise a little).
/// A loss that is NaN is never better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReduceOnPlateau {
    factor: f64,
    patience: u64,
    threshold: Threshold,
    cooldown: u64,
    floor: f64,
}

/// By how much a loss must fall to count as better.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    Relative(f64),
    Absolute(f64),
}

/// What a [`ReduceOnPlateau`] remembers of a run: plain numbers, to be copied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    best: f64,
    bad: u64,
    /// How many epochs of the cooldown are left.
    cooldown: u64,
    factor: f64,
}

impl ReduceOnPlateau {
    /// By that factor after more than `patience` epochs that are not better; better is what is lower by one part in 10,000.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `factor` is above 0 and below 1.
    pub fn new(factor: f64, patience: u64) -> Result<Self, Error> {
        let fine = factor > 0.0 && factor < 1.0;
        let factor = Error::require(fine, "ReduceOnPlateau", "factor", factor, "above 0 and below 1")?;
        Ok(Self { factor, patience, threshold: Threshold::Relative(1e-4), cooldown: 0, floor: 0.0 })
    }

    /// Counts as better only what is lower by more than this share of the best loss.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not in `[0, 1)`.
    pub fn relative(self, threshold: f64) -> Result<Self, Error> {
        let threshold = Error::fraction("ReduceOnPlateau", "relative", threshold)?;
        Ok(Self { threshold: Threshold::Relative(threshold), ..self })
    }

    /// Counts as better only what is lower by more than this.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn absolute(self, threshold: f64) -> Result<Self, Error> {
        let threshold = Error::not_negative("ReduceOnPlateau", "absolute", threshold)?;
        Ok(Self { threshold: Threshold::Absolute(threshold), ..self })
    }

    /// With that many epochs after a cut that do not count as bad.
    pub fn cooldown(self, epochs: u64) -> Self {
        Self { cooldown: epochs, ..self }
    }

    /// Down to that share of the rate and no further.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not in `[0, 1)`.
    pub fn floor(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: Error::fraction("ReduceOnPlateau", "floor", floor)?, ..self })
    }

    /// Takes the loss of one more epoch, and reduces the factor of the rate where it is time to.
    pub fn judge(&self, plateau: &mut Plateau, loss: f64) {
        let needed = match (plateau.best, self.threshold) {
            // Before the first loss anything finite will do.
            (best, _) if best.is_infinite() => best,
            (best, Threshold::Relative(threshold)) => best - threshold * best.abs(),
            (best, Threshold::Absolute(threshold)) => best - threshold,
        };
        if loss < needed {
            (plateau.best, plateau.bad) = (loss, 0);
        } else {
            plateau.bad = plateau.bad.saturating_add(1);
        }
        if plateau.cooldown > 0 {
            (plateau.cooldown, plateau.bad) = (plateau.cooldown - 1, 0);
        }
        if plateau.bad > self.patience {
            // A floor that is raised later does not raise the factor.
            let reduced = (plateau.factor * self.factor).max(self.floor).min(plateau.factor);
            *plateau = Plateau { bad: 0, cooldown: self.cooldown, factor: reduced, ..*plateau };
        }
    }
}

impl Default for Plateau {
    /// Of a run that has not begun.
    fn default() -> Self {
        Self { best: f64::INFINITY, bad: 0, cooldown: 0, factor: 1.0 }
    }
}

impl Plateau {
    /// What the rate is to be multiplied by.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The lowest loss that counted as better; infinite before the first.
    pub fn best(&self) -> f64 {
        self.best
    }
}
