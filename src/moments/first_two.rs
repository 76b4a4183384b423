//! `Moments`: the mean and the second moment.

/// The mean and the second moment of the numbers of a row, over the draw of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Moments {
    /// E\[x\].
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub mean: f64,
    /// E\[x^2\]: what decides how large the next layer's sums are; the variance only where the mean is 0.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub second: f64,
}

impl Moments {
    /// E\[x^2\] - E\[x\]^2; 0 where rounding says less.
    pub fn variance(&self) -> f64 {
        (self.second - self.mean * self.mean).max(0.0)
    }
}
