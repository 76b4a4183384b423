//! The forecast: against reference values, and against networks that are drawn and measured.
//!
//! `reference.json`: fixed points, trajectories of 50 layers and correlations by composite Gauss-Legendre quadrature and Brent's method in
//! f64, and laws of finite width by sums over the number of active units; conventions: w ~ N(0, sigma_w2 / n_in), b ~ N(0, sigma_b2).

mod calibration;
mod calibration_kinds;
mod copies;
mod correlated;
mod finite_width;
mod fixed_points;
mod lsuv;
mod maps;
mod measured;
mod odd_networks;
mod orthogonal;
mod recurrent;
mod reference;
mod regimes;
mod squares;
mod structures;
mod verdicts;

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

/// An initializer that claims a variance of weights, times n_in, and of biases, and draws nothing: the forecast reads what is claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claimed {
    pub weights: f64,
    pub biases: f64,
}

impl Initializer<f64> for Claimed {
    fn fill(&self, _: &Param, _: &mut [f64], _: &mut Generator) -> Result<(), Error> {
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let variance = if param.role == Role::Weight { self.weights / param.fans.fan_in as f64 } else { self.biases };
        Some(InitMoments { mean: 0.0, variance, kurtosis: (variance > 0.0).then_some(3.0) })
    }
}

/// An activation by its name.
pub fn named(name: &str) -> Box<dyn Layer<f64>> {
    super::functions::known(name).layer
}

/// A stack of linear layers, an activation behind each but the last.
pub fn stack(depth: usize, width: usize, activation: &str, start: Claimed) -> Network<f64> {
    let mut network = Network::builder(width).weights(start).biases(start);
    for layer in 0..depth {
        network = network.layer(Linear::new(width));
        if layer + 1 < depth {
            network = network.boxed(named(activation));
        }
    }
    network.build().unwrap()
}

/// Normal numbers of that mean and deviation.
pub fn fill_normal(generator: &mut Generator, mean: f64, deviation: f64, out: &mut [f64]) {
    out.iter_mut().for_each(|x| *x = mean + deviation * generator.sample::<f64, _>(StandardNormal));
}
