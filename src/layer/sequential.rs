//! `Sequential`: layers in order, as one layer.

use std::mem;
use std::sync::Arc;

use super::inside::{Inside, first};
use super::{
    GradientByPosition, Layer, Mode, Moments, Pass, Passed, PassedInside, Plan, Propagated, Signal, Structure, Through,
    feeding,
};
use crate::{Bounds, Error, Float, InitMoments, Initializer, Param, Rows, RowsMut};

/// Layers in order, as one layer: what a network is made of may itself be made of layers, to any depth.
///
/// ```text
/// y = f_n(... f_2(f_1(x)))
/// ```
///
/// ```
/// use evenkeel::{Linear, Network, Relu, Sequential, Tanh};
/// let block = || Sequential::new().layer(Linear::new(8)).layer(Relu);
/// let network = Network::<f32>::builder(4)
///     .layer(block())
///     .layer(Sequential::new().layer(block()).layer(Tanh))
///     .layer(Linear::new(1))
///     .build()?;
/// assert_eq!(network.layer_names(), ["0.sequential", "1.sequential", "2.linear"]);
/// // A parameter is named after every layer that it is in.
/// assert_eq!(network.parameter("0.sequential.0.linear.weight")?.rows(), 4);
/// assert_eq!(network.parameter("1.sequential.0.sequential.0.linear.weight")?.rows(), 8);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: [`Error::Empty`] where there is no layer inside; [`Error::Layer`], with its name, where one is impossible.
///
/// # Notes
/// To the network it is one layer: the monitor watches its last output and all parameters inside, and clipping by layer takes them
/// together. Weights start as the layer behind theirs asks for, be that inside or outside.
#[derive(Debug, Clone, Default)]
pub struct Sequential<T> {
    layers: Vec<Arc<dyn Layer<T>>>,
}

impl<T: Float> Sequential<T> {
    /// With no layer yet.
    pub fn new() -> Self {
        Self { layers: Vec::new() }
    }

    /// With one more layer, behind those already there.
    pub fn layer(self, layer: impl Layer<T> + 'static) -> Self {
        self.shared(Arc::new(layer))
    }

    /// With one more layer whose type is only known when the program runs.
    pub fn boxed(self, layer: Box<dyn Layer<T>>) -> Self {
        self.shared(layer.into())
    }

    fn shared(mut self, layer: Arc<dyn Layer<T>>) -> Self {
        self.layers.push(layer);
        self
    }

    /// The name of a layer inside.
    fn name(&self, index: usize) -> String {
        format!("{index}.{}", self.layers[index].kind())
    }

    /// Which layer inside a parameter belongs to, and how that knows it.
    fn owner(&self, param: &Param) -> Option<(usize, Param)> {
        let (index, rest) = param.name.split_once('.')?;
        let index: usize = index.parse().ok()?;
        let name = rest.strip_prefix(self.layers.get(index)?.kind())?.strip_prefix('.')?;
        Some((index, Param { name: name.to_owned(), ..param.clone() }))
    }

    /// The moments of what goes into each layer, position by position, and of what comes out of the last.
    fn inputs(&self, plan: &Plan, x: &[Moments], mut weights: &[InitMoments]) -> Option<Vec<Vec<Moments>>> {
        let mut inputs = vec![x.to_vec()];
        for (layer, plan) in self.layers.iter().zip(&plan.inside) {
            let y = layer.moments_by_position(plan, inputs.last()?, weights.split_off(..plan.params.len())?)?;
            inputs.push(y);
        }
        Some(inputs)
    }

    /// The layers inside, and what a pass left of each.
    fn passed<'a>(&'a self, whole: &Passed<'a, T>) -> impl Iterator<Item = (&'a dyn Layer<T>, Passed<'a, T>)> {
        let Passed { plan, x: mut next, y, saved } = *whole;
        let rows = y.rows();
        let (mut between, mut saved) = saved.split_at(rows * width_between(plan));
        self.layers.iter().zip(&plan.inside).enumerate().map(move |(index, (layer, plan))| {
            let x = next;
            if index + 1 < self.layers.len() {
                let values = between.split_off(..rows * plan.n_out).unwrap_or_default();
                next = Rows::of(values, plan.n_out);
            } else {
                next = y;
            }
            let saved = saved.split_off(..plan.saved_for(rows)).unwrap_or_default();
            (&**layer, Passed { plan, x, y: next, saved })
        })
    }
}

impl<T> From<Vec<Arc<dyn Layer<T>>>> for Sequential<T> {
    fn from(layers: Vec<Arc<dyn Layer<T>>>) -> Self {
        Self { layers }
    }
}

