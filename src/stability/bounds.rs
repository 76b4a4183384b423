//! `Bounds`: where an activation stops reacting.

/// Where the output of a layer stops reacting to its input.
///
/// ```
/// use evenkeel::{Activation, Bounds, Relu, Tanh};
/// assert_eq!(Relu.bounds().dead, Some(0.0));
/// assert_eq!(Tanh.bounds(), Bounds { low: Some(-1.0), high: Some(1.0), ..Bounds::NONE });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// The output of a unit that is switched off: one that stays there on every example passes no gradient.
    pub dead: Option<f64>,
    /// The floor that the output approaches, and where its slope goes to zero.
    pub low: Option<f64>,
    /// The ceiling that the output approaches, and where its slope goes to zero.
    pub high: Option<f64>,
    /// Whether it is brought to a size of its own, whatever that of the input: then weights in front of it may have any size.
    pub normalized: bool,
}

impl Bounds {
    /// No such values.
    pub const NONE: Self = Self { dead: None, low: None, high: None, normalized: false };

    /// Those of a normalization.
    pub const NORMALIZED: Self = Self { normalized: true, ..Self::NONE };

    /// Whether there is a place where the output stops reacting.
    pub(crate) fn has_places(&self) -> bool {
        self.dead.is_some() || self.low.is_some() || self.high.is_some()
    }

    /// Whether the output is squeezed between a floor and a ceiling.
    pub(crate) fn squeezes(&self) -> bool {
        self.low.is_some() && self.high.is_some()
    }
}
