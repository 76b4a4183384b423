//! Weights that copy: their outputs are no sums of many products, and behind a function no normal numbers.

use evenkeel::*;

const WIDTH: usize = 64;
const ROWS: usize = 256;

/// Rows of normal numbers.
fn rows(width: usize) -> Vec<f64> {
    let mut rows = vec![0.0; width * ROWS];
    super::fill_normal(&mut Generator::numbered(5, "copies", width as u64), 0.0, 1.0, &mut rows);
    rows
}

/// So many layers that start as the identity, with an activation behind each.
fn copies(depth: usize, activation: impl Activation + Copy + 'static, gain: f64) -> Network<f64> {
    let layers = (0..depth).fold(Network::<f64>::builder(WIDTH), |network, _| {
        network.layer(Linear::new(WIDTH).weights(Eye::new(gain).unwrap())).layer(activation)
    });
    layers.build().unwrap()
}

/// ReLU of ReLU is ReLU: twenty of them halve the signal once, and the gradient once. With independent weights it would be 215.
#[test]
fn relu_of_relu_is_relu() {
    let (network, data) = (copies(20, Relu, 1.0), rows(WIDTH));
    let given = Rows::new(&data, WIDTH).unwrap();
    let forecast = Forecast::of(&network, 1.0).unwrap();
    let measured = Measured::of(&network, given, OutputGradient::Random(1)).unwrap();
    // Squares of z where it is above 0, whose variance is 5 / 4, and of normal gradients there: six standard errors, false below 1e-8.
    let error = 6.0 * (1.25 / (WIDTH * ROWS) as f64).sqrt();
    for (index, (expected, found)) in forecast.layers.iter().zip(&measured.layers).enumerate() {
        let y = expected.moments.unwrap();
        let exact = if index == 0 { (1.0, 0.0) } else { (0.5, (2.0 * std::f64::consts::PI).sqrt().recip()) };
        assert!((y.second - exact.0).abs() < 1e-12 && (y.mean - exact.1).abs() < 1e-12, "{index}: {y:?}");
        assert!((y.second - found.moments.second).abs() < error * 2.0_f64.sqrt(), "{index}: {y:?}, {found:?}");
        let gradient = expected.gradient.unwrap();
        let exact = if index + 1 == forecast.layers.len() { 1.0 } else { 0.5 };
        assert!((gradient - exact).abs() < 1e-12, "{index}: {gradient}");
        assert!((gradient - found.gradient.unwrap()).abs() < error / measured.output_gradient, "{index}: {found:?}");
    }
}

/// A gain on each: what is homogeneous is multiplied by it, and a smooth function of a function is integrated as one.
#[test]
fn a_function_of_a_function_is_no_function_of_normal_numbers() {
    let gain: f64 = 1.5;
    let forecast = Forecast::of(&copies(3, Relu, gain), 1.0).unwrap();
    let last = forecast.layers[5].moments.unwrap().second;
    assert!((last / (0.5 * gain.powi(6)) - 1.0).abs() < 1e-12, "{last}");
    let forecast = Forecast::of(&copies(3, Tanh, gain), 1.0).unwrap();
    let exact = Expectations::of(0.0, 1.0, &[], |z| {
        let (inner, of) = ((gain * z).tanh(), |x: f64| 1.0 - x.tanh().powi(2));
        ((gain * inner).tanh(), gain * gain * of(gain * z) * of(gain * inner))
    });
    let second = &forecast.layers[3];
    assert!((second.moments.unwrap().second / exact.second - 1.0).abs() < 1e-12, "{second:?}");
    // Of three it is not known, and so nothing behind it; never a wrong number.
    assert!(forecast.layers[5].moments.is_none(), "{:?}", forecast.layers[5]);
    // The gradient from where it is known: through both functions at once.
    let two = Forecast::of(&copies(2, Tanh, gain), 1.0).unwrap();
    let back = exact.slope_second / gain.powi(2);
    assert!((two.layers[0].gradient.unwrap() / back - 1.0).abs() < 1e-12, "{:?}, {back}", two.layers[0]);
    // Without copies in between as well.
    let plain = Network::<f64>::builder(8).layer(Linear::new(8)).layer(Tanh).layer(Tanh).weights(LeCun::normal());
    let plain = Forecast::of(&plain.build().unwrap(), 1.0).unwrap();
    let exact = Expectations::of(0.0, 1.0, &[], |z| (z.tanh().tanh(), 0.0));
    assert!((plain.layers[2].moments.unwrap().second / exact.second - 1.0).abs() < 1e-12);
}