/// How many numbers of a row stand between the layers inside, in all.
fn width_between(plan: &Plan) -> usize {
    let between = plan.inside.len().saturating_sub(1);
    plan.inside[..between].iter().fold(0, |sum, plan| sum.saturating_add(plan.n_out))
}

/// How many numbers of a row stand between two layers inside, at most.
fn widest_between(plan: &Plan) -> usize {
    let between = plan.inside.len().saturating_sub(1);
    plan.inside[..between].iter().map(|plan| plan.n_out).max().unwrap_or(0)
}

/// How many such rows there is room for: a layer inside reads one and writes the other, unless it is the first or the last.
fn rooms(plan: &Plan) -> usize {
    plan.inside.len().saturating_sub(1).min(2)
}

impl<T: Float> Layer<T> for Sequential<T> {
    fn kind(&self) -> &'static str {
        "sequential"
    }

    fn structure(&self) -> Structure {
        Structure::InTurn
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        if self.layers.is_empty() {
            return Err(Error::Empty { what: "the list of layers" });
        }
        let mut plan = Plan::new(n_in);
        let mut scratch = 0;
        for (index, layer) in self.layers.iter().enumerate() {
            let inside = layer.plan(plan.n_out).and_then(|inside| {
                Error::at_least_one("Plan", "n_out", inside.n_out)?;
                Ok(inside)
            });
            let name = self.name(index);
            let inside = inside.map_err(|error| error.in_layer(&name))?;
            let named = |param: &Param| Param { name: format!("{name}.{}", param.name), ..param.clone() };
            plan.params.extend(inside.params.iter().map(named));
            plan.state.extend_from_slice(&inside.state);
            // Sums beyond `usize` are as much beyond every limit of memory as `usize::MAX` is.
            plan.saved_per_row = plan.saved_per_row.saturating_add(inside.saved_per_row);
            plan.saved = plan.saved.saturating_add(inside.saved);
            scratch = inside.scratch_per_row.max(scratch);
            plan.n_out = inside.n_out;
            plan.channels = inside.channels.or(plan.channels);
            plan.inside.push(inside);
        }
        plan.saved_per_row = plan.saved_per_row.saturating_add(width_between(&plan));
        plan.scratch_per_row = scratch.saturating_add(rooms(&plan).saturating_mul(widest_between(&plan)));
        Ok(plan.writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (rows, plan) = (x.rows(), pass.plan);
        let train = pass.mode == Mode::Train;
        let (mut inside, scratch) = Inside::of(pass, rows);
        let mut between = inside.keep(rows * width_between(plan));
        let widest = rows * widest_between(plan);
        let (room, scratch) = scratch.split_at_mut(rooms(plan) * widest);
        let (mut spare, mut before) = room.split_at_mut(widest);
        let mut n_in = x.cols();
        for (index, (layer, plan)) in self.layers.iter().zip(&plan.inside).enumerate() {
            let is_last = index + 1 == self.layers.len();
            let width = if is_last { 0 } else { rows * plan.n_out };
            // Values that nobody will ask for again take turns in two places, which so stay in the cache.
            let after = if train { first(&mut between, width) } else { mem::take(&mut spare) };
            let x = if index == 0 { x } else { Rows::of(&before[..rows * n_in], n_in) };
            let y = if is_last { y.reborrow() } else { RowsMut::of(&mut after[..width], plan.n_out) };
            let done = layer.forward(x, y, &mut inside.first(index, plan, scratch));
            done.map_err(|error| error.in_layer(&self.name(index)))?;
            spare = mem::replace(&mut before, after);
            n_in = plan.n_out;
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        y: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        mut gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let (rows, plan) = (x.rows(), pass.plan);
        let (mut inside, scratch) = Inside::of(pass, rows);
        let mut between = &*inside.keep(rows * width_between(plan));
        let widest = rows * widest_between(plan);
        let (room, scratch) = scratch.split_at_mut(rooms(plan) * widest);
        let (mut to, mut from) = room.split_at_mut(widest);
        // Where nobody asks for the derivative by x, there is nothing to do before the first parameter.
        let with_parameters = || plan.inside.iter().position(|plan| !plan.params.is_empty());
        let reached = if dx.is_some() { Some(0) } else { with_parameters() }.unwrap_or(self.layers.len());
        let mut y = y;
        for (index, layer) in self.layers.iter().enumerate().skip(reached).rev() {
            let Plan { n_out, .. } = plan.inside[index];
            let x = if index == 0 { x } else { last_rows(&mut between, rows, plan.inside[index - 1].n_out) };
            let is_last = index + 1 == self.layers.len();
            let dy = if is_last { dy } else { Rows::of(&from[..rows * n_out], n_out) };
            let dx = if index == 0 {
                dx.take()
            } else {
                (index > reached).then(|| RowsMut::of(&mut to[..rows * x.cols()], x.cols()))
            };
            let (mut pass, gradients) = inside.last(index, &plan.inside[index], scratch, &mut gradients);
            layer.backward(x, y, dy, dx, gradients, &mut pass);
            y = x;
            mem::swap(&mut to, &mut from);
        }
    }

    fn commit(&self, passed: &Passed<'_, T>, mut state: &mut [T]) {
        for (layer, passed) in self.passed(passed) {
            layer.commit(&passed, first(&mut state, passed.plan.state.len()));
        }
    }

    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = self.propagate(plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, mut weights: &[InitMoments]) -> Option<Through<'a>> {
        let start = Through { chooses: 1.0, y: x, back: Some(1.0), squares: Some(Vec::new()) };
        self.layers.iter().zip(&plan.inside).enumerate().try_fold(start, |so_far, (index, (layer, plan))| {
            let of_layer = layer.propagate(plan, so_far.y, weights.split_off(..plan.params.len())?)?;
            // What the first one chooses is for the layer in front of all of them.
            let (chooses, within) =
                if index == 0 { (of_layer.chooses, 1.0) } else { (so_far.chooses, of_layer.chooses) };
            let here = of_layer.back.map(|back| within * back);
            let back = so_far.back.zip(here).map(|(before, here)| before * here);
            // The layers before have what this one hands back.
            let handed_back = |square: &f64| here.map(|here| square * here);
            let before: Option<Vec<_>> = so_far.squares.and_then(|before| before.iter().map(handed_back).collect());
            let squares = before.zip(of_layer.squares).map(|(before, own)| [before, own].concat());
            Some(Through { y: of_layer.y, back, chooses, squares })
        })
    }

    fn moments_by_position(&self, plan: &Plan, x: &[Moments], weights: &[InitMoments]) -> Option<Vec<Moments>> {
        self.inputs(plan, x, weights)?.pop()
    }

    fn gradient_by_position(
        &self,
        plan: &Plan,
        x: &[Moments],
        mut weights: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        let inputs = self.inputs(plan, x, weights)?;
        let mut drawn = Vec::with_capacity(self.layers.len());
        for plan in &plan.inside {
            drawn.push(weights.split_off(..plan.params.len())?);
        }
        let (mut gradient, mut of_layers) = (dy.to_vec(), Vec::with_capacity(self.layers.len()));
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let of_layer = layer.gradient_by_position(&plan.inside[index], &inputs[index], drawn[index], &gradient)?;
            gradient = of_layer.by_input;
            of_layers.push(of_layer.by_parameters);
        }
        let by_parameters = of_layers.into_iter().rev().flatten().collect();
        Some(GradientByPosition { by_input: gradient, by_parameters })
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        self.propagate(plan, Signal::independent(x), weights)?.squares
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        let (index, param) = self.owner(param)?;
        self.layers[index].initializer(&param)
    }

    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        feeding(self.layers.iter().map(|layer| &**layer), None)
    }

    fn hands_on_initializer(&self) -> bool {
        self.layers.iter().all(|layer| layer.hands_on_initializer())
    }

    fn fitting_initializer(
        &self,
        param: &Param,
        behind: Option<Box<dyn Initializer<T>>>,
    ) -> Option<Box<dyn Initializer<T>>> {
        let (index, param) = self.owner(param)?;
        let behind = feeding(self.layers[index + 1..].iter().map(|layer| &**layer), behind);
        self.layers[index].fitting_initializer(&param, behind)
    }

    fn children(&self) -> Vec<&dyn Layer<T>> {
        self.layers.iter().map(|layer| &**layer).collect()
    }

    fn inside<'a>(&'a self, passed: &Passed<'a, T>) -> Vec<PassedInside<'a, T>> {
        let named = |(index, (layer, passed))| PassedInside { name: self.name(index), layer, passed };
        self.passed(passed).enumerate().map(named).collect()
    }

    fn bounds(&self) -> Bounds {
        self.layers.last().map_or(Bounds::NONE, |last| last.bounds())
    }

    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        self.passed(one).zip(self.passed(other)).any(|((layer, one), (_, other))| layer.crosses_a_kink(&one, &other))
    }
}

/// Cuts off the last numbers, as rows.
fn last_rows<'a, T>(numbers: &mut &'a [T], rows: usize, cols: usize) -> Rows<'a, T> {
    let start = numbers.len() - rows * cols;
    Rows::of(numbers.split_off(start..).unwrap_or_default(), cols)
}
