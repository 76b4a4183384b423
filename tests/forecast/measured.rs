//! Measuring a network, and comparing.

use evenkeel::*;

/// Mean and standard error.
fn sample(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Checks the mean over many draws of signals, gradients, gradients by weights and their norm against the forecast, for networks of which
/// it holds at any width.
fn met_in_the_mean(row: &[f64], build: impl Fn(u64) -> Network<f64>) {
    const NETWORKS: u64 = 4000;
    let rows = Rows::new(row, row.len()).unwrap();
    let forecast = Forecast::builder(&build(0)).rows(rows).unwrap().build().unwrap();
    let all: Vec<_> =
        (0..NETWORKS).map(|seed| Measured::of(&build(seed), rows, OutputGradient::Random(seed)).unwrap()).collect();
    // Six standard errors of means of 4000 log-normal numbers of log variance up to 0.7: false below 1e-6 for all 21 together.
    let near = |what: &str, values: Vec<f64>, expected: f64| {
        let (mean, error) = sample(&values);
        assert!((mean - expected).abs() <= 6.0 * error + 1e-9 * expected, "{what}: {mean} +- {error}, not {expected}");
        assert!(error < 0.03 * expected, "{what}: {error} says nothing of {expected}");
    };
    for (index, layer) in forecast.layers.iter().enumerate() {
        let of = |f: fn(&LayerMeasured) -> f64| all.iter().map(|measured| f(&measured.layers[index])).collect();
        near(&layer.name, of(|layer| layer.moments.second), layer.moments.unwrap().second);
        if index + 1 < forecast.layers.len() {
            near(&format!("gradient by {}", layer.name), of(|layer| layer.gradient.unwrap()), layer.gradient.unwrap());
        }
        let measures = all[0].layers[index].weight_gradient.is_some();
        assert_eq!(layer.weight_gradient.is_some(), measures, "{}", layer.name);
        if let Some(weight) = layer.weight_gradient {
            near(&format!("gradient by weights of {}", layer.name), of(|layer| layer.weight_gradient.unwrap()), weight);
        }
    }
    // The norm adds them up: relative to the gradient by the output, whose mean square differs from draw to draw.
    let norms = all.iter().map(|measured| measured.gradient_norm.powi(2) / measured.output_gradient).collect();
    near("squared norm", norms, forecast.gradient_norm.unwrap().powi(2));
}

/// Of ReLU networks without biases the expectations hold at any width: signals, gradients, and gradients by weights.
#[test]
fn expectations_are_met_in_the_mean() {
    let row = [1.0, -1.0, 0.5, 1.5_f64.sqrt(), -0.5, 1.0, -1.0, 1.5_f64.sqrt()];
    met_in_the_mean(&row, |seed| {
        let network =
            (0..3).fold(Network::<f64>::builder(8), |network, _| network.layer(Linear::without_bias(24)).layer(Relu));
        network.layer(Linear::without_bias(5)).weights(He::normal()).seed(seed).build().unwrap()
    });
}

/// Every position of an image is alike as long as no window reaches beyond it.
#[test]
fn gradients_by_kernels_are_met_in_the_mean() {
    let row: Vec<f64> = (0..6 * 6 * 2).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    met_in_the_mean(&row, |seed| {
        let network = Network::builder(row.len()).layer(Conv2d::new((6, 6, 2), 12, 3)).layer(Relu);
        let network = network.layer(Conv2d::new((4, 4, 12), 16, 3)).layer(Relu).layer(Linear::new(6));
        network.weights(He::normal()).seed(seed).build().unwrap()
    });
}

/// Behind padding no two positions are alike, in what goes in and in the gradient that comes back: for ReLU met at any width.
#[test]
fn borders_are_met_in_the_mean() {
    let row: Vec<f64> = (0..5 * 4 * 2).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    met_in_the_mean(&row, |seed| {
        let same = |units: usize| Conv2d::new((5, 4, 2), units, 3);
        let inside = Residual::new().layer(Relu).layer(Conv2d::new((5, 4, 12), 12, 3).padding(Padding::Same));
        let network = Network::builder(row.len()).layer(same(12).padding(Padding::Same));
        let network = network.layer(inside.scale(0.5).unwrap()).layer(Relu);
        let network = network.layer(Conv2d::new((5, 4, 12), 16, (3, 2)).stride((2, 1)).padding(Padding::Same));
        let network = network.layer(Conv2d::new((3, 4, 16), 16, 3).padding(Padding::Same).groups(2)).layer(Relu);
        network.layer(Linear::new(6)).weights(He::normal()).seed(seed).build().unwrap()
    });
}

/// Ten layers with padding: on images of 8 x 8 half of what there is shows only position by position, on 28 x 28 a fifth.
#[test]
fn deep_borders_are_measured() {
    // How much larger the mean over all positions is with them than without.
    for (size, channels, networks, larger) in [(8, 16, 300_u64, 2.0), (28, 8, 100, 1.26)] {
        let pixels = size * size;
        let build = |seed| {
            let mut network = Network::<f64>::builder(pixels).weights(He::normal()).seed(seed);
            for layer in 0..10 {
                let depth = if layer == 0 { 1 } else { channels };
                network =
                    network.layer(Conv2d::new((size, size, depth), channels, 3).padding(Padding::Same)).layer(Relu);
            }
            network.build().unwrap()
        };
        let forecast = Forecast::of(&build(0), 1.0).unwrap();
        let expected = forecast.layers.last().unwrap().moments.unwrap().second;
        // The centre of 28 x 28, ten pixels away from every border, knows nothing of it; on 8 x 8 four pixels are what the reference says.
        let (centre, of_centre) = if size == 8 { (3..5, 0.668_484_647_439_490_8) } else { (10..18, 1.0) };
        let expected = expected / of_centre;
        // Of one network mean and centre have most of their chance in common: so their ratio is met, of the sums over all networks, with the
        // error of a ratio to first order.
        let both: Vec<[f64; 2]> = (0..networks)
            .map(|seed| {
                let mut row = vec![0.0; pixels];
                super::fill_normal(&mut Generator::numbered(7, "border", seed), 0.0, 1.0, &mut row);
                let y = build(seed).predict(Rows::new(&row, pixels).unwrap()).unwrap();
                let square = |y: &[f64]| y.iter().map(|y| y * y).sum::<f64>() / y.len() as f64;
                let middle: f64 = centre
                    .clone()
                    .flat_map(|row| centre.clone().map(move |col| row * size + col))
                    .map(|at| square(&y[at * channels..(at + 1) * channels]))
                    .sum();
                let middle = middle / (centre.len() * centre.len()) as f64;
                [square(&y), middle]
            })
            .collect();
        let (mean, middle): (f64, f64) = both.iter().fold((0.0, 0.0), |(a, b), [m, c]| (a + m, b + c));
        let ratio = mean / middle;
        let residues: Vec<f64> = both.iter().map(|[m, c]| m - ratio * c).collect();
        let error = residues.iter().map(|r| r * r).sum::<f64>().sqrt() / middle;
        println!("{size}: {ratio} +- {error}, expected {expected}");
        assert!((ratio - expected).abs() <= 6.0 * error, "{size}: {ratio} +- {error}, not {expected}");
        assert!((ratio - expected / larger).abs() > 6.0 * error, "{size}: {ratio} +- {error} says nothing");
    }
}

/// Layers inside others, a norm in front whose output is known whatever the draw, and a learned scale.
#[test]
fn gradients_inside_of_layers_are_met_in_the_mean() {
    let row: Vec<f64> = (0..12).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    met_in_the_mean(&row, |seed| {
        let branch = || Residual::new().layer(Linear::new(24)).layer(Relu).layer(Linear::new(16));
        let steps = Sequential::new().layer(PerStep::new(8, Linear::new(6))).layer(Relu);
        let network = Network::builder(12).layer(LayerNorm::new()).layer(Linear::new(16));
        let network = network.layer(branch().scale(0.7).unwrap()).layer(branch().learned_scale(0.5).unwrap());
        let network = network.layer(steps).layer(Linear::new(5));
        network.weights(LeCun::normal()).seed(seed).build().unwrap()
    });
}

/// With a loss, a row of a batch is as large as if it were alone.
#[test]
fn a_batch_is_told_by_the_row() {
    let network = Network::<f64>::builder(3).layer(Linear::new(16)).layer(Tanh).layer(Linear::new(4)).seed(5);
    let network = network.build().unwrap();
    let (loss, row, target) = (SoftmaxCrossEntropy::new(), [0.3, -1.0, 0.8], [2, 2, 2]);
    let of = |count: usize| {
        let rows = row.repeat(count);
        let gradient = OutputGradient::Loss(&loss, Targets::Classes(&target[..count]));
        Measured::of(&network, Rows::new(&rows, 3).unwrap(), gradient).unwrap()
    };
    let (one, three) = (of(1), of(3));
    assert!((one.output_gradient - three.output_gradient).abs() < 1e-14);
    assert!((one.loss.unwrap() - three.loss.unwrap()).abs() < 1e-14);
    // Three rows that are equal: the gradient of their mean is that of each.
    assert!((one.gradient_norm - three.gradient_norm).abs() < 1e-14);
    for (one, three) in one.layers.iter().zip(&three.layers) {
        assert!((one.gradient.unwrap() / three.gradient.unwrap() - 1.0).abs() < 1e-12, "{one:?} {three:?}");
        if let Some((one, three)) = one.weight_gradient.zip(three.weight_gradient) {
            assert!((one / three - 1.0).abs() < 1e-12, "{one} {three}");
        }
    }
    // The same numbers as a training step has.
    let mut workspace = network.workspace(1).unwrap();
    network.forward(Rows::new(&row, 3).unwrap(), Mode::Train, &mut workspace).unwrap();
    network.loss(&loss, Targets::Classes(&[2]), &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    let norm = workspace.gradients().iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!((norm - one.gradient_norm).abs() < 1e-15);
}

#[test]
fn a_number_that_is_none_is_found() {
    // Wide enough for no layer to be dead.
    let network = Network::<f64>::builder(2).layer(Linear::new(32)).layer(Relu).layer(Linear::new(32)).layer(Relu);
    let mut network = network.layer(Linear::new(1)).build().unwrap();
    network.parameter_mut("2.linear.weight").unwrap().data_mut()[5] = f64::NAN;
    let rows = [1.0, -1.0];
    let measured = Measured::of(&network, Rows::new(&rows, 2).unwrap(), OutputGradient::Random(1)).unwrap();
    assert!(measured.layer("2.linear").unwrap().moments.second.is_nan());
    let comparison = Forecast::of(&network, 1.0).unwrap().compare(&measured).unwrap();
    assert!(!comparison.agrees() && comparison.largest().is_nan());
    assert_eq!(comparison.first_off(), Some("2.linear"));
    assert!(comparison.to_string().contains("does not do what theory says, first at 2.linear"), "{comparison}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let network = |width| Network::<f64>::builder(2).layer(Linear::new(width)).build().unwrap();
    let rows = [1.0, -1.0];
    let measured = Measured::of(&network(3), Rows::new(&rows, 2).unwrap(), OutputGradient::Random(1)).unwrap();
    let refused = Forecast::of(&network(4), 1.0).unwrap().compare(&measured).unwrap_err();
    assert_eq!(refused, Error::Foreign { what: "the measurement" });
    let narrow = Measured::of(&network(3), Rows::new(&rows, 1).unwrap(), OutputGradient::Random(1)).unwrap_err();
    assert!(matches!(narrow, Error::Size { .. }), "{narrow}");
    let bad = [f64::INFINITY, 0.0];
    let bad = Measured::of(&network(3), Rows::new(&bad, 2).unwrap(), OutputGradient::Random(1)).unwrap_err();
    assert!(matches!(bad, Error::Data { .. }), "{bad}");
}

/// A loss that is as small as it can be hands nothing back: what would be relative to that is not known, and no fault of the network.
#[test]
fn a_gradient_of_nothing_is_no_measure() {
    let network = Network::<f64>::builder(3).layer(Linear::new(8)).layer(Relu).layer(Linear::new(1)).seed(1);
    let network = network.build().unwrap();
    let loss = SoftmaxCrossEntropy::new();
    let row = [1.0, -1.0, 0.5];
    let gradient = OutputGradient::Loss(&loss, Targets::Classes(&[0]));
    let measured = Measured::of(&network, Rows::new(&row, 3).unwrap(), gradient).unwrap();
    assert_eq!((measured.output_gradient, measured.gradient_norm), (0.0, 0.0));
    assert!(measured.layers.iter().all(|layer| layer.gradient.is_none() && layer.weight_gradient.is_none()));
    let comparison = Forecast::builder(&network).loss(&loss).build().unwrap().compare(&measured).unwrap();
    assert!(comparison.layers.iter().all(|layer| layer.gradient.is_none() && layer.gradient_deviations.is_none()));
    assert!(!comparison.largest().is_nan() && !comparison.to_string().contains("NaN"), "{comparison}");
}

/// Where theory gives no bars nothing agrees, be it right or wrong.
#[test]
fn what_is_not_judged_does_not_agree() {
    let network = Network::<f64>::builder(16).layer(Linear::new(16)).layer(Softsign).layer(LayerNorm::new());
    let mut network = network.weights(Normal::new(0.1, 0.1).unwrap()).seed(1).build().unwrap();
    network.parameter_mut("0.linear.weight").unwrap().data_mut().iter_mut().for_each(|w| *w *= 100.0);
    let row = [1.0; 16];
    let measured = Measured::of(&network, Rows::new(&row, 16).unwrap(), OutputGradient::Random(1)).unwrap();
    let comparison = Forecast::of(&network, 1.0).unwrap().compare(&measured).unwrap();
    assert!(!comparison.is_judged() && !comparison.agrees(), "{comparison}");
    assert_eq!(comparison.first_off(), None);
    assert!(comparison.to_string().contains("nothing is judged"), "{comparison}");
}

/// The gradient by weights is judged, and norm and loss are told beside what was expected.
#[test]
fn gradients_by_weights_are_compared() {
    let layers = (0..4).fold(Network::<f64>::builder(200), |network, _| network.layer(Linear::new(200)).layer(Relu));
    let network = layers.layer(Linear::new(50)).weights(He::normal()).seed(1).build().unwrap();
    let row = [1.0; 200];
    let loss = SoftmaxCrossEntropy::new();
    let gradient = OutputGradient::Loss(&loss, Targets::Classes(&[0]));
    let mut measured = Measured::of(&network, Rows::new(&row, 200).unwrap(), gradient).unwrap();
    let forecast = Forecast::builder(&network).loss(&loss).build().unwrap();
    let comparison = forecast.compare(&measured).unwrap();
    assert!(comparison.agrees(), "{comparison}");
    let linear = [0, 2, 4, 6, 8];
    assert!(linear.iter().all(|&at| comparison.layers[at].weight_gradient_deviations.is_some()), "{comparison}");
    assert!(comparison.loss.is_some() && comparison.gradient_norm.is_some());
    // Of one row it is the product of what goes in and what comes back, so it is off where neither is only if it is summed wrongly.
    measured.layers[4].weight_gradient = measured.layers[4].weight_gradient.map(|square| 1e4 * square);
    assert_eq!(forecast.compare(&measured).unwrap().first_off(), Some("4.linear"));
}
