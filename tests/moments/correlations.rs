//! What an activation leaves of the correlation of two inputs, against a quadrature of the tests' own.

use evenkeel::*;

use super::super::functions::known;
use super::double_exponential::of_two;

/// A linear layer that keeps second moment and correlation as they are: what is behind it sees just these.
#[derive(Debug)]
struct Kept;

impl Initializer<f64> for Kept {
    fn fill(&self, _: &Param, _: &mut [f64], _: &mut Generator) -> Result<(), Error> {
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let variance = if param.role == Role::Weight { 1.0 / param.fans.fan_in as f64 } else { 0.0 };
        Some(InitMoments { mean: 0.0, variance, kurtosis: (variance > 0.0).then_some(3.0) })
    }
}

/// The correlation of the outputs, E f f' / E f^2.
fn forecast(name: &str, q: f64, c: f64) -> f64 {
    let network = Network::builder(2).layer(Linear::without_bias(2).weights(Kept)).boxed(known(name).layer);
    let network = network.layer(Linear::without_bias(1).weights(Kept)).build().unwrap();
    let forecast = Forecast::builder(&network).input(Moments { mean: 0.0, second: q }).correlation(c);
    forecast.build().unwrap().layers[1].correlation.unwrap()
}

#[test]
fn of_every_size() {
    let activations = [
        "relu",
        "leaky_relu_0.2",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "softplus",
        "softsign",
        "erf",
        "hard_tanh",
    ];
    let mut wrong = Vec::new();
    for name in activations {
        let activation = known(name);
        let function = activation.layer.pointwise().unwrap();
        for q in [1e-6_f64, 1e-2, 1.0, 1e2, 1e4, 1e8, 1e12] {
            let second = activation.at(q).second;
            for c in [-0.7, 0.3, 0.9, 0.9999] {
                let value = |x: f64| function.value_and_slope(x).0;
                let [product] = of_two(1.0 / 32.0, q.sqrt(), c, function.breaks(), |u, v| [value(u) * value(v)]);
                let (found, expected) = (forecast(name, q, c), product / second);
                if (found - expected).abs() > 1e-9 {
                    wrong.push(format!("{name} at {q:e}, {c}: {found}, not {expected}: {:e}", found - expected));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} off:\n{}", wrong.len(), wrong.join("\n"));
}
