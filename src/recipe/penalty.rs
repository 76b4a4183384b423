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
            values[range.clone()].iter_mut().zip(&weights[range]).for_each(|(g, &w)| *g += factor * w);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GlobalNorm, Layout, Param};

    #[test]
    fn the_derivative_of_the_penalty_is_added_to_weights_alone() {
        let mut layout = Layout::default();
        layout.push(0, "0.linear", Param::weight(1, 2)).unwrap();
        layout.push(0, "0.linear", Param::bias(1)).unwrap();
        let (weights, mut values) = ([2.0_f64, -1.0, 5.0], [0.5, 0.5, 0.5]);
        let mut penalty = Penalty { l2: 0.25, then: None };
        let clipped = penalty.clip(&mut Gradients::new(&layout, &weights, &mut values).unwrap());
        // d/dw of 0.25 w^2 is w / 2.
        assert_eq!(values, [1.5, 0.0, 0.5]);
        assert_eq!(clipped.norm_before, 2.5_f64.sqrt());
        // What is clipped is the sum of both.
        let mut penalty = Penalty { l2: 0.25, then: Some(Box::new(GlobalNorm::new(1.0).unwrap())) };
        let clipped = penalty.clip(&mut Gradients::new(&layout, &weights, &mut values).unwrap());
        assert_eq!(clipped.norm_before, (2.5_f64.powi(2) + 0.25 + 0.25).sqrt());
    }
}
