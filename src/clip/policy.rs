//! `NonFinite`: what happens when a gradient is NaN or infinite.

use super::{Clipped, GradientClipper};
use crate::{Error, Float, Gradients};

/// What happens when a gradient is NaN or infinite.
///
/// A clipper never touches such gradients: there is no right factor. What to do instead is this choice, and what was done is in the
/// [`Verdict`].
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NonFinite {
    /// Stop with [`Error::NonFinite`], which names the parameter (and with it the layer), the entry and the step.
    #[default]
    Stop,
    /// Leave parameters, optimizer and layers as they are and go on with the next batch.
    Skip,
    /// Set the entries that are not finite to zero, and clip and apply the others.
    Zero,
}

/// What came of a step's gradients.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What the clipper did; with [`NonFinite::Zero`], after the zeroing. [`Clipped::non_finite`] says what was found.
    pub clipped: Clipped,
    /// Whether the update is to be applied.
    pub apply: bool,
    /// How many entries were set to zero for not being finite.
    pub zeroed: usize,
}

impl NonFinite {
    /// Has the gradients clipped (by no clipper: only measured) and decides about those that are not finite.
    ///
    /// ```
    /// # use evenkeel::*;
    /// let mut network = Network::<f32>::builder(2).layer(Linear::new(1)).build()?;
    /// let mut workspace = network.workspace(1)?;
    /// network.forward(Rows::new(&[1.0, f32::NAN], 2)?, Mode::Train, &mut workspace)?;
    /// network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&[1.0], 1)?), &mut workspace)?;
    /// network.backward(&mut workspace)?;
    /// let refused = NonFinite::Stop.decide(None, &mut network.gradients(&mut workspace)?, 12).unwrap_err();
    /// assert!(matches!(refused, Error::NonFinite { what, step: 12, .. } if what == "gradient of 0.linear.bias"));
    /// let skipped = NonFinite::Skip.decide(None, &mut network.gradients(&mut workspace)?, 12)?;
    /// assert!(!skipped.apply);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NonFinite`] where a gradient is not finite and the policy is [`NonFinite::Stop`].
    pub fn decide<T: Float>(
        self,
        mut clipper: Option<&mut dyn GradientClipper<T>>,
        gradients: &mut Gradients<'_, T>,
        step: u64,
    ) -> Result<Verdict, Error> {
        let mut clip = |gradients: &mut Gradients<'_, T>| match &mut clipper {
            Some(clipper) => clipper.clip(gradients),
            None => match Clipped::measure(gradients) {
                Ok(norm) => Clipped::untouched(norm.value()),
                Err(outcome) => outcome,
            },
        };
        let clipped = clip(gradients);
        let Some(place) = clipped.non_finite.clone() else {
            return Ok(Verdict { clipped, apply: true, zeroed: 0 });
        };
        match self {
            Self::Stop => Err(Error::NonFinite {
                // A clipper of a user's own may name a parameter that there is not.
                what: match gradients.layout().slots().get(place.slot) {
                    Some(slot) => format!("gradient of {}", slot.param.name),
                    None => "a gradient".to_owned(),
                },
                index: place.index,
                value: place.value,
                step,
            }),
            Self::Skip => Ok(Verdict { clipped, apply: false, zeroed: 0 }),
            Self::Zero => {
                let bad = gradients.values_mut().iter_mut().filter(|g| !g.is_finite());
                let zeroed = bad.map(|g| *g = T::zero()).count();
                Ok(Verdict { clipped: Clipped { non_finite: Some(place), ..clip(gradients) }, apply: true, zeroed })
            }
        }
    }
}
