//! `Claim`: how a parameter is said to start.

use crate::{Draws, InitMoments, Initializer, Param};

/// What an initializer says of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Claim {
    pub(super) moments: Option<InitMoments>,
    pub(super) draws: Draws,
}

impl Claim {
    pub(super) fn of(initializer: &dyn Initializer<f64>, param: &Param) -> Self {
        Self { moments: initializer.moments(param), draws: initializer.draws(param) }
    }

    /// The same number everywhere.
    pub(super) fn number(mean: f64) -> Self {
        Self { moments: Some(InitMoments { mean, variance: 0.0, kurtosis: None }), draws: Draws::Fixed }
    }

    /// Whether all units are drawn alike and each sums over many inputs: what repeats single inputs tells units apart.
    pub(super) fn mixes_inputs(self) -> bool {
        !self.draws.are_fixed() && !self.draws.is_sparse()
    }
}
