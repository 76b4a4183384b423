//! Orthogonal weights: their bars are those of their own law.

use evenkeel::*;

use super::named;
use super::reference::{close, number, reference};

/// Layers of these units behind so many inputs, each with an activation.
fn layers(n_in: usize, units: &[usize], activation: &str, gain: f64, seed: u64) -> NetworkBuilder<f64> {
    let layers = units.iter().fold(Network::builder(n_in), |network, &units| {
        network.layer(Linear::without_bias(units)).boxed(named(activation))
    });
    layers.weights(Orthogonal::new(gain).unwrap()).seed(seed)
}

fn network(n_in: usize, units: &[usize], seed: u64) -> Network<f64> {
    layers(n_in, units, "identity", 1.0, seed).build().unwrap()
}

/// A normal layer scatters by the length of its sums and by where they point, independently: of an orthogonal one the first is gone.
#[test]
fn of_square_ones_only_the_direction_scatters() {
    for (width, law) in reference("relu_he_one_layer").as_object().unwrap() {
        let (n, length): (usize, _) = (width.parse().unwrap(), &reference("linear_one_layer")[width]);
        let network = layers(n, &[n; 10], "relu", 2.0_f64.sqrt(), 1).layer(Linear::without_bias(n)).build().unwrap();
        let forecast = Forecast::of(&network, 1.0).unwrap();
        let gradient = forecast.layers[0].gradient_spread.unwrap();
        let signal = forecast.layers[19].spread.unwrap();
        for spread in [signal, gradient] {
            assert!(spread.exact, "{width}");
            close(width, spread.log_mean, 10.0 * (number(&law[0]) - number(&length[0])), 1e-8);
            close(width, spread.log_variance, 10.0 * (number(&law[1]) - number(&length[1])), 1e-7);
        }
    }
}

/// Two of four numbers are a share that is uniform: the logarithm of it has mean -1 and variance 1.
#[test]
fn narrowing_is_a_projection() {
    let forecast = Forecast::of(&network(4, &[2], 1), 1.0).unwrap();
    let spread = forecast.layers[0].spread.unwrap();
    close("mean", spread.log_mean, -1.0 + 2.0_f64.ln(), 1e-12);
    close("variance", spread.log_variance, 1.0, 1e-12);
    // Widening again, or the way back from two to four, changes nothing.
    let forecast = Forecast::of(&network(2, &[4, 6], 1), 1.0).unwrap();
    assert!(forecast.layers.iter().all(|layer| layer.spread.unwrap().log_variance == 0.0));
    close("the way back", forecast.layers[0].gradient_spread.unwrap().log_variance, 1.0 / 4.0, 1e-12);
}

/// A hundred square linear layers keep every length, as forecast.
#[test]
fn lengths_are_kept() {
    let network = network(16, &[16; 100], 3);
    let row: Vec<f64> = (0..16).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let rows = Rows::new(&row, 16).unwrap();
    let forecast = Forecast::builder(&network).rows(rows).unwrap().build().unwrap();
    let measured = Measured::of(&network, rows, OutputGradient::Random(1)).unwrap();
    for (expected, found) in forecast.layers.iter().zip(&measured.layers) {
        assert_eq!(expected.spread.unwrap().log_variance, 0.0);
        close(&expected.name, found.moments.second, expected.moments.unwrap().second, 1e-12);
        close(&expected.name, found.gradient.unwrap(), expected.gradient.unwrap(), 1e-12);
    }
}

/// Other weights whose squares add up to the same every time have no such law.
#[test]
fn an_identity_is_not_mistaken_for_it() {
    let layers = Network::<f64>::builder(8).layer(Linear::without_bias(8)).layer(Relu).layer(Linear::new(8));
    let network = layers.weights(Eye::default()).build().unwrap();
    let forecast = Forecast::of(&network, 1.0).unwrap();
    assert!(forecast.layers.iter().all(|layer| layer.spread.is_none()), "{forecast}");
}
