//! The networks whose training steps are measured, and what a step of them is.

use evenkeel::*;

/// A network with what trains it, on one fixed batch.
pub struct Workload {
    pub name: &'static str,
    pub widths: Vec<usize>,
    pub batch: usize,
    hidden: Hidden,
    optimizer: Kind,
    clipped: bool,
}

/// What stands between the input and the output.
#[derive(PartialEq)]
enum Hidden {
    Tanh,
    Relu,
    /// Two convolutions over images of 28 x 28, each with ReLU and a max pooling behind it; the widths in between follow.
    Convolutions,
}

enum Kind {
    Sgd,
    Momentum,
    Adam,
}

impl Workload {
    /// From the smallest to the largest.
    pub fn all() -> [Self; 6] {
        let mut deep = vec![128; 52];
        (deep[0], deep[51]) = (64, 10);
        let sgd =
            |name, widths, batch, hidden| Self { name, widths, batch, hidden, optimizer: Kind::Sgd, clipped: false };
        [
            sgd("W1", vec![4, 16, 16, 3], 32, Hidden::Tanh),
            Self { optimizer: Kind::Adam, ..sgd("W2", vec![64, 128, 64, 10], 64, Hidden::Relu) },
            Self { optimizer: Kind::Momentum, ..sgd("W3", vec![784, 512, 256, 10], 128, Hidden::Relu) },
            Self { clipped: true, ..sgd("W4", deep, 64, Hidden::Tanh) },
            sgd("W5", vec![1024, 1024, 1024, 1024, 10], 256, Hidden::Relu),
            sgd("W6", vec![28 * 28, 10], 64, Hidden::Convolutions),
        ]
    }

    fn n_in(&self) -> usize {
        self.widths[0]
    }

    /// How many multiplications and additions the products of one training step take.
    #[allow(dead_code, reason = "each bench uses its own part")]
    pub fn operations(&self) -> f64 {
        // Rows, inputs and outputs of each product.
        let wide = |pair: &[usize]| [self.batch, pair[0], pair[1]];
        let products = match self.hidden {
            Hidden::Convolutions => {
                let (pixels, quarter) = (self.batch * 28 * 28, self.batch * 14 * 14);
                vec![[pixels, 9, 16], [quarter, 9 * 16, 32], [self.batch, 7 * 7 * 32, 10]]
            }
            _ => self.widths.windows(2).map(wide).collect(),
        };
        let products = products.into_iter().enumerate().map(|(layer, [rows, n_in, n_out])| {
            // Forward, the gradient by the weights, and, but for the first layer, that by the inputs.
            let passes = if layer == 0 { 2.0 } else { 3.0 };
            2.0 * passes * (rows * n_in * n_out) as f64
        });
        products.sum()
    }

    pub fn network<T: Float>(&self) -> Network<T> {
        let (last, hidden) = self.widths[1..].split_last().expect("an output");
        let builder = hidden.iter().fold(Network::builder(self.n_in()), |builder, &width| {
            let builder = builder.layer(Linear::new(width));
            if self.hidden == Hidden::Tanh { builder.layer(Tanh) } else { builder.layer(Relu) }
        });
        let builder = if self.hidden == Hidden::Convolutions { convolutions(builder) } else { builder };
        builder.layer(Linear::new(*last)).seed(1).build().expect("a network")
    }

    /// So many rows of inputs without a pattern, each of a class.
    pub fn data<T: Float>(&self, rows: usize) -> Dataset<T> {
        let inputs = (0..rows * self.n_in()).map(|at| T::of((at as f64 * 0.37).sin())).collect();
        let classes = self.widths[self.widths.len() - 1];
        Dataset::classes(inputs, self.n_in(), (0..rows).map(|row| row * 7 % classes).collect()).expect("finite rows")
    }

    /// A trainer whose rate is so low that the network stays what it is, however many steps are measured.
    pub fn trainer<T: Float>(&self) -> TrainerBuilder<T> {
        const RATE: f64 = 1e-6;
        let (network, loss) = (self.network(), SoftmaxCrossEntropy::new());
        let sgd = || Sgd::new(RATE).expect("a rate");
        let builder = match self.optimizer {
            Kind::Sgd => Trainer::builder(network, loss, sgd()),
            Kind::Momentum => Trainer::builder(network, loss, sgd().momentum(0.9).expect("a momentum")),
            Kind::Adam => Trainer::builder(network, loss, Adam::new(RATE).expect("a rate")),
        };
        let builder = builder.batch(self.batch);
        if self.clipped { builder.clip(GlobalNorm::new(1.0).expect("a limit")) } else { builder }
    }
}

/// 3 x 3 x 16, ReLU, max pooling by 2, 3 x 3 x 32, ReLU, max pooling by 2.
fn convolutions<T: Float>(builder: NetworkBuilder<T>) -> NetworkBuilder<T> {
    let (first, half) = (Conv2d::new((28, 28, 1), 16, 3), MaxPool2d::new((28, 28, 16), 2));
    let (second, quarter) = (Conv2d::new((14, 14, 16), 32, 3), MaxPool2d::new((14, 14, 32), 2));
    let builder = builder.layer(first.padding(Padding::Same)).layer(Relu).layer(half);
    builder.layer(second.padding(Padding::Same)).layer(Relu).layer(quarter)
}

/// A pool of so many threads.
pub fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}
