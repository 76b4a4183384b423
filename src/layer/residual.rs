//! `Residual`: layers that add to what passes by them.

use std::sync::Arc;

use super::by_position::{at, common};
use super::inside::{Inside, first, last};
use super::moments::second;
use super::ways::{added, join_ways, scaled, scaled_and_summed};
use super::{
    GradientByPosition, Layer, Moments, Pass, Passed, PassedInside, Plan, Propagated, Sequential, Signal, Structure,
    Through,
};
use crate::{Constant, Error, Fans, Float, InitMoments, Initializer, Param, Role, Rows, RowsMut};

/// Layers whose output is added to their input: the branch F, beside a way on which values and gradients pass unchanged.
///
/// ```text
/// y = P(x) + s F(x)          dx = P'(x) dy + s F'(x) dy          ds += sum of dy F(x)
/// ```
///
/// P is the identity unless there is a [projection](Self::projection); s is 1, another [number](Self::scale), or
/// [learned](Self::learned_scale).
///
/// ```
/// use evenkeel::{Linear, Network, Relu, Residual};
/// let branch = || Residual::new().layer(Relu).layer(Linear::new(16));
/// let network = Network::<f32>::builder(4)
///     .layer(Linear::new(16))
///     .layer(branch().scale(0.5)?)
///     .layer(branch().learned_scale(0.0)?)
///     .layer(Residual::new().layer(Linear::new(3)).projection(Linear::without_bias(3)))
///     .build()?;
/// assert_eq!(network.parameter("1.residual.1.linear.weight")?.rows(), 16);
/// assert_eq!(network.parameter("2.residual.scale")?.data(), [0.0]);
/// assert_eq!(network.parameter("3.residual.projection.weight")?.cols(), 3);
/// // The branch is as wide as what it is added to.
/// let refused = Network::<f32>::builder(4).layer(Residual::new().layer(Linear::new(5))).build().unwrap_err();
/// assert!(refused.to_string().ends_with("expected 4, found 5"), "{refused}");
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: [`Error::Size`] where the branch and what it is added to differ in width; [`Error::Empty`] where it has no
/// layers; [`Error::Layer`], with its name, where one of them is impossible.
///
/// # Notes
/// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016. A learned scale that starts at 0 makes every block the
/// identity at first, so that signals keep their size through any depth: Bachlechner et al., "ReZero is all you need: fast convergence
/// at large depth", 2021. There the first step moves the scales alone, since the gradients of all else in the branch are 0.
#[derive(Debug, Clone)]
pub struct Residual<T> {
    branch: Sequential<T>,
    projection: Option<Arc<dyn Layer<T>>>,
    scale: Scale,
}

/// What the branch is multiplied by.
#[derive(Debug, Clone, Copy)]
enum Scale {
    Fixed(f64),
    Learned(Constant),
}

/// The name of the learned scale.
const SCALE: &str = "scale";
/// The name of the projection: with a dot behind it, how the names of its parameters start.
const PROJECTION: &str = "projection";

impl<T: Float> Residual<T> {
    /// With no layer on the branch yet, a scale of 1 and no projection.
    pub fn new() -> Self {
        Self::from(Sequential::new())
    }

    /// With one more layer on the branch, behind those already there.
    pub fn layer(self, layer: impl Layer<T> + 'static) -> Self {
        Self { branch: self.branch.layer(layer), ..self }
    }

    /// With one more layer on the branch whose type is only known when the program runs.
    pub fn boxed(self, layer: Box<dyn Layer<T>>) -> Self {
        Self { branch: self.branch.boxed(layer), ..self }
    }

    /// With a branch that is multiplied by a number.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not finite.
    pub fn scale(self, scale: f64) -> Result<Self, Error> {
        Ok(Self { scale: Scale::Fixed(Error::finite("Residual", SCALE, scale)?), ..self })
    }

    /// With a branch that is multiplied by a parameter, named `scale`, that starts as this number: 0 for ReZero.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not finite.
    pub fn learned_scale(self, start: f64) -> Result<Self, Error> {
        let start = Error::finite("Residual", "learned_scale", start)?;
        Ok(Self { scale: Scale::Learned(Constant::new(start)?), ..self })
    }

    /// With a layer on the other way, in place of the identity: where the branch changes the width.
    pub fn projection(self, layer: impl Layer<T> + 'static) -> Self {
        Self { projection: Some(Arc::new(layer)), ..self }
    }

    /// What the branch is multiplied by in this pass.
    fn scale_in(&self, inside: &mut Inside<'_, T>) -> T {
        match self.scale {
            Scale::Fixed(scale) => T::of(scale),
            Scale::Learned(_) => inside.own(1)[0],
        }
    }

