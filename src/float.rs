//! `Float`: the one numeric bound of the crate.

use crate::linalg::Kernel;

/// A number that networks can be made of: `f32` or `f64`.
///
/// The trait is sealed, since every kernel is written and tested for these two. Settings (rates, limits, scales) and every
/// number that judges (norms, moments, losses) are `f64` whatever `T` is; `of` and `get` cross between the two.
///
/// ```
/// use evenkeel::Float;
/// fn half<T: Float>(x: T) -> T {
///     x * T::of(0.5)
/// }
/// assert_eq!(half(3.0_f32).get(), 1.5_f64);
/// ```
pub trait Float:
    num_traits::Float
    + num_traits::NumAssign
    + Kernel
    + std::fmt::Debug
    + std::fmt::Display
    + Default
    + Send
    + Sync
    + 'static
{
    /// The number nearest to `x`.
    fn of(x: f64) -> Self;

    /// The same number as `f64`, exactly.
    fn get(self) -> f64;

    /// The least number above this one.
    fn next_up(self) -> Self;

    /// The largest number below this one.
    fn next_down(self) -> Self;
}

impl Float for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn get(self) -> f64 {
        f64::from(self)
    }

    fn next_up(self) -> Self {
        f32::next_up(self)
    }

    fn next_down(self) -> Self {
        f32::next_down(self)
    }
}

impl Float for f64 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn get(self) -> f64 {
        self
    }

    fn next_up(self) -> Self {
        f64::next_up(self)
    }

    fn next_down(self) -> Self {
        f64::next_down(self)
    }
}

/// Writes a number, or null where it is not finite: so does JSON, and other formats shall not differ.
#[cfg(feature = "serde")]
pub(crate) fn finite_or_null<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() { serializer.serialize_some(value) } else { serializer.serialize_none() }
}
