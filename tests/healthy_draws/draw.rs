//! What is drawn of a recipe: task, kind and size of the network, activation with weights that fit it, optimizer, rate and batch.

use evenkeel::Generator;
use evenkeel::recipe::{
    ActivationKind, Border, CellKind, ClipKind, Data, Image, LayerKind, LossKind, OptimizerKind, Pair, Recipe, Scaling,
    ScheduleKind, Start, Task, Training,
};
use rand::RngExt;

/// A file of the labelled runs, and what its last columns mean.
#[derive(Clone, Copy)]
struct Source {
    file: &'static str,
    rows: usize,
    targets: usize,
    task: Task,
}

const fn classes(file: &'static str, rows: usize, classes: usize) -> Source {
    Source { file, rows, targets: 1, task: Task::Classification { classes, one_hot: true } }
}

const fn values(file: &'static str, rows: usize, targets: usize) -> Source {
    Source { file, rows, targets, task: Task::Regression { scale: Scaling::Standardize } }
}

const DIGITS: Source = classes("data/digits.csv", 1797, 10);

const SOURCES: [Source; 14] = [
    DIGITS,
    classes("data/moons.csv", 800, 2),
    classes("data/rings.csv", 800, 2),
    classes("data/circle.csv", 1000, 2),
    classes("data/blobs3.csv", 600, 3),
    classes("data/blobs5.csv", 1000, 5),
    classes("data/iris.csv", 150, 3),
    classes("data/wine.csv", 178, 3),
    classes("data/cancer.csv", 569, 2),
    values("data/friedman.csv", 1000, 1),
    values("data/sine.csv", 800, 1),
    values("data/linear8.csv", 600, 1),
    values("data/three_targets.csv", 800, 3),
    Source { file: "data/multilabel.csv", rows: 1000, targets: 4, task: Task::Multilabel },
];

fn one_of<V: Copy>(choices: &[V], generator: &mut Generator) -> V {
    choices[generator.below(choices.len() as u64) as usize]
}

/// The recipe of that number.
pub fn recipe(seed: u64, generator: &mut Generator) -> Recipe {
    // Every fourth is of a kind that images or sequences ask for.
    let special = generator.below(4) == 0;
    let source = if special { DIGITS } else { one_of(&SOURCES, generator) };
    let mut layers = if special { of_images(generator) } else { of_rows(generator) };
    let loss = output(&mut layers, source, generator);
    let batch = one_of(&[1, 4, 16, 32, 128], generator);
    let steps = one_of(&[600, 1200, 2400], generator);
    let an_epoch = (source.rows * 4 / 5_usize).div_ceil(batch) as u64;
    if let Some(LayerKind::Linear { .. }) = layers.last()
        && generator.below(8) == 0
    {
        layers.push(LayerKind::BatchNorm { channels: None });
    }
    Recipe {
        name: format!("drawn-{seed}"),
        seed,
        data: Data {
            file: source.file.to_owned(),
            targets: source.targets,
            task: source.task,
            train_rows: None,
            shuffle: true,
            inputs: if special {
                Scaling::MinMax
            } else {
                one_of(&[Scaling::Standardize, Scaling::Standardize, Scaling::MinMax], generator)
            },
        },
        training: Training {
            loss,
            l2: 0.0,
            batch,
            epochs: u64::div_ceil(steps, an_epoch),
            optimizer: optimizer(generator),
            clip: if generator.below(4) == 0 { Some(ClipKind::GlobalNorm { max: 1.0 }) } else { None },
            schedule: if generator.below(4) == 0 { Some(ScheduleKind::Cosine { steps, floor: 0.01 }) } else { None },
            plateau: None,
        },
        layers,
    }
}

/// Rates around the usual ones, over one and a half decades.
fn optimizer(generator: &mut Generator) -> OptimizerKind {
    let factor = 10_f64.powf(generator.random_range(-1.0..0.5));
    let sgd = |learning_rate: f64, momentum: f64, nesterov: bool| OptimizerKind::Sgd {
        learning_rate: learning_rate * factor,
        momentum,
        nesterov,
        decay: 0.0,
    };
    match generator.below(7) {
        0 => sgd(0.1, 0.0, false),
        1 => sgd(0.03, 0.9, false),
        2 => sgd(0.03, 0.9, true),
        3 => OptimizerKind::adam(0.005 * factor),
        4 => OptimizerKind::adamw(0.005 * factor, 0.01),
        5 => OptimizerKind::RmsProp { learning_rate: 0.003 * factor, rho: 0.9, epsilon: 1e-7 },
        _ => OptimizerKind::Adagrad { learning_rate: 0.05 * factor },
    }
}

/// An activation with a start that fits it; `None` is the library's own choice.
fn activation(generator: &mut Generator) -> (ActivationKind, Option<Start>) {
    use ActivationKind as A;
    let activations = [
        A::Relu,
        A::LeakyRelu { slope: 0.1 },
        A::Elu,
        A::Selu,
        A::Gelu,
        A::Silu,
        A::Mish,
        A::Tanh,
        A::Sigmoid,
        A::HardSigmoid,
        A::Softplus,
        A::Softsign,
    ];
    let activation = one_of(&activations, generator);
    let starts = match activation {
        A::Relu | A::LeakyRelu { .. } | A::Elu | A::Gelu | A::Silu | A::Mish => [Start::HeUniform, Start::HeNormal],
        A::Selu => [Start::LeCunNormal, Start::LeCunUniform],
        A::Tanh => [Start::XavierNormal, Start::Orthogonal { gain: 1.0 }],
        _ => [Start::XavierNormal, Start::XavierUniform],
    };
    (activation, if generator.random() { Some(one_of(&starts, generator)) } else { None })
}

