//! `clipper`: does a clipper do what it claims, and no harm?

use std::fmt::Debug;

use rand::RngExt;

use super::Failure;
use crate::linalg::norm;
use crate::{Clipped, Error, Float, Generator, GradientClipper, Gradients, Layout, Param};

/// How many gradients are drawn.
const CASES: u64 = 64;

/// Checks a clipper, on gradients of every size that the type has: that finite gradients stay finite and do not vanish, that what it
/// reports is what it did, that it does the same again, and that it leaves gradients with NaN or an infinity as they are and says where.
/// Beside this, what is claimed of it.
///
/// Each case has a copy of its own of a clipper that remembers.
///
/// ```
/// use evenkeel::{GlobalNorm, check};
/// check::clipper(&GlobalNorm::new(0.5)?).limit(0.5).keeps_direction().identity_below(0.5).run::<f32>()?;
/// println!("{}", check::clipper(&GlobalNorm::new(0.5)?).limit(0.4).run::<f32>().unwrap_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clipper<C>(mine: &C) -> ClipperCheck<'_, C> {
    ClipperCheck { mine, limit: None, layer_limit: None, value_limit: None, direction: false, identity: None, seed: 0 }
}

/// What is claimed of a clipper; made by [`clipper`].
#[derive(Debug)]
pub struct ClipperCheck<'a, C> {
    mine: &'a C,
    limit: Option<f64>,
    layer_limit: Option<f64>,
    value_limit: Option<f64>,
    direction: bool,
    identity: Option<f64>,
    seed: u64,
}

impl<C> ClipperCheck<'_, C> {
    /// Claims that the norm of all gradients is at most this afterwards.
    pub fn limit(self, norm: f64) -> Self {
        Self { limit: Some(norm), ..self }
    }

    /// Claims that the norm of each layer's gradients is at most this afterwards.
    pub fn layer_limit(self, norm: f64) -> Self {
        Self { layer_limit: Some(norm), ..self }
    }

    /// Claims that each gradient is at most this afterwards, without its sign.
    pub fn value_limit(self, value: f64) -> Self {
        Self { value_limit: Some(value), ..self }
    }

    /// Claims that all gradients are multiplied by the same positive number.
    pub fn keeps_direction(self) -> Self {
        Self { direction: true, ..self }
    }

    /// Claims that gradients of a smaller norm than this are left as they are, bit by bit.
    pub fn identity_below(self, norm: f64) -> Self {
        Self { identity: Some(norm), ..self }
    }

    /// The seed of the gradients; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Draws gradients, has them clipped and looks.
    ///
    /// # Errors
    /// [`Failure::Broken`], which says with which gradients what did not hold.
    pub fn run<T: Float>(&self) -> Result<(), Failure>
    where
        C: GradientClipper<T> + Clone,
    {
        let layout = layout()?;
        let mut generator = Generator::named(self.seed, "check.clipper");
        for case in 0..CASES {
            let mut values = drawn::<T>(&layout, case, self.identity.or(self.limit), &mut generator);
            self.finite(&layout, &values, case)?;
            let at = generator.below(values.len() as u64) as usize;
            values[at] = [T::nan(), T::infinity(), T::neg_infinity()][case as usize % 3];
            self.not_finite(&layout, &values, at)?;
        }
        Ok(())
    }

    /// A fresh copy clips a copy of the gradients.
    fn clip<T: Float>(&self, layout: &Layout, values: &[T]) -> Result<(Clipped, Vec<T>), Error>
    where
        C: GradientClipper<T> + Clone,
    {
        let (weights, mut after) = (vec![T::of(0.5); values.len()], values.to_vec());
        let clipped = self.mine.clone().clip(&mut Gradients::new(layout, &weights, &mut after)?);
        Ok((clipped, after))
    }

    fn finite<T: Float>(&self, layout: &Layout, before: &[T], case: u64) -> Result<(), Failure>
    where
        C: GradientClipper<T> + Clone,
    {
        let (clipped, mut after) = self.clip(layout, before)?;
        let again = self.clip(layout, before)?;
        let (size, epsilon) = (norm(before).value(), T::epsilon().get());
        let what = || format!("finite gradients of norm {size:e} (case {case})");
        // Written out, since a NaN is no equal of itself.
        let same = format!("{again:?}") == format!("{:?}", (&clipped, &after));
        Failure::unless(same, what, "the same from a copy of the clipper", || "something else".to_owned())?;
        Failure::unless(clipped.non_finite.is_none(), what, "no report of an entry that is not finite", || {
            format!("{:?}", clipped.non_finite)
        })?;
        let unchanged = after == before && clipped.pending == 1.0;
        let mut settled = clipped.clone();
        settled.settle(&mut after);
        let bad = after.iter().find(|g| !g.is_finite());
        Failure::unless(bad.is_none(), what, "finite gradients afterwards", || format!("{bad:?}"))?;
        let left = norm(&after).value();
        Failure::unless(left > 0.0 || size == 0.0, what, "something left of them", || "zeros only".to_owned())?;
        Failure::unless(clipped.touched > 0 || unchanged, what, "no change, as `touched` says", || {
            "a change".to_owned()
        })?;
        // Norms are summed in f64; a pending factor is rounded, as is every product; and a number below the smallest normal one has lost
        // digits of its own.
        let lost = (before.len() as f64).sqrt() * T::min_positive_value().get() * epsilon;
        let near = |a: f64, b: f64| (a - b).abs() <= 4.0 * epsilon * a.max(b) + lost;
        Failure::unless(
            near(clipped.norm_before, size),
            || format!("{}: norm_before", what()),
            &format!("{size:e}"),
            || format!("{:e}", clipped.norm_before),
        )?;
        Failure::unless(
            near(clipped.norm_after, left),
            || format!("{}: norm_after", what()),
            &format!("{left:e}"),
            || format!("{:e}", clipped.norm_after),
        )?;

        let within = |of: &str, limit: Option<f64>, found: f64| {
            let fine = limit.is_none_or(|limit| found <= limit * (1.0 + 4.0 * epsilon) + lost);
            let expected = format!("at most {:e}", limit.unwrap_or(f64::INFINITY));
            Failure::unless(fine, || format!("{}: {of}", what()), &expected, || format!("{found:e}"))
        };
        within("norm afterwards", self.limit, left)?;
        for (_, range) in layout.layers() {
            within("norm of a layer afterwards", self.layer_limit, norm(&after[range]).value())?;
        }
        within(
            "largest gradient afterwards",
            self.value_limit,
            after.iter().fold(0.0, |most, g| most.max(g.get().abs())),
        )?;
        if self.direction && size > 0.0 {
            let turned =
                before.iter().zip(&after).map(|(b, a)| (b.get() / size - a.get() / left).powi(2)).sum::<f64>().sqrt();
            let fine = turned <= 4.0 * epsilon + 2.0 * lost / left.min(size);
            Failure::unless(fine, what, "the same direction afterwards", || {
                format!("a unit vector that moved by {turned:e}")
            })?;
        }
        let below = self.identity.is_some_and(|limit| size < limit);
        Failure::unless(!below || unchanged, what, "no change below the limit", || format!("norm {left:e}"))
    }

    fn not_finite<T: Float>(&self, layout: &Layout, before: &[T], at: usize) -> Result<(), Failure>
    where
        C: GradientClipper<T> + Clone,
    {
        let (clipped, after) = self.clip(layout, before)?;
        let what = || format!("gradients with {} in entry {at}", before[at]);
        let bits = |values: &[T]| values.iter().map(|g| g.get().to_bits()).collect::<Vec<_>>();
        let unchanged = bits(before) == bits(&after) && clipped.pending == 1.0;
        Failure::unless(unchanged, what, "all gradients as they were", || "changed ones".to_owned())?;
        let place = clipped.non_finite.as_ref().and_then(|place| {
            let slot = layout.slots().get(place.slot)?;
            Some(slot.range.start + place.index)
        });
        Failure::unless(place == Some(at), what, "a report of that entry", || format!("{:?}", clipped.non_finite))
    }
}

