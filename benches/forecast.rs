//! How long a forecast takes: 1,000 layers, without correlations, are to stay under 10 ms.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evenkeel::*;

/// So many layers, half of them linear and narrow: to a forecast a width matters only where it is new.
fn stack(activation: impl Activation + Copy + 'static, weights: f64, biases: f64) -> Result<Network<f32>, Error> {
    let start = LeCun::normal().gain(weights.sqrt())?;
    let layers = (0..500).fold(Network::builder(8), |network, _| network.layer(Linear::new(8)).layer(activation));
    layers.weights(start).biases(Normal::new(0.0, biases.sqrt())?).build()
}

/// As many, no two linear ones of the same width.
fn of_all_widths() -> Result<Network<f32>, Error> {
    let layers = (0..500).fold(Network::builder(8), |network, more| network.layer(Linear::new(8 + more)).layer(Relu));
    layers.weights(He::normal()).build()
}

fn forecasts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forecast of 1,000 layers");
    let networks = [
        ("relu", stack(Relu, 2.0, 0.0)),
        ("relu, every width another", of_all_widths()),
        // At a fixed point, and where the second moment never comes to rest.
        ("tanh, settled", stack(Tanh, 1.761, 0.05)),
        ("tanh, changing", stack(Tanh, 1.0, 0.0)),
        ("gelu", stack(Gelu, 1.983, 0.173)),
        ("selu", stack(Selu, 1.0, 0.0)),
    ];
    for (name, network) in networks {
        match network {
            Ok(network) => {
                group.bench_function(name, |bencher| bencher.iter(|| Forecast::of(black_box(&network), 1.0)));
            }
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    group.finish();
}

criterion_group!(benches, forecasts);
criterion_main!(benches);
