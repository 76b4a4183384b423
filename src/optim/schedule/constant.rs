//! `Constant`: no change.

use super::Schedule;

/// The optimizer's rate, unchanged.
///
/// factor = 1.
///
/// ```
/// use evenkeel::schedule::{Constant, Schedule};
/// assert_eq!(Constant.factor(1_000_000), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Constant;

impl Schedule for Constant {
    fn factor(&self, _: u64) -> f64 {
        1.0
    }
}
