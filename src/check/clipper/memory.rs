//! What a clipper remembers: all of it can be handed on, and bad steps are no part of it.

use super::super::Failure;
use super::ClipperCheck;
use super::gradients::{bad_steps, random};
use super::outcome::{Judged, clip};
use crate::linalg::norm;
use crate::{Float, Generator, GradientClipper, Layout};

/// How many gradients are passed through two clippers that should do the same.
const COMPARED: u64 = 16;

impl<C> ClipperCheck<'_, C> {
    /// A clipper takes over what another one remembers, and goes on as that does.
    pub(super) fn restores<T: Float>(&self, layout: &Layout, case: u64) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        let mut one = self.warm(layout, &self.ordinary::<T>(layout, case))?;
        let (memory, mut other) = (one.memory(), (self.make)());
        let restored = other.restore(&memory);
        let what = || "a new clipper, given the memory of one that is warm".to_owned();
        Failure::unless(restored.is_ok(), what, "that it takes it", || format!("{restored:?}"))?;
        let (expected, found) = (format!("{memory:?}"), format!("{:?}", other.memory()));
        Failure::unless(found == expected, || format!("{}: memory", what()), &expected, || found.clone())?;
        self.same(layout, case, [&mut one, &mut other], &what(), "what that one gives")
    }

    /// Gradients that are zero or not finite, before, between and behind ordinary ones, change nothing of what later ones get.
    pub(super) fn survives_bad_steps<T: Float>(&self, layout: &Layout, case: u64) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        let ordinary = self.ordinary::<T>(layout, case);
        for (name, values) in bad_steps(layout) {
            let mut mixed = ordinary.clone();
            [ordinary.len(), ordinary.len() / 2, 0].iter().for_each(|&at| mixed.insert(at, values.clone()));
            let mut poisoned = self.warm(layout, &mixed)?;
            let what = format!("ordinary gradients after some with {name}");
            let memory = poisoned.memory();
            let fine = memory.iter().all(|number| number.is_finite());
            Failure::unless(fine, || what.clone(), "a memory of finite numbers", || format!("{memory:?}"))?;
            let mut other = if self.remembers_bad_steps { (self.make)() } else { self.warm(layout, &ordinary)? };
            if self.remembers_bad_steps {
                other.restore(&memory)?;
            }
            let expected = if self.remembers_bad_steps { "what its memory says" } else { "what they get without" };
            self.same(layout, case, [&mut other, &mut poisoned], &what, expected)?;
            let mut generator = Generator::numbered(self.seed, "check.clipper.after", case);
            for _ in 0..COMPARED {
                self.finite(layout, &mixed, &random(layout, 1.0, &mut generator), &what, &mut Judged::default())?;
            }
        }
        Ok(())
    }

    /// Both do the same with the same gradients, bit by bit.
    fn same<T: Float>(
        &self,
        layout: &Layout,
        case: u64,
        [one, other]: [&mut C; 2],
        what: &str,
        expected: &str,
    ) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        let mut generator = Generator::numbered(self.seed, "check.clipper.compared", case);
        for number in 0..COMPARED {
            let size = [1.0, 0.05, 30.0, 1.0][number as usize % 4];
            let values = random::<T>(layout, size, &mut generator);
            // Written out, since a NaN is no equal of itself.
            let (one, other) = (clip(one, layout, &values)?, clip(other, layout, &values)?);
            let (one, other) = (format!("{one:?}"), format!("{other:?}"));
            let found = || format!("another outcome, of gradients of norm {:e}", norm(&values).value());
            Failure::unless(one == other, || what.to_owned(), expected, found)?;
        }
        Ok(())
    }
}
