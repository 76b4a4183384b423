//! The gradients that a clipper is shown.

use rand::RngExt;

use crate::{Error, Float, Generator, Layout, Param};

/// How many gradients are drawn.
pub(super) const CASES: u64 = 64;

/// Two layers with a bias, and one without.
pub(super) fn layout() -> Result<Layout, Error> {
    let mut layout = Layout::default();
    layout.push(0, "0.linear", Param::weight(5, 7))?;
    layout.push(0, "0.linear", Param::bias(7))?;
    layout.push(2, "2.linear", Param::weight(7, 3))?;
    layout.push(2, "2.linear", Param::bias(3))?;
    layout.push(4, "4.linear", Param::weight(3, 1))?;
    Ok(layout)
}

/// Gradients of about that size each, as far as the type goes.
pub(super) fn random<T: Float>(layout: &Layout, size: f64, generator: &mut Generator) -> Vec<T> {
    let size = size.min(largest::<T>());
    (0..layout.len()).map(|_| T::of(size * generator.random_range(-1.0..1.0))).collect()
}

/// The largest size of gradients whose norm f64 holds.
fn largest<T: Float>() -> f64 {
    T::max_value().get().min(f64::MAX / 1e3)
}

/// Finite gradients: zeros, all sizes of the type, and those near a claim; some with one entry that outweighs all others.
pub(super) fn drawn<T: Float>(layout: &Layout, case: u64, claim: Option<f64>, generator: &mut Generator) -> Vec<T> {
    let (least, most) = (T::min_positive_value().get().ln() + 20.0, largest::<T>().ln());
    let size = match (case, claim) {
        (0, _) => 0.0,
        (_, Some(claim)) if case.is_multiple_of(2) => claim / 8.0 * generator.random_range(0.25..4.0),
        // From a little above the smallest normal number to the largest.
        _ => (least + (most - least) * case as f64 / (CASES - 1) as f64).exp(),
    };
    let mut values = random::<T>(layout, size, generator);
    if case % 5 == 3 {
        let at = generator.below(values.len() as u64) as usize;
        let smaller = |(index, g): (usize, &mut T)| *g = if index == at { *g } else { T::of(g.get() * 1e-4) };
        values.iter_mut().enumerate().for_each(smaller);
    }
    values
}

/// Gradients that training may bring about, and that nothing is to be learned from.
pub(super) fn bad_steps<T: Float>(layout: &Layout) -> [(&'static str, Vec<T>); 4] {
    let one = |number: T| {
        let mut values = vec![T::of(0.25); layout.len()];
        values[layout.len() / 2] = number;
        values
    };
    [
        ("a NaN", one(T::nan())),
        ("an infinity", one(T::infinity())),
        ("nothing but NaN", vec![T::nan(); layout.len()]),
        ("nothing but zeros", vec![T::zero(); layout.len()]),
    ]
}
