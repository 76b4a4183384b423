//! Networks at their start: what a signal and a gradient become in them.

use std::sync::{Arc, Mutex};

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::common::Failure;

/// Passes everything on, and keeps the mean square of the derivative that reached it from behind.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<f64>>);

impl Recorder {
    /// The mean square of the last derivative.
    pub fn mean_square(&self) -> f64 {
        *self.0.lock().expect("no pass panics")
    }
}

impl Layer<f64> for Recorder {
    fn kind(&self) -> &'static str {
        "recorder"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().copy_from_slice(x.data());
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        *self.0.lock().expect("no pass panics") = mean_square(dy.data());
        if let Some(mut dx) = dx {
            dx.data_mut().copy_from_slice(dy.data());
        }
    }
}

/// A loss whose derivative is the target itself, whatever the output.
#[derive(Debug)]
struct Along;

impl Loss<f64> for Along {
    fn name(&self) -> &'static str {
        "along"
    }

    fn evaluate(
        &self,
        out: Rows<'_, f64>,
        target: Targets<'_, f64>,
        grad: Option<RowsMut<'_, f64>>,
    ) -> Result<f64, Error> {
        let target = target.values("Along", out.rows(), out.cols())?;
        if let Some(mut grad) = grad {
            grad.data_mut().copy_from_slice(target.data());
        }
        Ok(0.0)
    }
}

/// The mean of the squares.
pub fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64
}

/// Normal numbers whose mean square is 1 in each row of `cols`.
pub fn normal_rows(rows: usize, cols: usize, seed: u64) -> Vec<f64> {
    let mut generator = Generator::named(seed, "rows");
    let mut data: Vec<f64> = (0..rows * cols).map(|_| generator.sample::<f64, _>(StandardNormal)).collect();
    for row in data.chunks_mut(cols) {
        let size = mean_square(row).sqrt();
        row.iter_mut().for_each(|x| *x /= size);
    }
    data
}

/// Sends rows of mean square 1 forwards, and derivatives of mean square 1 back; returns the mean square of the output.
pub fn pass(network: &Network<f64>, rows: usize, seed: u64) -> Result<f64, Failure> {
    let x = normal_rows(rows, network.n_in(), seed);
    let dy = normal_rows(rows, network.n_out(), seed + (1 << 32));
    let mut workspace = network.workspace(rows)?;
    let size = mean_square(network.forward(Rows::new(&x, network.n_in())?, Mode::Train, &mut workspace)?.data());
    network.loss(&Along, Targets::Values(Rows::new(&dy, network.n_out())?), &mut workspace)?;
    network.backward(&mut workspace)?;
    Ok(size)
}

/// Mean, variance, and the standard errors of both, estimated from the sample itself.
#[derive(Debug)]
pub struct Sample {
    pub mean: f64,
    pub variance: f64,
    pub mean_error: f64,
    pub variance_error: f64,
}

impl Sample {
    /// Of at least two numbers.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let central = |power: i32| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>();
        let variance = central(2) / (n - 1.0);
        let variance_error = ((central(4) / n - variance * variance).max(0.0) / n).sqrt();
        Self { mean, variance, mean_error: (variance / n).sqrt(), variance_error }
    }
}
