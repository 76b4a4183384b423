//! Weights scaled on data.

use evenkeel::*;

fn rows(width: usize, count: usize) -> Vec<f64> {
    let mut rows = vec![0.0; width * count];
    super::fill_normal(&mut Generator::named(3, "rows"), 0.0, 1.0, &mut rows);
    rows
}

/// The variance of each layer's outputs, where the whole batch is one sample.
fn variances(network: &Network<f64>, rows: Rows<'_, f64>) -> Vec<f64> {
    let measured = Measured::of(network, rows, OutputGradient::Random(1)).unwrap();
    measured.layers.iter().map(|layer| layer.moments.variance()).collect()
}

/// GELU at its gain goes one way or the other over 60 layers; on data it is held.
#[test]
fn deep_gelu_is_mended() {
    let rows = rows(32, 64);
    let rows = Rows::new(&rows, 32).unwrap();
    let mut off = 0;
    for seed in 0..4 {
        let network = (0..60).fold(Network::builder(32), |network, _| network.layer(Linear::new(32)).layer(Gelu));
        let start = LeCun::normal().gain(1.533_530_441).unwrap();
        let mut network = network.weights(start).seed(seed).build().unwrap();
        let before = variances(&network, rows)[118];
        off += usize::from(!(0.01..100.0).contains(&before));
        let report = Lsuv::new().apply(&mut network, rows).unwrap();
        assert_eq!(report.layers.len(), 60);
        for (layer, variance) in report.layers.iter().zip(variances(&network, rows).iter().step_by(2)) {
            assert!((variance - 1.0).abs() <= 0.01, "{}: {variance}", layer.name);
            assert!((layer.variance_after - variance).abs() < 1e-9);
            // The sums are linear in the weights: one pass to see, one to be sure.
            assert!(layer.iterations <= 1, "{layer:?}");
            assert!((layer.factor.powi(2) * layer.variance_before - variance).abs() < 1e-9 * variance, "{layer:?}");
        }
    }
    assert!(off >= 3, "{off} of 4 were off");
}

#[test]
fn to_another_variance_and_with_biases() {
    let rows = rows(16, 64);
    let rows = Rows::new(&rows, 16).unwrap();
    let network = Network::builder(16).layer(Linear::new(24)).layer(Relu).layer(Linear::new(8));
    let mut network = network.biases(Normal::new(0.0, 0.3).unwrap()).seed(1).build().unwrap();
    let report = Lsuv::new().variance(2.0).unwrap().tolerance(1e-6).unwrap().iterations(50).unwrap();
    let report = report.apply(&mut network, rows).unwrap();
    let found = variances(&network, rows);
    assert!((found[0] - 2.0).abs() <= 2e-6 && (found[2] - 2.0).abs() <= 2e-6, "{found:?}");
    // Biases are part of the variance and stay: it takes a few passes.
    assert!(report.layers.iter().all(|layer| layer.iterations > 1), "{report}");
}

#[test]
fn what_cannot_be_scaled_is_named_and_left() {
    let rows = rows(4, 8);
    let rows = Rows::new(&rows, 4).unwrap();
    // No unit is active, so that nothing reaches the last layer.
    let network = Network::builder(4).layer(Linear::new(4).biases(Constant::new(-100.0).unwrap())).layer(Relu);
    let mut network = network.layer(Linear::new(4)).seed(1).build().unwrap();
    let before = network.parameters().to_vec();
    let dead = Lsuv::new().apply(&mut network, rows).unwrap_err();
    assert_eq!(
        dead.to_string(),
        "layer 2.linear: Lsuv: the variance of the outputs is 0, but it must be above 0: the outputs are all one number"
    );
    assert_eq!(network.parameters(), before, "it was left as it was");
    // Biases alone make up more than is wanted.
    let network = Network::builder(4).layer(Linear::new(4)).biases(Normal::new(0.0, 30.0).unwrap()).seed(1);
    let stuck = Lsuv::new().apply(&mut network.build().unwrap(), rows).unwrap_err();
    assert!(stuck.to_string().contains("layer 0.linear: Lsuv: the variance"), "{stuck}");
    assert!(Lsuv::new().variance(0.0).is_err() && Lsuv::new().tolerance(f64::NAN).is_err());
    assert!(Lsuv::new().iterations(0).is_err());
    let mut network = Network::builder(4).layer(Linear::new(4)).build().unwrap();
    let bad = [f64::NAN; 4];
    assert!(matches!(Lsuv::new().apply(&mut network, Rows::new(&bad, 4).unwrap()), Err(Error::Data { .. })));
}

/// A last layer of zeros, which is to add nothing at first, and every other one scaled.
#[test]
fn weights_that_are_all_zero_are_skipped() {
    let rows = rows(8, 32);
    let rows = Rows::new(&rows, 8).unwrap();
    let network = (0..3).fold(Network::builder(8), |network, _| network.layer(Linear::new(8)).layer(Tanh));
    let network = network.layer(Linear::new(2).weights(Zeros)).weights(Normal::new(0.0, 3.0).unwrap());
    let mut network = network.seed(1).build().unwrap();
    let report = Lsuv::new().apply(&mut network, rows).unwrap();
    assert_eq!(
        report.layers.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(),
        ["0.linear", "2.linear", "4.linear"]
    );
    assert_eq!(report.skipped, ["6.linear"]);
    assert!(report.to_string().ends_with("6.linear  skipped: its weights are all 0"), "{report}");
    for variance in variances(&network, rows).iter().step_by(2).take(3) {
        assert!((variance - 1.0).abs() <= 0.01, "{variance}");
    }
    assert!(network.parameter("6.linear.weight").unwrap().data().iter().all(|w| *w == 0.0));
    // With biases, too: a layer of zeros gives the same number in every row, but not in every unit.
    let network = Network::builder(8).layer(Linear::new(2).weights(Zeros).biases(Normal::new(0.0, 1.0).unwrap()));
    let report = Lsuv::new().apply(&mut network.build().unwrap(), rows).unwrap();
    assert!(report.layers.is_empty() && report.skipped == ["0.linear"], "{report}");
}