    /// The moments of what the branch is multiplied by at the start; `rest` are those of the last parameters.
    fn scale_drawn(&self, rest: &[InitMoments]) -> Option<InitMoments> {
        match self.scale {
            Scale::Fixed(scale) => Some(InitMoments { mean: scale, variance: 0.0, kurtosis: None }),
            Scale::Learned(_) => rest.first().copied(),
        }
    }

    /// Whether the derivative that enters the branch is `dy` itself.
    fn is_plain(&self) -> bool {
        matches!(self.scale, Scale::Fixed(1.0))
    }

    /// The branch, and the projection if there is one, with what a pass left of each.
    fn passed<'a>(&'a self, whole: &Passed<'a, T>) -> impl Iterator<Item = (&'a dyn Layer<T>, Passed<'a, T>)> {
        let Passed { plan, x, y, saved } = *whole;
        let (mut outputs, mut saved) = saved.split_at(plan.inside.len() * y.data().len());
        let layers = [Some(&self.branch as &dyn Layer<T>), self.projection.as_deref()];
        layers.into_iter().flatten().zip(&plan.inside).map(move |(layer, plan)| {
            let y = Rows::of(outputs.split_off(..y.data().len()).unwrap_or_default(), plan.n_out);
            let saved = saved.split_off(..plan.saved_for(x.rows())).unwrap_or_default();
            (layer, Passed { plan, x, y, saved })
        })
    }
}

impl<T: Float> Default for Residual<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Sequential<T>> for Residual<T> {
    fn from(branch: Sequential<T>) -> Self {
        Self { branch, projection: None, scale: Scale::Fixed(1.0) }
    }
}

