//! The penalty on weights that a recipe may ask for.

use crate::{Clipped, Float, GradientClipper, Gradients, Role};

/// Adds the derivative of `l2 * sum(w^2)` over all weights to the gradients, before they are clipped. Biases and gains are left alone.
#[derive(Debug)]
pub(super) struct Penalty<T> {
    pub(super) l2: f64,
    pub(super) then: Option<Box<dyn GradientClipper<T>>>,
}

impl<T: Float> GradientClipper<T> for Penalty<T> {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let (layout, weights, factor) = (gradients.layout(), gradients.weights(), T::of(2.0 * self.l2));
        let values = gradients.values_mut();
        for slot in layout.slots().iter().filter(|slot| slot.param.role == Role::Weight) {
            let range = slot.range.clone();
            values[range.clone()].iter_mut().zip(&weights[range]).for_each(|(g, &w)| *g = *g + factor * w);
        }
        match &mut self.then {
            Some(clipper) => clipper.clip(gradients),
            None => match Clipped::measure(gradients) {
                Ok(norm) => Clipped::untouched(norm.value()),
                Err(outcome) => outcome,
            },
        }
    }
}
