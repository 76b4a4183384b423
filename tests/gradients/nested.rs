//! Layers that are made of layers, and those that only show inside of them.

use evenkeel::*;
use proptest::prelude::*;

use super::drawn::{check, numbers, size};
use super::layers::{layer_agrees, passes};
use super::{Boxed, failed, linear, network};

/// A branch that keeps its width, with a kink in it.
fn branch(width: usize) -> Residual<f64> {
    Residual::new().layer(Linear::new(9)).layer(Relu).layer(Linear::new(width)).layer(Tanh)
}

/// A residual layer of that width, behind a linear one.
fn behind_linear(width: usize, residual: Residual<f64>) -> Boxed {
    Box::new(Sequential::new().layer(Linear::new(width)).layer(residual))
}

#[test]
fn sequential_agrees() {
    layer_agrees(1.5, |width| Box::new(Sequential::new().layer(Linear::new(width))));
    layer_agrees(1.5, |_| Box::new(Sequential::new().layer(Tanh)));
    layer_agrees(1.5, |width| {
        let inner = Sequential::new().layer(Linear::new(7)).layer(LeakyRelu::default());
        Box::new(Sequential::new().layer(Tanh).layer(inner).layer(Linear::without_bias(width)).layer(Gelu))
    });
}

#[test]
fn residual_agrees() {
    layer_agrees(1.5, |width| behind_linear(width, branch(width)));
    layer_agrees(1.5, |width| behind_linear(width, branch(width).scale(-0.5).unwrap()));
    layer_agrees(1.5, |width| behind_linear(width, branch(width).learned_scale(0.75).unwrap()));
    // Without a linear layer of its own in front: the width changes.
    layer_agrees(1.5, |width| Box::new(branch(width).projection(Linear::new(width))));
    layer_agrees(1.5, |width| {
        let projection = Sequential::new().layer(Linear::new(width)).layer(Sigmoid);
        Box::new(branch(width).learned_scale(1.5).unwrap().projection(projection))
    });
}

#[test]
fn a_scale_that_starts_at_zero_agrees() {
    layer_agrees(1.5, |width| behind_linear(width, branch(width).learned_scale(0.0).unwrap()));
}

#[test]
fn three_deep_agrees() {
    layer_agrees(1.5, |width| {
        let third = Residual::new().layer(Dropout::new(0.2).unwrap()).layer(Linear::new(8)).learned_scale(0.5).unwrap();
        let second = Sequential::new().layer(Linear::new(8)).layer(Tanh).layer(third);
        Box::new(Residual::new().layer(second).layer(Relu).layer(Linear::new(width)).projection(Linear::new(width)))
    });
}

#[test]
fn dropout_agrees() {
    layer_agrees(1.5, |_| Box::new(Dropout::new(0.3).unwrap()));
}

#[test]
fn flatten_agrees() {
    layer_agrees(1.5, |_| Box::new(Flatten));
}

#[test]
fn embedding_agrees() {
    check((size(), size(), size(), size(), size(), any::<u64>()), |(rows, n_in, count, dim, n_out, seed)| {
        let layers: Vec<Boxed> = vec![Box::new(Embedding::new(count, dim)), Box::new(Tanh), linear(n_out)];
        let network = network(n_in, layers, seed).map_err(failed)?;
        let halves = numbers(rows * n_in, 0.5, seed, "x");
        let x: Vec<f64> = halves.iter().map(|x| ((x + 0.5) * count as f64).floor()).collect();
        passes(&network, &x, seed)
    });
}

/// y = l(x) + l(x), by two calls of the layer with one pass, as in a recurrence: backward is to add, and to leave the pass as it is.
#[derive(Debug)]
struct Twice<L>(L);

impl<L: Layer<f64>> Layer<f64> for Twice<L> {
    fn kind(&self) -> &'static str {
        "twice"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan { writes_gradients: false, ..self.0.plan(n_in)? })
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        self.0.forward(x, y.reborrow(), pass)?;
        self.0.forward(x, y.reborrow(), pass)?;
        y.data_mut().iter_mut().for_each(|y| *y *= 2.0);
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        y: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        mut dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        self.0.backward(x, y, dy, None, gradients, pass);
        self.0.backward(x, y, dy, dx.as_mut().map(RowsMut::reborrow), gradients, pass);
        if let Some(dx) = &mut dx {
            dx.data_mut().iter_mut().for_each(|dx| *dx *= 2.0);
        }
    }

    fn crosses_a_kink(&self, one: &Passed<'_, f64>, other: &Passed<'_, f64>) -> bool {
        self.0.crosses_a_kink(one, other)
    }
}

#[test]
fn twice_in_one_pass_agrees() {
    layer_agrees(1.5, |width| {
        let twice = Twice(branch(width).learned_scale(0.75).unwrap().projection(Linear::new(width)));
        Box::new(Sequential::new().layer(twice).layer(Twice(Gain)))
    });
}

/// y = g x, with a gradient that is never written, only added to.
#[derive(Debug)]
struct Gain;

impl Layer<f64> for Gain {
    fn kind(&self) -> &'static str {
        "gain"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        for (y, x) in y.iter_mut().zip(x.iter()) {
            y.iter_mut().zip(x).zip(pass.params).for_each(|((y, x), gain)| *y = gain * x);
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        for (x, dy) in x.iter().zip(dy.iter()) {
            gradients.iter_mut().zip(x).zip(dy).for_each(|((gradient, x), dy)| *gradient += x * dy);
        }
        let Some(mut dx) = dx else { return };
        for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
            dx.iter_mut().zip(dy).zip(pass.params).for_each(|((dx, dy), gain)| *dx = gain * dy);
        }
    }
}
