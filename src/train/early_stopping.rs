//! `EarlyStopping`: stops when nothing gets better any more.

use crate::{Error, Network};

/// Stops training when the loss has not improved for some epochs, and takes back the parameters of the best epoch.
///
/// The loss is that of the validation part, or of training where there is none.
///
/// ```
/// use evenkeel::EarlyStopping;
/// let patient = EarlyStopping::new(10)?.improvement(1e-4)?;
/// # let _ = patient;
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    patience: u64,
    improvement: f64,
}

impl EarlyStopping {
    /// After that many epochs without improvement.
    ///
    /// # Errors
    /// [`Error::Argument`] where `patience` is 0.
    pub fn new(patience: u64) -> Result<Self, Error> {
        Error::require(patience > 0, "EarlyStopping", "patience", patience as f64, "at least 1")?;
        Ok(Self { patience, improvement: 0.0 })
    }

    /// Counts as an improvement only what lowers the loss by more than this.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is negative or not finite.
    pub fn improvement(self, improvement: f64) -> Result<Self, Error> {
        Ok(Self { improvement: Error::not_negative("EarlyStopping", "improvement", improvement)?, ..self })
    }
}

/// The best epoch so far.
#[derive(Debug, Clone)]
pub(super) struct Best<T> {
    loss: f64,
    epoch: u64,
    pub(super) network: Network<T>,
}

impl EarlyStopping {
    /// Takes the loss of an epoch, keeps the network where it is the best so far, and says whether it is time to stop.
    pub(super) fn judge<T: crate::Float>(
        &self,
        best: &mut Option<Best<T>>,
        epoch: u64,
        loss: f64,
        network: &Network<T>,
    ) -> bool {
        match best {
            Some(best) if loss < best.loss - self.improvement => {
                (best.loss, best.epoch) = (loss, epoch);
                // Never fails: it is the same network.
                best.network.copy_from(network).is_err()
            }
            Some(best) => epoch.saturating_sub(best.epoch) >= self.patience,
            // A loss that is not finite is no start to improve upon.
            None if loss.is_finite() => {
                *best = Some(Best { loss, epoch, network: network.clone() });
                false
            }
            None => epoch.saturating_add(1) >= self.patience,
        }
    }
}
