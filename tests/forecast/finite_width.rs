//! What finite width does, against `reference.json`: dead layers, the first order in 1 / width, and products of small matrices.

use evenkeel::*;

use super::super::functions::known;
use super::reference::{close, number, reference};
use super::{Claimed, stack};

/// A layer of ReLU is dead with probability 2^-n, and its relative variance is 5 / n: the exact law of the logarithm joins both.
#[test]
fn one_layer_of_relu() {
    let of = known("relu").at(1.0);
    let scatter = of.fourth / (of.second * of.second) - 1.0;
    for (width, expected) in reference("finite_width").as_object().unwrap() {
        let n: f64 = width.parse().unwrap();
        // The mean slope is the probability that a unit is alive.
        close(width, (1.0 - of.slope_mean).powf(n), number(&expected["all_dead"]), 1e-13);
        close(width, scatter / n, number(&expected["leading_variance"]), 1e-14);
        close(width, -scatter / n / 2.0, number(&expected["leading_mean"]), 1e-14);
        // The law itself goes there: what differs is of the next order, 1 / n of it, measured by the reference's own as 0.8 of 5 / n.
        let law = &reference("relu_he_one_layer")[width];
        let (mean, variance) = (number(&law[0]), number(&law[1]));
        if n >= 64.0 {
            let next = 5.0 / n;
            close(width, mean, number(&expected["leading_mean"]), next);
            close(width, variance, number(&expected["leading_variance"]), next);
        }
        let linear = &reference("linear_one_layer")[width];
        let leading = number(&reference("linear_leading")[width]);
        close(width, leading, 2.0 / n, 1e-15);
        // trigamma(n / 2) = 2 / n + 2 / n^2 + ...
        close(width, number(&linear[1]), leading * (1.0 + 1.0 / n), 2.0 / (n * n));
    }
}

/// Dive into Deep Learning, "Numerical Stability": a hundred matrices 4 x 4 of standard normal numbers. The mean square grows as 4^100, a product as one
/// sees it by six decades less.
#[test]
fn a_hundred_small_matrices() {
    let of = reference("d2l");
    let growth = |width: usize, layers: usize| {
        let start = Claimed { weights: width as f64, biases: 0.0 };
        let forecast = Forecast::of(&stack(layers + 1, width, "identity", start), 1.0).unwrap();
        let log = |layer: &LayerForecast| {
            let spread = layer.spread.unwrap();
            assert!(spread.exact);
            (spread.log_mean, layer.moments.unwrap().second.ln())
        };
        let (first, last) = (log(&forecast.layers[0]), log(&forecast.layers[2 * layers]));
        // Logarithms of lengths: half of those of the squares.
        ((last.0 - first.0) / 2.0, (last.1 - first.1) / 2.0)
    };
    let (typical, rms) = growth(4, 100);
    let ten = std::f64::consts::LN_10;
    close("a step", typical / 100.0, number(&of["exponent"]), 1e-12);
    close("typical", typical / ten, number(&of["log10_typical"]), 1e-12);
    close("rms", rms / ten, number(&of["log10_rms"]), 1e-12);
    // The other directions grow as matrices of 3, 2 and 1 dimensions let their longest one grow (Newman, "The distribution of Lyapunov
    // exponents: exact results for random matrices", 1986).
    for (index, expected) in of["exponents"].as_array().unwrap().iter().enumerate() {
        close(&format!("exponent {index}"), growth(4 - index, 1).0, number(expected), 1e-12);
    }
}
