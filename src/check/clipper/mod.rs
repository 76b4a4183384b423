//! `clipper`: does a clipper do what it claims, and no harm?

mod gradients;
mod memory;
mod outcome;

use std::fmt;

use rand::RngExt;

use self::gradients::{CASES, drawn, layout, random};
use self::outcome::{Judged, clip};
use super::Failure;
use crate::linalg::norm;
use crate::{Error, Float, Generator, GradientClipper, Layout};

/// How many ordinary gradients a clipper has seen before it is judged, unless told otherwise.
const WARM_UP: usize = 64;

const OF: &str = "check::clipper";

/// Checks a clipper, on gradients of every size that the type has: that finite gradients stay finite and do not vanish, that what it
/// reports is what it did, that it does the same again, and that it leaves gradients with NaN or an infinity as they are and says where.
/// Beside this, what is claimed of it.
///
/// `make` makes a clipper that has seen nothing yet; of one that can be copied, `|| mine.clone()`. Each is looked at as new, and after a
/// [`warm_up`](ClipperCheck::warm_up) of ordinary gradients: what it remembers of them must not break what is claimed. Nor may it go
/// anywhere but to its [`memory`](GradientClipper::memory), from which another one goes on to the bit; and gradients that are zero or not
/// finite must leave no trace in it.
///
/// ```
/// use evenkeel::{GlobalNorm, check};
/// let global = GlobalNorm::new(0.5)?;
/// check::clipper(|| global).limit(0.5).keeps_direction().identity_below(0.5).run::<f32>()?;
/// println!("{}", check::clipper(|| global).limit(0.4).run::<f32>().unwrap_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clipper<'a, C>(make: impl Fn() -> C + 'a) -> ClipperCheck<'a, C> {
    ClipperCheck {
        make: Box::new(make),
        limit: None,
        layer_limit: None,
        value_limit: None,
        direction: false,
        identity: None,
        remembers_bad_steps: false,
        warm_up: WARM_UP,
        seed: 0,
    }
}

/// What is claimed of a clipper; made by [`clipper`].
pub struct ClipperCheck<'a, C> {
    make: Box<dyn Fn() -> C + 'a>,
    limit: Option<f64>,
    layer_limit: Option<f64>,
    value_limit: Option<f64>,
    direction: bool,
    identity: Option<f64>,
    remembers_bad_steps: bool,
    warm_up: usize,
    seed: u64,
}

impl<C> fmt::Debug for ClipperCheck<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClipperCheck")
            .field("limit", &self.limit)
            .field("layer_limit", &self.layer_limit)
            .field("value_limit", &self.value_limit)
            .field("direction", &self.direction)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
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

    /// Claims that gradients of a smaller norm than this, which may be infinite, are left as they are, bit by bit.
    pub fn identity_below(self, norm: f64) -> Self {
        Self { identity: Some(norm), ..self }
    }

    /// Says that gradients that are zero, or not finite, change what later ones get: but no further than what is in its memory says, which
    /// has to stay finite.
    pub fn remembers_bad_steps(self) -> Self {
        Self { remembers_bad_steps: true, ..self }
    }

    /// How many ordinary gradients it sees before it is judged as one that has seen some: more than it needs to begin. 64 unless given.
    pub fn warm_up(self, steps: usize) -> Self {
        Self { warm_up: steps, ..self }
    }

    /// The seed of the gradients; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Draws gradients, has them clipped and looks.
    ///
    /// # Errors
    /// [`Failure::Broken`], which says with which gradients what did not hold; also where no gradient of the type is large, or small,
    /// enough for a claim. [`Failure::Network`] for a limit that is not finite and above 0, and for a warm-up of no steps.
    pub fn run<T: Float>(&self) -> Result<(), Failure>
    where
        C: GradientClipper<T>,
    {
        self.check_claims()?;
        let layout = layout()?;
        let mut generator = Generator::named(self.seed, "check.clipper");
        let mut judged = Judged::default();
        for case in 0..CASES {
            let values = drawn::<T>(&layout, case, self.claimed(case), &mut generator);
            let at = generator.below(values.len() as u64) as usize;
            let mut broken = values.clone();
            broken[at] = [T::nan(), T::infinity(), T::neg_infinity()][case as usize % 3];
            // New, and warm: half of them by gradients of an ordinary size, half by those near a claim.
            for before in [Vec::new(), self.ordinary(&layout, case)] {
                let what = if before.is_empty() { "" } else { ", after a warm-up" };
                let what = format!("finite gradients of norm {:e} (case {case}{what})", norm(&values).value());
                self.finite(&layout, &before, &values, &what, &mut judged)?;
                self.not_finite(&layout, &before, &broken, at)?;
            }
        }
        judged.all(self)?;
        for case in 0..CASES / 8 {
            self.restores::<T>(&layout, case)?;
            self.survives_bad_steps::<T>(&layout, case)?;
        }
        Ok(())
    }

    fn check_claims(&self) -> Result<(), Error> {
        for (argument, claim) in
            [("limit", self.limit), ("layer_limit", self.layer_limit), ("value_limit", self.value_limit)]
        {
            claim.map_or(Ok(1.0), |claim| Error::positive(OF, argument, claim))?;
        }
        let norm = self.identity.unwrap_or(1.0);
        Error::require(norm > 0.0, OF, "identity_below", norm, "above 0, or infinite")?;
        Error::at_least_one(OF, "warm_up", self.warm_up).map(drop)
    }

    /// The claim that the gradients of a case are near to: each in its turn.
    fn claimed(&self, case: u64) -> Option<f64> {
        // The norm of all is some five times as large as one of them: a limit of each is to be met by some, and by others not.
        let value = self.value_limit.map(|limit| 8.0 * limit);
        let claims: Vec<f64> = [self.identity, self.limit, self.layer_limit, value].into_iter().flatten().collect();
        claims.get(case as usize / 2 % claims.len().max(1)).copied()
    }

    /// The gradients of a warm-up: of an ordinary size, or near a claim.
    fn ordinary<T: Float>(&self, layout: &Layout, case: u64) -> Vec<Vec<T>> {
        let mut generator = Generator::numbered(self.seed, "check.clipper.warm_up", case);
        let size = if case % 4 < 2 { 1.0 } else { self.claimed(case).map_or(1e-3, |claim| claim / 8.0) };
        (0..self.warm_up).map(|_| random(layout, size * generator.random_range(0.25..4.0), &mut generator)).collect()
    }

    /// A clipper that has seen these.
    fn warm<T: Float>(&self, layout: &Layout, before: &[Vec<T>]) -> Result<C, Error>
    where
        C: GradientClipper<T>,
    {
        let mut clipper = (self.make)();
        before.iter().try_for_each(|values| clip(&mut clipper, layout, values).map(drop))?;
        Ok(clipper)
    }
}
