//! What holds of every outcome, and what of those that something is claimed of.

use super::super::Failure;
use super::ClipperCheck;
use crate::linalg::norm;
use crate::{Clipped, Error, Float, GradientClipper, Gradients, Layout};

impl<C> ClipperCheck<'_, C> {
    /// Everything that holds of finite gradients, for a clipper that has seen others.
    pub(super) fn finite<T: Float>(
        &self,
        layout: &Layout,
        seen: &[Vec<T>],
        before: &[T],
        what: &str,
        judged: &mut Judged,
    ) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        let (clipped, mut after) = clip(&mut self.warm(layout, seen)?, layout, before)?;
        let again = clip(&mut self.warm(layout, seen)?, layout, before)?;
        let (size, epsilon) = (norm(before).value(), T::epsilon().get());
        let what = || what.to_owned();
        // Written out, since a NaN is no equal of itself.
        let same = format!("{again:?}") == format!("{:?}", (&clipped, &after));
        Failure::unless(same, what, "the same from another clipper that has seen the same", || {
            "something else".to_owned()
        })?;
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
        self.counts(layout, before, &after, (&clipped, unchanged), &what())?;
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
        let largest = |values: &[T]| values.iter().fold(0.0_f64, |most, g| most.max(g.get().abs()));
        judged.limit |= self.limit.is_some_and(|limit| size > limit);
        judged.value_limit |= self.value_limit.is_some_and(|limit| largest(before) > limit);
        judged.identity |= self.identity.is_some_and(|limit| size > 0.0 && size < limit);
        for (_, range) in layout.layers() {
            judged.layer_limit |= self.layer_limit.is_some_and(|limit| norm(&before[range.clone()]).value() > limit);
            within("norm of a layer afterwards", self.layer_limit, norm(&after[range]).value())?;
        }
        within("largest gradient afterwards", self.value_limit, largest(&after))?;
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

    /// That `touched` is the number of entries that were changed, but for those of what was scaled that show nothing of it.
    fn counts<T: Float>(
        &self,
        layout: &Layout,
        before: &[T],
        after: &[T],
        (clipped, unchanged): (&Clipped, bool),
        what: &str,
    ) -> Result<(), Failure> {
        let found = || format!("{}", clipped.touched);
        let what = || format!("{what}: `touched`");
        if unchanged {
            return Failure::unless(clipped.touched == 0, what, "0, where nothing was changed", found);
        }
        let (mut changed, mut hidden) = (0, 0);
        for slot in layout.slots() {
            let (before, after) = (&before[slot.range.clone()], &after[slot.range.clone()]);
            let pairs = || before.iter().zip(after).map(|(before, after)| (before.get(), after.get()));
            let differ = |(before, after): &(f64, f64)| before.to_bits() != after.to_bits();
            // A factor so near 1 that it moves some numbers by no more than their last digit leaves others where they are.
            let moved_little =
                |(before, after): (f64, f64)| (after - before).abs() <= 2.0 * T::epsilon().get() * before.abs();
            let little = clipped.pending != 1.0 || pairs().filter(differ).any(moved_little);
            // So do zeros stay, and may what has less than all digits.
            let is_hidden = |before: f64| little || before.abs() < T::min_positive_value().get();
            changed += pairs().filter(differ).count();
            hidden += pairs().filter(|pair| !differ(pair) && is_hidden(pair.0)).count();
        }
        let fine = (changed..=changed + hidden).contains(&clipped.touched);
        let expected = match hidden {
            0 => format!("{changed}, as many as were changed"),
            _ => format!("{changed} to {}, as many as were changed or show nothing of it", changed + hidden),
        };
        Failure::unless(fine, what, &expected, found)
    }

    pub(super) fn not_finite<T: Float>(
        &self,
        layout: &Layout,
        seen: &[Vec<T>],
        before: &[T],
        at: usize,
    ) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        let (clipped, after) = clip(&mut self.warm(layout, seen)?, layout, before)?;
        let what = || format!("gradients with {} in entry {at}", before[at]);
        let bits = |values: &[T]| values.iter().map(|g| g.get().to_bits()).collect::<Vec<_>>();
        let unchanged = bits(before) == bits(&after) && clipped.pending == 1.0;
        Failure::unless(unchanged, what, "all gradients as they were", || "changed ones".to_owned())?;
        let touched = || format!("{}", clipped.touched);
        let of_count = || format!("{}: `touched`", what());
        Failure::unless(clipped.touched == 0, of_count, "0, where nothing was changed", touched)?;
        for (name, norm) in [("norm_before", clipped.norm_before), ("norm_after", clipped.norm_after)] {
            let of_norm = || format!("{}: {name}", what());
            Failure::unless(!norm.is_finite(), of_norm, "no finite norm", || format!("{norm:e}"))?;
        }
        let place = clipped.non_finite.as_ref().and_then(|place| {
            let slot = layout.slots().get(place.slot)?;
            Some(slot.range.start + place.index)
        });
        Failure::unless(place == Some(at), what, "a report of that entry", || format!("{:?}", clipped.non_finite))
    }
}

/// Which claims were put to the test.
#[derive(Debug, Default)]
pub(super) struct Judged {
    limit: bool,
    layer_limit: bool,
    value_limit: bool,
    identity: bool,
}

impl Judged {
    /// Fails where a claim was not, since no gradient that was drawn is large, or small, enough.
    pub(super) fn all<C>(&self, claims: &ClipperCheck<'_, C>) -> Result<(), Failure> {
        for (claim, judged, name) in [
            (claims.limit, self.limit, "limit"),
            (claims.layer_limit, self.layer_limit, "layer_limit"),
            (claims.value_limit, self.value_limit, "value_limit"),
            (claims.identity, self.identity, "identity_below"),
        ] {
            let Some(claim) = claim else { continue };
            let what = || format!("gradients of every size of the type, for `{name}`");
            let expected = format!("some on the other side of {claim:e}");
            Failure::unless(judged, what, &expected, || "none: nothing was judged".to_owned())?;
        }
        Ok(())
    }
}

/// A clipper clips a copy of the gradients.
pub(super) fn clip<T: Float>(
    clipper: &mut impl GradientClipper<T>,
    layout: &Layout,
    values: &[T],
) -> Result<(Clipped, Vec<T>), Error> {
    let (weights, mut after) = (vec![T::of(0.5); values.len()], values.to_vec());
    let clipped = clipper.clip(&mut Gradients::new(layout, &weights, &mut after)?);
    Ok((clipped, after))
}
