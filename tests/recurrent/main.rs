//! Recurrent layers: against PyTorch, against plain loops, and what they promise about lengths, truncation, lags and threads.

use super::drawn;
mod golden;
mod lengths;
mod plain;
mod reference;
pub mod time;

use evenkeel::*;

/// A kind of cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Tanh,
    Relu,
    Lstm,
    Gru,
}

pub const KINDS: [Kind; 4] = [Kind::Tanh, Kind::Relu, Kind::Lstm, Kind::Gru];

/// A recurrent layer, and how it is to be used.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub kind: Kind,
    pub steps: usize,
    pub width: usize,
    pub hidden: usize,
    pub last: bool,
    pub reach: usize,
}

impl Shape {
    pub fn gates(&self) -> usize {
        match self.kind {
            Kind::Tanh | Kind::Relu => self.hidden,
            Kind::Lstm => 4 * self.hidden,
            Kind::Gru => 3 * self.hidden,
        }
    }

    pub fn layer<T: Float>(&self) -> Box<dyn Layer<T>> {
        let Self { steps, width, hidden, .. } = *self;
        match self.kind {
            Kind::Tanh => self.set(Rnn::new(steps, width, hidden)),
            Kind::Relu => self.set(Rnn::new(steps, width, hidden).map(Rnn::relu)),
            Kind::Lstm => self.set(Lstm::new(steps, width, hidden)),
            Kind::Gru => self.set(Gru::new(steps, width, hidden)),
        }
    }

    fn set<T, C>(&self, layer: Result<Recurrent<T, C>, Error>) -> Box<dyn Layer<T>>
    where
        T: Float,
        Recurrent<T, C>: Layer<T> + Settings + 'static,
    {
        Box::new(layer.unwrap().set(self.last, self.reach))
    }
}

/// The settings that all recurrent layers have.
pub trait Settings {
    fn set(self, last: bool, reach: usize) -> Self;
}

impl<T: Float> Settings for Rnn<T> {
    fn set(self, last: bool, reach: usize) -> Self {
        let layer = self.truncate(reach).unwrap();
        if last { layer.last() } else { layer }
    }
}

impl<T: Float> Settings for Lstm<T> {
    fn set(self, last: bool, reach: usize) -> Self {
        let layer = self.truncate(reach).unwrap();
        if last { layer.last() } else { layer }
    }
}

impl<T: Float> Settings for Gru<T> {
    fn set(self, last: bool, reach: usize) -> Self {
        let layer = self.truncate(reach).unwrap();
        if last { layer.last() } else { layer }
    }
}

/// A layer called by hand, with all the memory it asks for.
#[derive(Debug)]
pub struct Alone<T> {
    layer: Box<dyn Layer<T>>,
    pub plan: Plan,
    pub params: Vec<T>,
    saved: Vec<T>,
    scratch: Vec<T>,
    rows: usize,
}

impl<T: Float> Alone<T> {
    pub fn new(shape: &Shape, params: &[f64], rows: usize) -> Self {
        let layer = shape.layer();
        let plan = layer.plan(shape.steps * shape.width).unwrap();
        // What is there at first is of unknown content.
        let junk = |len: usize| vec![T::nan(); len];
        let (saved, scratch) = (junk(plan.saved_for(rows)), junk(rows * plan.scratch_per_row));
        let params: Vec<T> = params.iter().map(|&x| T::of(x)).collect();
        assert_eq!(plan.params.iter().map(|param| param.count().unwrap()).sum::<usize>(), params.len());
        Self { layer, plan, params, saved, scratch, rows }
    }

    fn pass<'a>(&'a mut self, lengths: &'a [usize], fresh: bool) -> (&'a dyn Layer<T>, Pass<'a, T>) {
        let pass = Pass {
            plan: &self.plan,
            mode: Mode::Train,
            params: &self.params,
            state: &[],
            saved: &mut self.saved,
            scratch: &mut self.scratch,
            lengths,
            first_row: 0,
            fresh,
            seed: 0,
            step: 0,
        };
        (&*self.layer, pass)
    }

    pub fn forward(&mut self, x: &[T], lengths: &[usize]) -> Result<Vec<T>, Error> {
        let (rows, n_out) = (self.rows, self.plan.n_out);
        let mut y = vec![T::nan(); rows * n_out];
        let (layer, mut pass) = self.pass(lengths, false);
        let x = Rows::new(x, x.len() / rows)?;
        layer.forward(x, RowsMut::new(&mut y, n_out)?, &mut pass).map(|()| y)
    }

    /// The derivatives by the inputs and by the parameters, after [`forward`](Self::forward).
    pub fn backward(&mut self, x: &[T], y: &[T], dy: &[T], lengths: &[usize], fresh: bool) -> (Vec<T>, Vec<T>) {
        let (rows, n_out) = (self.rows, self.plan.n_out);
        let start = if fresh { T::nan() } else { T::zero() };
        let (mut dx, mut gradients) = (vec![T::nan(); x.len()], vec![start; self.params.len()]);
        let (layer, mut pass) = self.pass(lengths, fresh);
        let (x, y) = (Rows::new(x, x.len() / rows).unwrap(), Rows::new(y, n_out).unwrap());
        let (dy, into) = (Rows::new(dy, n_out).unwrap(), RowsMut::new(&mut dx, x.cols()).unwrap());
        layer.backward(x, y, dy, Some(into), &mut gradients, &mut pass);
        (dx, gradients)
    }

    /// The norms at each lag, as the layer's plan says where they stand.
    pub fn lag_norms(&self) -> &[T] {
        let lags = &self.saved[self.saved.len() - self.plan.lags - 1..];
        &lags[1..][..lags[0].get() as usize]
    }
}

/// Whether two slices are the same, relative to the largest entry.
#[track_caller]
pub fn same<T: Float>(what: &str, found: &[T], expected: &[f64], limit: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    for (at, (found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.get() - expected).abs();
        assert!(error <= limit * largest, "{what}, entry {at}: {found}, not {expected}; {error:e} of {largest}");
    }
}
