//! Every layer on its own: inference, and a pass of training forwards and backwards, f32, one thread.
//!
//! Images are 64 rows of 28 x 28 x 16, sequences 32 rows of 64 steps of 64 numbers, everything else 64 rows of 512. An `RmsNorm` stands in
//! front of each (but for the embedding), so that the derivative by the input is taken as well: what it costs itself is half of the line
//! `rms_norm`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::*;

const WIDTH: usize = 512;
const IMAGE: (usize, usize, usize) = (28, 28, 16);
const STEPS: usize = 64;
const FEATURES: usize = 64;
const INDICES: usize = 1000;

/// A network of one layer with a gain in front, on so many rows.
struct Case {
    name: &'static str,
    rows: usize,
    network: Network<f32>,
}

fn case(name: &'static str, rows: usize, n_in: usize, layer: impl Layer<f32> + 'static) -> Case {
    let network = Network::builder(n_in).layer(RmsNorm::new()).layer(layer).seed(1).build().expect(name);
    Case { name, rows, network }
}

/// Its inputs are indices, and have no derivative.
fn embedding() -> Case {
    let network = Network::builder(STEPS).layer(Embedding::new(INDICES, FEATURES)).seed(1).build().expect("a table");
    Case { name: "embedding", rows: 32, network }
}

fn pointwise(name: &'static str, layer: impl Layer<f32> + 'static) -> Case {
    case(name, 64, WIDTH, layer)
}

fn image(name: &'static str, layer: impl Layer<f32> + 'static) -> Case {
    case(name, 64, IMAGE.0 * IMAGE.1 * IMAGE.2, layer)
}

fn sequence(name: &'static str, layer: impl Layer<f32> + 'static) -> Case {
    case(name, 32, STEPS * FEATURES, layer)
}

fn cases() -> Result<Vec<Case>, Error> {
    let same = |units, kernel: usize| Conv2d::new(IMAGE, units, kernel).padding(Padding::Same);
    let branch = || Sequential::new().layer(LayerNorm::new()).layer(Linear::new(WIDTH)).layer(Relu);
    Ok(vec![
        pointwise("linear", Linear::new(WIDTH)),
        pointwise("relu", Relu),
        pointwise("tanh", Tanh),
        pointwise("gelu", Gelu),
        pointwise("softmax", Softmax),
        pointwise("dropout", Dropout::new(0.5)?),
        pointwise("flatten", Flatten),
        pointwise("batch_norm", BatchNorm::new()),
        pointwise("layer_norm", LayerNorm::new()),
        pointwise("rms_norm", RmsNorm::new()),
        pointwise("sequential of layer_norm, linear, relu", branch()),
        pointwise("residual around them", Residual::new().layer(branch())),
        image("conv2d 3x3, 32 units", same(32, 3)),
        image("conv2d 5x5, 32 units", same(32, 5)),
        image("conv2d 3x3, stride 2", same(32, 3).stride(2)),
        image("conv2d 3x3, depthwise", same(16, 3).groups(16)),
        image("max_pool2d 2x2", MaxPool2d::new(IMAGE, 2)),
        image("average_pool2d 2x2", AveragePool2d::new(IMAGE, 2)),
        image("average_pool2d, global", AveragePool2d::global(IMAGE)),
        image("channels_last", ChannelsLast::new((IMAGE.2, IMAGE.0, IMAGE.1))),
        sequence("conv2d of a sequence, 3", Conv2d::of_sequence((STEPS, FEATURES), FEATURES, 3)),
        sequence("per_step linear", PerStep::new(FEATURES, Linear::new(FEATURES))),
        sequence("rnn", Rnn::new(STEPS, FEATURES, FEATURES)?),
        sequence("lstm", Lstm::new(STEPS, FEATURES, FEATURES)?),
        sequence("gru", Gru::new(STEPS, FEATURES, FEATURES)?),
        sequence("attention, 4 heads", MultiHeadAttention::new(FEATURES, 4)),
        sequence("attention, causal", MultiHeadAttention::new(FEATURES, 4).causal()),
        embedding(),
    ])
}

fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layers");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800)).sample_size(10);
    for Case { name, rows, network } in cases().expect("layers") {
        // Whole numbers, which are as good as any for the other layers.
        let inputs: Vec<f32> = (0..rows * network.n_in()).map(|at| (at * 7 % INDICES) as f32).collect();
        let x = Rows::new(&inputs, network.n_in()).expect("rows");
        let mut predictor = network.predictor(rows).expect("memory");
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(format!("{name}: infer"), |bencher| {
            bencher.iter(|| _ = black_box(network.predict_with(x, &mut predictor).expect("outputs")));
        });
        let mut workspace = network.workspace(rows).expect("memory");
        let wanted = vec![0.25; rows * network.n_out()];
        group.bench_function(format!("{name}: train"), |bencher| {
            bencher.iter(|| {
                network.forward(x, Mode::Train, &mut workspace).expect("a pass");
                let target = Targets::Values(Rows::new(&wanted, network.n_out()).expect("rows"));
                network.loss(&MeanSquared::new(), target, &mut workspace).expect("a loss");
                network.backward(&mut workspace).expect("gradients");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