fn hidden(units: usize, weights: Option<Start>) -> LayerKind {
    LayerKind::Linear { units, weights, bias: Start::Zeros }
}

/// Dense layers: plain, normalized, with some dropped, or residual.
fn of_rows(generator: &mut Generator) -> Vec<LayerKind> {
    let width = one_of(&[8, 16, 32, 64], generator);
    let depth = one_of(&[1, 2, 3, 4, 6, 8], generator);
    let (activation, weights) = activation(generator);
    // A deep sigmoid network does not learn.
    let squeezes = matches!(activation, ActivationKind::Sigmoid | ActivationKind::HardSigmoid);
    let depth = if squeezes { depth.min(2) } else { depth };
    let mut layers = Vec::new();
    let kind = generator.below(6);
    if kind == 0 {
        layers.push(hidden(width, None));
    }
    for _ in 0..depth {
        let linear = hidden(width, weights);
        let activation = LayerKind::Activation(activation);
        match kind {
            0 => {
                let branch = vec![LayerKind::LayerNorm { width: None }, linear, activation, hidden(width, None)];
                layers.push(LayerKind::Residual { layers: branch, scale: 1.0, learned: false, projection: None });
            }
            1 => layers.extend([linear, LayerKind::BatchNorm { channels: None }, activation]),
            2 => layers.extend([linear, LayerKind::LayerNorm { width: None }, activation]),
            3 => layers.extend([linear, activation, LayerKind::Dropout { rate: 0.1 }]),
            _ => layers.extend([linear, activation]),
        }
    }
    layers
}

/// The digits as images of 8 x 8, or as sequences of 8 to 32 steps.
fn of_images(generator: &mut Generator) -> Vec<LayerKind> {
    const SIDE: usize = 8;
    let (activation, weights) = activation(generator);
    let channels = one_of(&[4, 8, 16], generator);
    let hidden_units = one_of(&[16, 32, 64], generator);
    let conv = |side: usize, from: usize| LayerKind::Conv2d {
        image: Image(side, side, from),
        units: channels,
        kernel: Pair(3, 3),
        stride: Pair(1, 1),
        dilation: Pair(1, 1),
        padding: Border::Same,
        groups: 1,
        weights,
        bias: Start::Zeros,
    };
    let act = || LayerKind::Activation(activation);
    let pool = Image(SIDE, SIDE, channels);
    let (kernel, stride, padding) = (Pair(2, 2), None, Border::Valid);
    let width = one_of(&[2, 4, SIDE], generator);
    let recurrent = |cell: CellKind| {
        vec![LayerKind::Recurrent {
            cell,
            steps: SIDE * SIDE / width,
            width,
            hidden: hidden_units,
            last: true,
            weights: None,
            recurrent_weights: None,
            bias: Start::Zeros,
        }]
    };
    match generator.below(7) {
        0 => vec![conv(SIDE, 1), act(), LayerKind::MaxPool2d { image: pool, kernel, stride, padding }],
        1 => {
            let pooled = LayerKind::AveragePool2d { image: pool, kernel, stride, padding };
            vec![conv(SIDE, 1), LayerKind::BatchNorm { channels: Some(channels) }, act(), pooled]
        }
        2 => vec![
            conv(SIDE, 1),
            act(),
            conv(SIDE, channels),
            act(),
            LayerKind::MaxPool2d { image: pool, kernel, stride, padding },
            conv(SIDE / 2, channels),
            act(),
        ],
        3 => recurrent(CellKind::Rnn),
        4 => recurrent(CellKind::Lstm { forget_bias: 1.0 }),
        5 => recurrent(CellKind::Gru),
        _ => {
            let attention = vec![
                LayerKind::LayerNorm { width: Some(SIDE) },
                LayerKind::Attention { width: SIDE, heads: 2, causal: false },
            ];
            let inner = LayerKind::Sequential {
                layers: vec![
                    hidden(hidden_units, None),
                    LayerKind::Activation(ActivationKind::Gelu),
                    hidden(SIDE, None),
                ],
            };
            let inner = vec![
                LayerKind::LayerNorm { width: Some(SIDE) },
                LayerKind::PerStep { width: SIDE, layer: Box::new(inner) },
            ];
            let residual = |layers| LayerKind::Residual { layers, scale: 1.0, learned: false, projection: None };
            vec![residual(attention), residual(inner)]
        }
    }
}

/// Puts the output behind the layers, and says which loss takes it.
fn output(layers: &mut Vec<LayerKind>, source: Source, generator: &mut Generator) -> LossKind {
    let second: bool = generator.random();
    let units = match source.task {
        Task::Classification { classes, .. } => classes,
        _ => source.targets,
    };
    layers.push(hidden(units, Some(Start::XavierUniform)));
    match (source.task, second) {
        (Task::Classification { .. }, false) => LossKind::SoftmaxCrossEntropy,
        (Task::Classification { .. }, true) => {
            layers.push(LayerKind::Activation(ActivationKind::Softmax));
            LossKind::CategoricalCrossEntropy
        }
        (Task::Multilabel, false) => LossKind::SigmoidCrossEntropy,
        (Task::Multilabel, true) => {
            layers.push(LayerKind::Activation(ActivationKind::Sigmoid));
            LossKind::BinaryCrossEntropy
        }
        (_, false) => LossKind::MeanSquared,
        (_, true) => one_of(&[LossKind::MeanAbsolute, LossKind::Huber], generator),
    }
}