impl<T: Float> Layer<T> for Residual<T> {
    fn kind(&self) -> &'static str {
        "residual"
    }

    fn structure(&self) -> Structure {
        Structure::Residual
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let branch = self.branch.plan(n_in)?;
        let n_out = branch.n_out;
        let mut plan = Plan { channels: branch.channels, ..Plan::new(n_out) };
        plan.params.extend_from_slice(&branch.params);
        plan.inside.push(branch);
        if let Some(layer) = &self.projection {
            let projection = layer.plan(n_in).map_err(|error| error.in_layer(PROJECTION))?;
            let what = "the outputs of the branch, against those of its projection";
            Error::same_size(what, projection.n_out, n_out)?;
            let named = |param: &Param| Param { name: format!("{PROJECTION}.{}", param.name), ..param.clone() };
            plan.params.extend(projection.params.iter().map(named));
            plan.inside.push(projection);
            // Room for what the projection adds to dx.
            plan.scratch_per_row = n_in;
        } else {
            Error::same_size("the outputs of the branch, which has no projection, against its inputs", n_in, n_out)?;
        }
        if matches!(self.scale, Scale::Learned(_)) {
            let fans = Fans { fan_in: 1, fan_out: 1 };
            plan.params.push(Param { name: SCALE.to_owned(), role: Role::Gain, rows: 1, cols: 1, unit_axis: 1, fans });
        }
        if !self.is_plain() {
            plan.scratch_per_row = plan.scratch_per_row.saturating_add(n_out);
        }
        for inside in &plan.inside {
            plan.state.extend_from_slice(&inside.state);
            // Its output is kept as well: backward may ask for it.
            plan.saved_per_row = plan.saved_per_row.saturating_add(inside.saved_per_row).saturating_add(n_out);
            plan.saved = plan.saved.saturating_add(inside.saved);
        }
        let scratch = plan.inside.iter().map(|inside| inside.scratch_per_row).max().unwrap_or(0);
        plan.scratch_per_row = plan.scratch_per_row.saturating_add(scratch);
        Ok(plan.writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (rows, n_out, plan) = (x.rows(), y.cols(), pass.plan);
        let (mut inside, scratch) = Inside::of(pass, rows);
        let scale = self.scale_in(&mut inside);
        let outputs = inside.keep(plan.inside.len() * rows * n_out);
        let (branch, projected) = outputs.split_at_mut(rows * n_out);
        self.branch.forward(x, RowsMut::of(branch, n_out), &mut inside.first(0, &plan.inside[0], scratch))?;
        let mut skip = x.data();
        if let Some(layer) = &self.projection {
            let pass = &mut inside.first(1, &plan.inside[1], scratch);
            let done = layer.forward(x, RowsMut::of(projected, n_out), pass);
            done.map_err(|error| error.in_layer(PROJECTION))?;
            skip = projected;
        }
        join_ways(skip, scale, branch, y.data_mut());
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        mut gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let (rows, n_out, plan, fresh) = (x.rows(), dy.cols(), pass.plan, pass.fresh);
        let (mut inside, scratch) = Inside::of(pass, rows);
        let scale = self.scale_in(&mut inside);
        let outputs = &*inside.keep(plan.inside.len() * rows * n_out);
        let (branch, projected) = outputs.split_at(rows * n_out);
        let (into_branch, scratch) = scratch.split_at_mut(if self.is_plain() { 0 } else { rows * n_out });
        let mut branch_dy = dy;
        match self.scale {
            Scale::Learned(_) => {
                let sum = scaled_and_summed(scale, branch, dy.data(), into_branch);
                for gradient in last(&mut gradients, 1) {
                    *gradient = if fresh { sum } else { *gradient + sum };
                }
                branch_dy = Rows::of(into_branch, n_out);
            }
            Scale::Fixed(_) if !self.is_plain() => {
                scaled(scale, dy.data(), into_branch);
                branch_dy = Rows::of(into_branch, n_out);
            }
            Scale::Fixed(_) => {}
        }
        let mut skip = dy.data();
        let mut scratch = scratch;
        if let Some(layer) = &self.projection {
            let (room, rest) = scratch.split_at_mut(x.data().len());
            let wanted = dx.is_some().then(|| RowsMut::of(room, x.cols()));
            let (mut pass, gradients) = inside.last(1, &plan.inside[1], rest, &mut gradients);
            layer.backward(x, Rows::of(projected, n_out), dy, wanted, gradients, &mut pass);
            (skip, scratch) = (room, rest);
        }
        let (mut pass, gradients) = inside.last(0, &plan.inside[0], scratch, &mut gradients);
        let wanted = dx.as_mut().map(RowsMut::reborrow);
        self.branch.backward(x, Rows::of(branch, n_out), branch_dy, wanted, gradients, &mut pass);
        if let Some(dx) = &mut dx {
            added(skip, dx.data_mut());
        }
    }

    fn commit(&self, passed: &Passed<'_, T>, mut state: &mut [T]) {
        for (layer, passed) in self.passed(passed) {
            layer.commit(&passed, first(&mut state, passed.plan.state.len()));
        }
    }

    fn moments_by_position(&self, plan: &Plan, x: &[Moments], mut weights: &[InitMoments]) -> Option<Vec<Moments>> {
        let mut inside = plan.inside.iter();
        let mut made = |layer: &dyn Layer<T>| {
            let plan = inside.next()?;
            layer.moments_by_position(plan, x, weights.split_off(..plan.params.len())?)
        };
        let branch = made(&self.branch)?;
        let skip = match self.projection.as_deref() {
            Some(layer) => made(layer)?,
            None => x.to_vec(),
        };
        let scale = self.scale_drawn(weights)?;
        let positions = common(branch.len(), skip.len())?;
        Some((0..positions).map(|position| joined(at(&skip, position), at(&branch, position), scale)).collect())
    }

    fn gradient_by_position(
        &self,
        plan: &Plan,
        x: &[Moments],
        mut weights: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        let mut inside = plan.inside.iter();
        let mut next = || {
            let plan = inside.next()?;
            Some((plan, weights.split_off(..plan.params.len())?))
        };
        let (of_branch, branch_weights) = next()?;
        let projection = match self.projection.as_deref() {
            Some(layer) => Some((layer, next()?)),
            None => None,
        };
        let scale = self.scale_drawn(weights)?;
        let into_branch: Vec<f64> = dy.iter().map(|dy| second(scale) * dy).collect();
        let branch = Layer::<T>::gradient_by_position(&self.branch, of_branch, x, branch_weights, &into_branch)?;
        let skip = match projection {
            Some((layer, (plan, weights))) => layer.gradient_by_position(plan, x, weights, dy)?,
            None => GradientByPosition { by_input: dy.to_vec(), by_parameters: Vec::new() },
        };
        let mut by_parameters = branch.by_parameters;
        by_parameters.extend(skip.by_parameters);
        if let Scale::Learned(_) = self.scale {
            let made = Layer::<T>::moments_by_position(&self.branch, of_branch, x, branch_weights)?;
            let positions = common(made.len(), dy.len())?;
            let products = (0..positions).map(|position| at(&made, position).second * at(dy, position)).sum::<f64>();
            by_parameters.push(plan.n_out as f64 * products / positions as f64);
        }
        let positions = common(branch.by_input.len(), skip.by_input.len())?;
        let both = |position: usize| at(&branch.by_input, position) + at(&skip.by_input, position);
        Some(GradientByPosition { by_input: (0..positions).map(both).collect(), by_parameters })
    }

    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = self.propagate(plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    /// The branch and the way around it are taken for independent, which they are where the branch ends in weights of mean 0.
    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, mut weights: &[InitMoments]) -> Option<Through<'a>> {
        let mut inside = plan.inside.iter();
        let mut through = |layer: &'a dyn Layer<T>| {
            let plan = inside.next()?;
            layer.propagate(plan, x, weights.split_off(..plan.params.len())?)
        };
        let branch = through(&self.branch)?;
        let skip = match self.projection.as_deref() {
            Some(layer) => through(layer)?,
            None => Through { chooses: 1.0, y: x, back: Some(1.0), squares: Some(Vec::new()) },
        };
        let (scale, learned) = match self.scale {
            Scale::Fixed(scale) => (InitMoments { mean: scale, variance: 0.0, kurtosis: None }, None),
            Scale::Learned(_) => (*weights.first()?, Some(plan.n_out as f64 * branch.y.moments.second)),
        };
        let square = second(scale);
        let both = 2.0 * scale.mean * branch.y.moments.mean * skip.y.moments.mean;
        let moments = Moments {
            mean: skip.y.moments.mean + scale.mean * branch.y.moments.mean,
            second: skip.y.moments.second + square * branch.y.moments.second + both,
        };
        let shared = skip.y.shared.zip(branch.y.shared).map(|(skip, branch)| skip + square * branch + both);
        // A branch that nothing comes out of hands nothing back, known or not.
        let of_branch = if square == 0.0 { Some(0.0) } else { branch.back.map(|back| square * back) };
        let squares = branch.squares.zip(skip.squares);
        let squares = squares
            .map(|(of_branch, of_skip)| of_branch.iter().map(|of| square * of).chain(of_skip).chain(learned).collect());
        let backs = skip.back.zip(of_branch);
        let back = backs.map(|(skip, branch)| skip + branch);
        let chosen = backs.map(|(of_skip, of_branch)| of_skip * skip.chooses + of_branch * branch.chooses);
        let chooses = chosen.zip(back).map_or(1.0, |(chosen, back)| if back > 0.0 { chosen / back } else { 1.0 });
        Some(Through { y: Signal { shared, ..Signal::unknown(moments) }, back, chooses, squares })
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        self.propagate(plan, Signal::independent(x), weights)?.squares
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        match (&self.scale, &self.projection, of_projection(param)) {
            (Scale::Learned(start), ..) if param.name == SCALE => Some(start),
            (_, Some(layer), Some(param)) => layer.initializer(&param),
            _ => self.branch.initializer(param),
        }
    }

    fn fitting_initializer(
        &self,
        param: &Param,
        behind: Option<Box<dyn Initializer<T>>>,
    ) -> Option<Box<dyn Initializer<T>>> {
        match (&self.projection, of_projection(param)) {
            (Some(layer), Some(param)) => layer.fitting_initializer(&param, behind),
            _ => self.branch.fitting_initializer(param, behind),
        }
    }

    fn children(&self) -> Vec<&dyn Layer<T>> {
        [Some(&self.branch as &dyn Layer<T>), self.projection.as_deref()].into_iter().flatten().collect()
    }

    fn inside<'a>(&'a self, passed: &Passed<'a, T>) -> Vec<PassedInside<'a, T>> {
        let names = ["", PROJECTION].into_iter();
        let named = |((layer, passed), name): ((&'a dyn Layer<T>, Passed<'a, T>), &str)| PassedInside {
            name: name.to_owned(),
            layer,
            passed,
        };
        self.passed(passed).zip(names).map(named).collect()
    }

    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        self.passed(one).zip(self.passed(other)).any(|((layer, one), (_, other))| layer.crosses_a_kink(&one, &other))
    }
}

/// The moments of the sum of both ways, which are taken for independent.
fn joined(skip: Moments, branch: Moments, scale: InitMoments) -> Moments {
    let both = 2.0 * scale.mean * branch.mean * skip.mean;
    Moments { mean: skip.mean + scale.mean * branch.mean, second: skip.second + second(scale) * branch.second + both }
}

/// A parameter of the projection, as that knows it.
fn of_projection(param: &Param) -> Option<Param> {
    let name = param.name.strip_prefix(PROJECTION)?.strip_prefix('.')?;
    Some(Param { name: name.to_owned(), ..param.clone() })
}
