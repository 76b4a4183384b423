//! Errors planted in a derivative, which the check must find and name.

use evenkeel::check::{Checked, Failure, gradients};
use evenkeel::*;

use super::drawn::numbers;
use super::{linear, network};

/// An error planted in the derivative of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// tanh with the slope 1 - y.
    Slope,
    /// Every slope too large by 1e-5 of itself.
    SlightlyWrongSlope,
    /// The gradient of the bias is that of the last row alone.
    OneRow,
    /// A parameter that is used twice gets the gradient of one use.
    Overwritten,
    /// The derivative by the input is left as it was found.
    NoInput,
    /// One entry of a gradient, with right ones behind it, is no number.
    NotANumber,
}

#[derive(Debug)]
struct PlantedTanh(Bug);

impl Activation for PlantedTanh {
    fn name(&self) -> &'static str {
        "planted_tanh"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x.tanh()
    }

    fn slope<T: Float>(&self, _: T, y: T) -> T {
        match self.0 {
            Bug::Slope => T::one() - y,
            Bug::SlightlyWrongSlope => (T::one() - y * y) * T::of(1.0 + 1e-5),
            _ => T::one() - y * y,
        }
    }
}

/// y = g (g x) + b, with one gain and one bias a column.
#[derive(Debug)]
struct Planted(Bug);

impl Layer<f64> for Planted {
    fn kind(&self) -> &'static str {
        "planted"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)).param(Param::bias(n_in)))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        let (gain, bias) = pass.params.split_at(x.cols());
        for (at, (y, x)) in y.data_mut().iter_mut().zip(x.data()).enumerate() {
            let column = at % gain.len();
            *y = gain[column] * (gain[column] * x) + bias[column];
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
        let gain = &pass.params[..x.cols()];
        let (gain_gradient, bias_gradient) = gradients.split_at_mut(gain.len());
        for (at, (x, dy)) in x.data().iter().zip(dy.data()).enumerate() {
            let column = at % gain.len();
            let use_of_gain = gain[column] * x * dy;
            gain_gradient[column] += if self.0 == Bug::Overwritten { use_of_gain } else { 2.0 * use_of_gain };
            bias_gradient[column] = if self.0 == Bug::OneRow { *dy } else { bias_gradient[column] + dy };
        }
        if self.0 == Bug::NotANumber {
            gain_gradient[0] = f64::NAN;
        }
        if let (Some(mut dx), false) = (dx, self.0 == Bug::NoInput) {
            for (at, (dx, dy)) in dx.data_mut().iter_mut().zip(dy.data()).enumerate() {
                *dx = gain[at % gain.len()].powi(2) * dy;
            }
        }
    }
}

/// The check of a network of a linear layer, one with a planted bug, and another linear one.
fn planted(layer: impl Layer<f64> + 'static) -> Result<Checked, Failure> {
    let network = network(3, vec![linear(4), Box::new(layer), linear(2)], 5)?;
    let x = numbers(7 * 3, 1.5, 5, "x");
    gradients(&network, Rows::new(&x, 3)?, 5)
}

#[test]
fn planted_bugs_are_named() {
    assert!(planted(PlantedTanh(Bug::None)).is_ok() && planted(Planted(Bug::None)).is_ok());
    for (found, culprit) in [
        // Parameters are checked in their order: a wrong derivative by an input shows in the first one before it.
        (planted(PlantedTanh(Bug::Slope)), "0.linear.weight"),
        (planted(PlantedTanh(Bug::SlightlyWrongSlope)), "0.linear.weight"),
        (planted(Planted(Bug::NoInput)), "0.linear.weight"),
        (planted(Planted(Bug::OneRow)), "1.planted.bias"),
        (planted(Planted(Bug::Overwritten)), "1.planted.gain"),
        (planted(Planted(Bug::NotANumber)), "1.planted.gain"),
    ] {
        match found {
            Err(Failure::Mismatch { parameter, error, limit, .. }) => {
                assert_eq!(parameter, culprit);
                assert!(limit == 1e-6 && (error > limit || error.is_nan()), "{error} is no mismatch");
            }
            other => panic!("{culprit}: {other:?}"),
        }
    }
}

#[test]
fn a_check_on_kinks_says_nothing() {
    // Inputs of 0 and no biases put every unit on the kink of ReLU, whichever weight is moved.
    let network = Network::builder(2).layer(Linear::new(3)).layer(Relu).layer(Linear::new(1)).build().unwrap();
    let found = gradients(&network, Rows::new(&[0.0; 4], 2).unwrap(), 1);
    // The three biases of the first layer move units across it; its six weights do not, nor do the four numbers behind.
    assert_eq!(found, Err(Failure::TooManyKinks { skipped: 3, entries: 13 }));
}