/// Two layers with a bias, and one without.
fn layout() -> Result<Layout, Error> {
    let mut layout = Layout::default();
    layout.push(0, "0.linear", Param::weight(5, 7))?;
    layout.push(0, "0.linear", Param::bias(7))?;
    layout.push(2, "2.linear", Param::weight(7, 3))?;
    layout.push(2, "2.linear", Param::bias(3))?;
    layout.push(4, "4.linear", Param::weight(3, 1))?;
    Ok(layout)
}

/// Finite gradients: zeros, all sizes of the type, and those near a limit; some with one entry that outweighs all others.
fn drawn<T: Float>(layout: &Layout, case: u64, limit: Option<f64>, generator: &mut Generator) -> Vec<T> {
    let (least, most) = (T::min_positive_value().get().ln(), (T::max_value().get() / 1e3).ln());
    let size = match (case, limit) {
        (0, _) => 0.0,
        (_, Some(limit)) if case.is_multiple_of(2) => limit / 8.0 * generator.random_range(0.25..4.0),
        // From a little above the smallest normal number to near the largest.
        _ => (least + 20.0 + (most - least - 20.0) * case as f64 / CASES as f64).exp(),
    };
    let mut values: Vec<f64> = (0..layout.len()).map(|_| size * generator.random_range(-1.0..1.0)).collect();
    if case % 5 == 3 {
        let at = generator.below(values.len() as u64) as usize;
        values.iter_mut().enumerate().for_each(|(index, g)| *g *= if index == at { 1.0 } else { 1e-4 });
    }
    values.into_iter().map(T::of).collect()
}
