//! `Drawing`: passes through a layer, of drawn parameters, inputs and gradients.

use rand::RngExt;

use super::super::Failure;
use crate::{Generator, Layer, Mode, Param, Pass, Plan, Role, Rows, RowsMut};

/// A layer for so many inputs, and how many rows pass through it.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'a> {
    pub(super) layer: &'a dyn Layer<f64>,
    pub(super) plan: &'a Plan,
    pub(super) n_in: usize,
    pub(super) rows: usize,
}

/// What one draw shows.
pub(super) struct Draw {
    pub(super) y: Vec<f64>,
    pub(super) dx: Vec<f64>,
    /// The sum of the squares of the gradient by each parameter, for one row: those of independent rows add up.
    pub(super) squares: Vec<f64>,
    /// The mean product of an output in two rows.
    pub(super) shared: f64,
}

/// The mean of a power.
pub(super) fn mean(numbers: &[f64], power: i32) -> f64 {
    numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64
}

/// Mean and standard deviation of the numbers that a parameter is drawn from: such that sums of many inputs stay about as large as these.
pub(super) fn drawn(param: &Param) -> (f64, f64) {
    match param.role {
        Role::Weight => (0.0, 0.8 / (param.fans.fan_in.max(1) as f64).sqrt()),
        Role::Bias => (0.1, 0.3),
        Role::Gain => (0.8, 0.2),
    }
}

impl Drawing<'_> {
    /// One draw of parameters, of normal inputs with the mean and the deviation that each column has, and of gradients by the outputs which are
    /// plus or minus the size that each column has.
    pub(super) fn once(
        &self,
        generator: &mut Generator,
        of_input: impl Fn(usize) -> (f64, f64),
        of_output: impl Fn(usize) -> f64,
    ) -> Result<Draw, Failure> {
        let Self { layer, plan, n_in, rows } = *self;
        let (mut params, mut starts) = (Vec::new(), Vec::new());
        for param in &plan.params {
            let (start, (mean, deviation)) = (params.len(), drawn(param));
            starts.push(start);
            params.resize(start + param.rows * param.cols, 0.0);
            generator.fill_normal(mean, deviation, &mut params[start..]);
        }
        starts.push(params.len());
        let mut x = vec![0.0; rows * n_in];
        generator.fill_normal(0.0, 1.0, &mut x);
        for (at, x) in x.iter_mut().enumerate() {
            let (mean, deviation) = of_input(at % n_in);
            *x = mean + deviation * *x;
        }
        let (mut y, mut dx) = (vec![0.0; rows * plan.n_out], vec![0.0; rows * n_in]);
        let signed =
            |at: usize| if generator.random() { of_output(at % plan.n_out) } else { -of_output(at % plan.n_out) };
        let dy: Vec<f64> = (0..y.len()).map(signed).collect();
        let mut gradients = vec![0.0; params.len()];
        let (mut saved, mut scratch) = (vec![0.0; plan.saved_for(rows)], vec![0.0; plan.scratch_per_row * rows]);
        let mut pass = Pass {
            plan,
            mode: Mode::Train,
            params: &params,
            state: &plan.state,
            saved: &mut saved,
            scratch: &mut scratch,
            lengths: &[],
            first_row: 0,
            fresh: false,
            seed: generator.random(),
            step: 0,
        };
        let x = Rows::new(&x, n_in)?;
        layer.forward(x, RowsMut::new(&mut y, plan.n_out)?, &mut pass)?;
        let (of_y, dy) = (Rows::new(&y, plan.n_out)?, Rows::new(&dy, plan.n_out)?);
        layer.backward(x, of_y, dy, Some(RowsMut::new(&mut dx, n_in)?), &mut gradients, &mut pass);
        let square = |ends: &[usize]| gradients[ends[0]..ends[1]].iter().map(|g| g * g).sum::<f64>() / rows as f64;
        let squares = starts.windows(2).map(square).collect();
        let shared = products(of_y);
        Ok(Draw { y, dx, squares, shared })
    }
}

/// The mean product of a column in two rows: all pairs make the square of the sum without the squares.
fn products(y: Rows<'_, f64>) -> f64 {
    let rows = y.rows() as f64;
    let of_column = |column: usize| {
        let add = |(sum, squares): (f64, f64), row: &[f64]| (sum + row[column], squares + row[column] * row[column]);
        let (sum, squares) = y.iter().fold((0.0, 0.0), add);
        (sum * sum - squares) / (rows * (rows - 1.0))
    };
    (0..y.cols()).map(of_column).sum::<f64>() / y.cols() as f64
}
