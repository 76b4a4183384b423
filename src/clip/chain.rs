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
/// last is left to the update. The outcome tells the norm before the first and after the last, and as touched the most that one of them touched:
/// the others may have touched more besides. Where one meets a number that is not finite, those behind it are not asked.
#[derive(Debug, Default)]
pub struct Chain<T> {
    clippers: Vec<Box<dyn GradientClipper<T>>>,
}

impl<T: Float> Chain<T> {
    /// Of no clippers yet, which changes nothing.
    pub fn new() -> Self {
        Self { clippers: Vec::new() }
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
            // A length that is no count at all becomes one that is too large, or none.
            let Some((own, rest)) = rest.split_at_checked(len as usize) else { return Err(foreign) };
            clipper.restore(own)?;
            memory = rest;
        }
        if memory.is_empty() { Ok(()) } else { Err(foreign) }
    }
}

impl<T: Float> GradientClipper<T> for Chain<T> {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let mut so_far = match Clipped::measure(gradients) {
            Ok(norm) => Clipped::untouched(norm.value()),
            Err(outcome) => return outcome,
        };
        for clipper in &mut self.clippers {
            if so_far.pending != 1.0 {
                so_far.settle(gradients.values_mut());
            }
            let outcome = clipper.clip(gradients);
            let touched = so_far.touched.max(outcome.touched);
            so_far = Clipped { norm_before: so_far.norm_before, touched, ..outcome };
            if so_far.non_finite.is_some() {
                break;
            }
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
