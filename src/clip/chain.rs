//! `Chain`: one clipper behind the other.

use super::{Clipped, GradientClipper};
use crate::{Error, Float, Gradients};

/// Clips by several clippers, one behind the other.
///
/// ```
/// use evenkeel::{AdaptiveNorm, Chain, GlobalNorm};
/// let clipper = Chain::<f32>::new().then(AdaptiveNorm::new(0.01)?).then(GlobalNorm::new(1.0)?);
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Each sees what the one before has left: a factor that it left [pending](Clipped::pending) is applied first, which takes a write; that of the
/// last is left to the update. The outcome tells the norm before the first and after the last; where several have touched some of the entries,
/// those that are no longer what they were count as touched. Where one meets a number that is not finite, those behind it are not asked.
#[derive(Debug, Default)]
pub struct Chain<T> {
    clippers: Vec<Box<dyn GradientClipper<T>>>,
    /// The gradients as they came, kept from step to step, so that only the first takes memory.
    before: Vec<T>,
}

impl<T: Float> Chain<T> {
    /// Of no clippers yet, which changes nothing.
    pub fn new() -> Self {
        Self { clippers: Vec::new(), before: Vec::new() }
    }

    /// With one more, behind those already there.
    pub fn then(mut self, clipper: impl GradientClipper<T> + 'static) -> Self {
        self.clippers.push(Box::new(clipper));
        self
    }

    fn restore_each(&mut self, mut memory: &[f64]) -> Result<(), Error> {
        let foreign = Error::Foreign { what: "the clipper's memory" };
        for clipper in &mut self.clippers {
            let Some((&len, rest)) = memory.split_first() else { return Err(foreign) };
            let Some((own, rest)) = count(len).and_then(|len| rest.split_at_checked(len)) else { return Err(foreign) };
            clipper.restore(own)?;
            memory = rest;
        }
        if memory.is_empty() { Ok(()) } else { Err(foreign) }
    }
}

/// The count that `memory` wrote as a number: `None` for what it never writes, such as a fraction, a NaN or -0.
fn count(number: f64) -> Option<usize> {
    let count = number as usize;
    ((count as f64).to_bits() == number.to_bits()).then_some(count)
}

impl<T: Float> GradientClipper<T> for Chain<T> {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let mut so_far = match Clipped::measure(gradients) {
            Ok(norm) => Clipped::untouched(norm.value()),
            Err(outcome) => return outcome,
        };
        let len = gradients.values().len();
        // Entries that one of several touched are to be told from those of another.
        self.before.clear();
        if self.clippers.len() > 1 {
            self.before.extend_from_slice(gradients.values());
        }
        let mut touching = 0;
        for clipper in &mut self.clippers {
            if so_far.pending != 1.0 {
                so_far.settle(gradients.values_mut());
            }
            let outcome = clipper.clip(gradients);
            touching += usize::from(outcome.touched > 0);
            let touched = so_far.touched.max(outcome.touched);
            so_far = Clipped { norm_before: so_far.norm_before, touched, ..outcome };
            if so_far.non_finite.is_some() {
                break;
            }
        }
        if touching > 1 && so_far.touched < len && so_far.non_finite.is_none() {
            let pairs = self.before.iter().zip(gradients.values());
            so_far.touched = pairs.filter(|(before, after)| before.get().to_bits() != after.get().to_bits()).count();
        }
        so_far
    }

    /// How many numbers each has, and then these.
    fn memory(&self) -> Vec<f64> {
        let parts = self.clippers.iter().map(|clipper| clipper.memory());
        parts.flat_map(|part| [part.len() as f64].into_iter().chain(part)).collect()
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        let before = self.memory();
        let restored = self.restore_each(memory);
        if restored.is_err() {
            // Those that took theirs before another one refused give it back.
            self.restore_each(&before)?;
        }
        restored
    }
}
