//! `ForeignChange`: weights that were changed by something that is no update.

/// The norm of a parameter changed by more than its updates can have changed it.
///
/// By the triangle inequality the norm moves by no more than the norms of all updates since it was last taken, added up.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ForeignChange {
    /// The step at which it was seen.
    pub step: u64,
    /// The norm when it was last taken before.
    pub before: f64,
    /// The norm then.
    pub after: f64,
    /// By how much the updates in between can have changed it.
    pub moved: f64,
}

/// The norm of a parameter when it was last taken, and what its updates since then add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    norm: Option<f64>,
    moved: f64,
    /// The first change that no updates explain.
    pub(super) changed: Option<ForeignChange>,
}

impl Held {
    /// Takes the norm of an update.
    pub(super) fn update(&mut self, norm: f64) {
        self.moved += norm;
    }

    /// Takes the norm of the numbers. `rounding` is the share of it that storing them may change.
    pub(super) fn look(&mut self, after: f64, step: u64, rounding: f64) {
        if let Some(before) = self.norm {
            let allowed = self.moved + rounding * before.max(after);
            // What is not finite is told of elsewhere.
            if self.changed.is_none() && after.is_finite() && (after - before).abs() > allowed {
                self.changed = Some(ForeignChange { step, before, after, moved: self.moved });
            }
        }
        (self.norm, self.moved) = (Some(after), 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_moves_by_no_more_than_its_updates() {
        let mut held = Held::default();
        held.look(10.0, 0, 0.01);
        (0..50).for_each(|_| held.update(0.1));
        held.look(14.9, 50, 0.01);
        assert_eq!(held.changed, None);
        held.update(0.1);
        held.look(15.2, 51, 0.01); // 0.3 is more than 0.1 + 0.152
        assert_eq!(held.changed, Some(ForeignChange { step: 51, before: 14.9, after: 15.2, moved: 0.1 }));
        // The first one stays, and what is no number is no change.
        held.look(1.0, 52, 0.01);
        assert_eq!(held.changed.map(|change| change.step), Some(51));
        let mut broken = Held::default();
        [1.0, f64::NAN, f64::INFINITY].into_iter().for_each(|norm| broken.look(norm, 0, 0.01));
        assert_eq!(broken.changed, None);
    }
}
