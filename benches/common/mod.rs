//! The networks whose training steps are measured, and what a step of them is.

use evenkeel::*;

/// A network with what trains it, on one fixed batch.
pub struct Workload {
    pub name: &'static str,
    pub widths: Vec<usize>,
    pub batch: usize,
    tanh: bool,
    optimizer: Kind,
    clipped: bool,
}

enum Kind {
    Sgd,
    Momentum,
    Adam,
}

impl Workload {
    /// From the smallest to the largest.
    pub fn all() -> [Self; 5] {
        let mut deep = vec![128; 52];
        (deep[0], deep[51]) = (64, 10);
        let sgd = |name, widths, batch, tanh| Self { name, widths, batch, tanh, optimizer: Kind::Sgd, clipped: false };
        [
            sgd("W1", vec![4, 16, 16, 3], 32, true),
            Self { optimizer: Kind::Adam, ..sgd("W2", vec![64, 128, 64, 10], 64, false) },
            Self { optimizer: Kind::Momentum, ..sgd("W3", vec![784, 512, 256, 10], 128, false) },
            Self { clipped: true, ..sgd("W4", deep, 64, true) },
            sgd("W5", vec![1024, 1024, 1024, 1024, 10], 256, false),
        ]
    }

    fn n_in(&self) -> usize {
        self.widths[0]
    }

    pub fn network<T: Float>(&self) -> Network<T> {
        let (last, hidden) = self.widths[1..].split_last().expect("an output");
        let builder = hidden.iter().fold(Network::builder(self.n_in()), |builder, &width| {
            let builder = builder.layer(Linear::new(width));
            if self.tanh { builder.layer(Tanh) } else { builder.layer(Relu) }
        });
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

/// A pool of so many threads.
pub fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}
