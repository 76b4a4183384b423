//! Parts of a network that evenkeel does not have.

use evenkeel::{
    Clipped, Error, Float, Generator, GradientClipper, Gradients, InitMoments, Initializer, Layer, Param, Pass, Plan,
    Rows, RowsMut,
};
use rand::RngExt;

/// y = g x, with one learned gain a column.
#[derive(Debug, Clone, Copy)]
pub struct Scale;

impl<T: Float> Layer<T> for Scale {
    fn kind(&self) -> &'static str {
        "scale"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for ((y, &x), &gain) in y.iter_mut().zip(x).zip(pass.params) {
                *y = gain * x;
            }
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        for (x, dy) in x.iter().zip(dy.iter()) {
            for ((gradient, &x), &dy) in gradients.iter_mut().zip(x).zip(dy) {
                *gradient += x * dy;
            }
        }
        let Some(mut dx) = dx else { return };
        for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
            for ((dx, &dy), &gain) in dx.iter_mut().zip(dy).zip(pass.params) {
                *dx = gain * dy;
            }
        }
    }
}

/// Plus or minus 1 / sqrt(fan_in), with equal chance.
#[derive(Debug, Clone, Copy)]
pub struct Signs;

impl<T: Float> Initializer<T> for Signs {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        let size = T::of(1.0 / (param.fans.fan_in as f64).sqrt());
        out.iter_mut().for_each(|w| *w = if rng.random() { size } else { -size });
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.0, variance: 1.0 / param.fans.fan_in as f64, kurtosis: Some(1.0) })
    }
}

/// Scales all gradients so that the largest is at most the limit: unlike clipping by value, this keeps their direction.
#[derive(Debug, Clone, Copy)]
pub struct ByLargest {
    /// How large a gradient may be.
    pub limit: f64,
}

impl<T: Float> GradientClipper<T> for ByLargest {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let before = gradients.norm();
        if let Some(place) = gradients.first_non_finite() {
            return Clipped { non_finite: Some(place), ..Clipped::untouched(before) };
        }
        let largest = gradients.values().iter().fold(0.0_f64, |most, g| most.max(g.get().abs()));
        if largest <= self.limit {
            return Clipped::untouched(before);
        }
        // Divided first: the quotient is a share, while the limit over the largest may be too small a number for all its digits.
        gradients.values_mut().iter_mut().for_each(|g| *g = T::of(g.get() / largest * self.limit));
        let touched = gradients.values().len();
        Clipped { norm_before: before, norm_after: gradients.norm(), pending: 1.0, touched, non_finite: None }
    }
}
