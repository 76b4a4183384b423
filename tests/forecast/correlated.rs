//! The correlation of two inputs, through layers of every kind, against pairs of rows that are drawn.

use evenkeel::*;

use super::fill_normal;

/// How far the mean of so many networks may lie from the forecast: 8 standard errors, which a Student's t of 39 degrees of freedom passes with
/// probability below 1e-9, and what finite widths make of it, of which the count of layers over that of units is the order.
const ERRORS: f64 = 8.0;
const NETWORKS: u64 = 40;

/// Two rows of numbers of mean square 1, with that correlation.
fn pair(seed: u64, n: usize, correlation: f64) -> Vec<f64> {
    let mut generator = Generator::numbered(seed, "correlated.rows", 1);
    let (mut common, mut own) = (vec![0.0; n], vec![0.0; 2 * n]);
    fill_normal(&mut generator, 0.0, correlation.sqrt(), &mut common);
    fill_normal(&mut generator, 0.0, (1.0 - correlation).sqrt(), &mut own);
    own.iter().zip(common.iter().cycle()).map(|(own, common)| own + common).collect()
}

fn meets(name: &str, off: f64, build: impl Fn(u64) -> Network<f64>) {
    const C: f64 = 0.4;
    let forecast = Forecast::builder(&build(0)).correlation(C).build().unwrap();
    let expected: Vec<_> = forecast.layers.iter().map(|layer| layer.correlation).collect();
    assert!(expected.iter().all(Option::is_some), "{name}: {expected:?}");
    let mut found = vec![Vec::new(); expected.len()];
    for seed in 0..NETWORKS {
        let network = build(seed);
        let x = pair(seed, network.n_in(), C);
        let mut workspace = network.workspace(2).unwrap();
        network.forward(Rows::new(&x, network.n_in()).unwrap(), Mode::Train, &mut workspace).unwrap();
        for (index, found) in found.iter_mut().enumerate() {
            let y = workspace.activation(&forecast.layers[index].name).unwrap();
            let product: f64 = y.row(0).iter().zip(y.row(1)).map(|(one, other)| one * other).sum();
            let square: f64 = y.data().iter().map(|y| y * y).sum();
            found.push(2.0 * product / square);
        }
    }
    for ((layer, expected), found) in forecast.layers.iter().zip(expected).zip(found) {
        let n = found.len() as f64;
        let mean = found.iter().sum::<f64>() / n;
        let spread = found.iter().map(|found| (found - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let (error, expected) = ((spread / n).sqrt(), expected.unwrap());
        println!("{name}, {}: {mean:.5} +- {error:.5}, forecast {expected:.5}", layer.name);
        assert!((mean - expected).abs() <= ERRORS * error + off, "{name}, {}: {mean}, not {expected}", layer.name);
        assert!(error < 0.02, "{name}: {error} says nothing");
    }
}

#[test]
fn through_functions_of_biased_sums() {
    meets("biased", 0.02, |seed| {
        let network = Network::<f64>::builder(200).layer(Linear::new(200)).layer(Relu).layer(Linear::new(200));
        let network = network.layer(Gelu).layer(Linear::new(200)).layer(Dropout::new(0.3).unwrap()).layer(Sigmoid);
        let network = network.layer(Linear::new(200)).layer(Dropout::new(0.5).unwrap()).layer(Linear::new(200));
        network.weights(LeCun::normal()).biases(Normal::new(0.2, 0.3).unwrap()).seed(seed).build().unwrap()
    });
}

#[test]
fn through_norms_and_branches() {
    meets("norms", 0.02, |seed| {
        let branch =
            || Sequential::new().layer(LayerNorm::new()).layer(Linear::new(200)).layer(Relu).layer(Linear::new(200));
        let network = Network::<f64>::builder(200).layer(Linear::new(200)).layer(RmsNorm::new());
        let network =
            network.layer(Residual::new().layer(branch())).layer(branch()).layer(Tanh).layer(Linear::new(200));
        network.weights(LeCun::normal()).seed(seed).build().unwrap()
    });
}

#[test]
fn through_images() {
    meets("images", 0.02, |seed| {
        let conv = |channels| Conv2d::new((8, 8, channels), 32, 3).padding(Padding::Same);
        let network = Network::<f64>::builder(8 * 8 * 16).layer(conv(16)).layer(Relu).layer(conv(32)).layer(Relu);
        network.layer(Flatten).layer(Linear::new(200)).weights(He::normal()).seed(seed).build().unwrap()
    });
}
