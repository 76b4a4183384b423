//! `PerStep`: a layer applied to every step of a sequence.

use std::sync::Arc;

use super::groups::groups;
use super::{Layer, Moments, Pass, Passed, PassedInside, Plan, Propagated, Signal, Through};
use crate::{Bounds, Error, Float, InitMoments, Initializer, Param, Rows, RowsMut};

/// One layer, the same for every step: a row of `steps * width` numbers is seen as `steps` rows of `width`.
///
/// ```text
/// y[row, step] = layer(x[row, step])
/// ```
///
/// With [`LayerNorm::over`](crate::LayerNorm::over) and [`MultiHeadAttention`](crate::MultiHeadAttention) it makes the blocks of a
/// transformer; on images whose channels come last it is a convolution of one pixel.
///
/// ```
/// use evenkeel::{Gelu, LayerNorm, Linear, MultiHeadAttention, Network, PerStep};
/// let (steps, width) = (10, 8);
/// let network = Network::<f32>::builder(steps * width)
///     .layer(LayerNorm::over(width))
///     .layer(MultiHeadAttention::new(width, 2).causal())
///     .layer(PerStep::new(width, Linear::new(4 * width)))
///     .layer(Gelu)
///     .layer(PerStep::new(4 * width, Linear::new(width)))
///     .build()?;
/// assert_eq!(network.n_out(), steps * width);
/// assert_eq!(network.parameter("2.per_step.linear.weight")?.rows(), width);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: for a width of 0, rows that are no whole number of steps, and whatever the layer itself refuses.
///
/// # Notes
/// It costs nothing: the numbers stand where they are. Elementwise layers, and norms with a width of their own, need no such wrapper. Steps
/// that are only padding pass through the layer like all others.
#[derive(Debug, Clone)]
pub struct PerStep<T> {
    width: usize,
    layer: Arc<dyn Layer<T>>,
}

impl<T: Float> PerStep<T> {
    /// That layer, on steps of `width` numbers.
    pub fn new(width: usize, layer: impl Layer<T> + 'static) -> Self {
        Self { width, layer: Arc::new(layer) }
    }

    /// A parameter, as the layer inside knows it.
    fn own_name(&self, param: &Param) -> Option<Param> {
        let name = param.name.strip_prefix(self.layer.kind())?.strip_prefix('.')?;
        Some(Param { name: name.to_owned(), ..param.clone() })
    }

    /// What the layer inside left, for the rows that it has seen.
    fn of_step<'a>(&self, passed: &Passed<'a, T>) -> Passed<'a, T> {
        let plan = &passed.plan.inside[0];
        let (x, y) = (Rows::of(passed.x.data(), self.width), Rows::of(passed.y.data(), plan.n_out));
        Passed { plan, x, y, saved: passed.saved }
    }
}

/// The same pass over rows of so many steps, for the layer inside: to it, each step is a row, which has no steps of its own.
fn inside<'a, T>(pass: &'a mut Pass<'_, T>, steps: usize) -> Pass<'a, T> {
    let Pass { plan, mode, params, state, ref mut saved, ref mut scratch, first_row, fresh, seed, step, .. } = *pass;
    let first_row = first_row * steps;
    Pass { plan: &plan.inside[0], mode, params, state, saved, scratch, lengths: &[], first_row, fresh, seed, step }
}

impl<T: Float> Layer<T> for PerStep<T> {
    fn kind(&self) -> &'static str {
        "per_step"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let what = "the numbers of a row, in whole steps of PerStep's width";
        let steps = groups("PerStep", "width", what, n_in, self.width)?;
        let inner = self.layer.plan(self.width)?;
        Error::at_least_one("Plan", "n_out", inner.n_out)?;
        let named = |param: &Param| Param { name: format!("{}.{}", self.layer.kind(), param.name), ..param.clone() };
        Ok(Plan {
            // What cannot be counted is beyond any limit, too.
            n_out: inner.n_out.saturating_mul(steps),
            params: inner.params.iter().map(named).collect(),
            state: inner.state.clone(),
            saved_per_row: inner.saved_per_row.saturating_mul(steps),
            saved: inner.saved,
            // It is the outer plan that a prediction makes room by.
            saved_by_backward: 0,
            scratch_per_row: inner.scratch_per_row.saturating_mul(steps),
            operations_per_row: inner.operations().saturating_mul(steps),
            lags: 0,
            writes_gradients: inner.writes_gradients,
            channels: Some(inner.channels.unwrap_or(inner.n_out)),
            inside: vec![inner],
        })
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let mut pass = inside(pass, x.cols() / self.width);
        let n_out = pass.plan.n_out;
        self.layer.forward(Rows::of(x.data(), self.width), RowsMut::of(y.data_mut(), n_out), &mut pass)
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        y: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let mut pass = inside(pass, x.cols() / self.width);
        let n_out = pass.plan.n_out;
        let (x, y, dy) = (Rows::of(x.data(), self.width), Rows::of(y.data(), n_out), Rows::of(dy.data(), n_out));
        let dx = dx.as_mut().map(|dx| RowsMut::of(dx.data_mut(), self.width));
        self.layer.backward(x, y, dy, dx, gradients, &mut pass);
    }

    fn commit(&self, passed: &Passed<'_, T>, state: &mut [T]) {
        self.layer.commit(&self.of_step(passed), state);
    }

    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        self.layer.moments(plan.inside.first()?, x, weights)
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let inside = plan.inside.first()?;
        let through = self.layer.propagate(inside, x, weights)?;
        let squares = through.squares.map(|of_step| of_all_steps(plan, inside, of_step));
        Some(Through { squares, ..through })
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        let inside = plan.inside.first()?;
        Some(of_all_steps(plan, inside, self.layer.gradient_squares(inside, x, weights)?))
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        self.layer.initializer(&self.own_name(param)?)
    }

    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        self.layer.feeding_initializer()
    }

    fn hands_on_initializer(&self) -> bool {
        self.layer.hands_on_initializer()
    }

    fn fitting_initializer(
        &self,
        param: &Param,
        behind: Option<Box<dyn Initializer<T>>>,
    ) -> Option<Box<dyn Initializer<T>>> {
        self.layer.fitting_initializer(&self.own_name(param)?, behind)
    }

    fn bounds(&self) -> Bounds {
        self.layer.bounds()
    }

    fn kinks(&self) -> &[f64] {
        self.layer.kinks()
    }

    fn inside<'a>(&'a self, passed: &Passed<'a, T>) -> Vec<PassedInside<'a, T>> {
        let name = self.layer.kind().to_owned();
        vec![PassedInside { name, layer: &*self.layer, passed: self.of_step(passed) }]
    }

    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        self.layer.crosses_a_kink(&self.of_step(one), &self.of_step(other))
    }
}

/// The squares of gradients that every step adds to.
fn of_all_steps(plan: &Plan, inside: &Plan, of_step: Vec<f64>) -> Vec<f64> {
    let steps = (plan.n_out / inside.n_out) as f64;
    of_step.iter().map(|square| steps * square).collect()
}