/// Thirty convolutions of the middle tap alone keep the length of every pixel: nothing fades at the border.
#[test]
fn a_middle_tap_has_no_border() {
    let shape = (8, 8, 16);
    let width = 8 * 8 * 16;
    let conv = || Conv2d::new(shape, 16, 3).padding(Padding::Same).weights(DeltaOrthogonal::new((3, 3), 1.0).unwrap());
    let network = (0..30).fold(Network::<f64>::builder(width), |network, _| network.layer(conv()));
    let network = network.seed(3).build().unwrap();
    let data = rows(width);
    let given = Rows::new(&data[..4 * width], width).unwrap();
    let forecast = Forecast::builder(&network).rows(given).unwrap().build().unwrap();
    let measured = Measured::of(&network, given, OutputGradient::Random(1)).unwrap();
    for (expected, found) in forecast.layers.iter().zip(&measured.layers) {
        let second = expected.moments.unwrap().second;
        // Exactly, but for rounding of thirty products.
        assert!((second / found.moments.second - 1.0).abs() < 1e-11, "{expected:?}, {found:?}");
        assert!((expected.gradient.unwrap() / found.gradient.unwrap() - 1.0).abs() < 1e-11, "{expected:?}, {found:?}");
    }
}

/// Behind a layer whose positions differ, and in front of one, copies change none of them.
#[test]
fn positions_are_copied() {
    let shape = (6, 5, 8);
    let conv = || Conv2d::<f64>::new(shape, 8, 3).padding(Padding::Same).weights(He::normal());
    let tap = || Conv2d::new(shape, 8, 3).padding(Padding::Same).weights(Dirac::new((3, 3), 1.0).unwrap());
    let forecast = |network: NetworkBuilder<f64>| Forecast::of(&network.build().unwrap(), 1.0).unwrap();
    let builder = || Network::<f64>::builder(6 * 5 * 8);
    let with = forecast(builder().layer(conv()).layer(tap()).layer(tap()).layer(Relu).layer(conv()));
    let without = forecast(builder().layer(conv()).layer(Relu).layer(conv()));
    for (with, without) in [(4, 2), (3, 1), (2, 0), (0, 0)].map(|(a, b)| (&with.layers[a], &without.layers[b])) {
        let close = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-12;
        assert!(close(with.moments.unwrap().second, without.moments.unwrap().second), "{with:?}, {without:?}");
        assert!(close(with.gradient.unwrap(), without.gradient.unwrap()), "{with:?}, {without:?}");
    }
}

/// Where it is not known what copies make of a signal nothing is said.
#[test]
fn what_is_not_known_is_not_told() {
    let eye = |units: usize| Linear::<f64>::new(units).weights(Eye::default());
    let dirac = |padding| {
        let conv = Conv2d::<f64>::new((4, 4, 4), 4, 3).padding(padding);
        conv.weights(Dirac::new((3, 3), 1.0).unwrap())
    };
    let networks = [
        Network::builder(64).layer(eye(80)),
        Network::builder(64).layer(eye(40)),
        Network::builder(64).layer(Residual::new().layer(eye(64))),
        Network::builder(64).layer(Sequential::new().layer(eye(64))),
        Network::builder(64).layer(dirac(Padding::Valid)),
        Network::builder(64).layer(dirac(Padding::Explicit { rows: 2, cols: 2 })),
        Network::builder(64).layer(dirac(Padding::Explicit { rows: 0, cols: 1 })),
    ];
    for network in networks {
        let forecast = Forecast::of(&network.layer(Linear::new(3)).build().unwrap(), 1.0).unwrap();
        assert!(forecast.layers.iter().all(|layer| layer.moments.is_none()), "{forecast}");
        assert_eq!(forecast.gradient_norm, None);
    }
    // The state of a recurrent layer may be copied: that it knows.
    let rnn = Network::<f64>::builder(32).layer(Rnn::new(4, 8, 16).unwrap().relu()).build().unwrap();
    assert!(Forecast::of(&rnn, 1.0).unwrap().layers[0].moments.is_some());
}
