//! What is measured: six networks, each with its batch and its way of updating, described once for every contestant.

/// One training step, prepared: called, it trains on the batch and says the loss.
pub type Step = Box<dyn FnMut() -> f64>;

/// What stands between the input and the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hidden {
    Tanh,
    Relu,
    /// Two convolutions over images of 28 x 28, 3 x 3 x 16 and 3 x 3 x 32, padded to the same size, each with ReLU and a max pooling by 2
    /// behind it.
    Convolutions,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Update {
    Sgd,
    /// SGD with this momentum.
    Momentum(f64),
    Adam,
}

#[derive(Debug, Clone)]
pub struct Workload {
    pub name: &'static str,
    pub widths: Vec<usize>,
    pub hidden: Hidden,
    pub batch: usize,
    pub update: Update,
    /// The global norm to clip to; where there is one, every layer's gradient norm is read as well.
    pub clip: Option<f64>,
}

impl Workload {
    pub fn all() -> Vec<Self> {
        use Hidden::{Convolutions, Relu, Tanh};
        let workload = |name, widths: &[usize], hidden, batch, update| Self {
            name,
            widths: widths.to_vec(),
            hidden,
            batch,
            update,
            clip: None,
        };
        let mut deep = [128; 52];
        (deep[0], deep[51]) = (64, 10);
        vec![
            workload("W1", &[4, 16, 16, 3], Tanh, 32, Update::Sgd),
            workload("W2", &[64, 128, 64, 10], Relu, 64, Update::Adam),
            workload("W3", &[784, 512, 256, 10], Relu, 128, Update::Momentum(0.9)),
            Self { clip: Some(1.0), ..workload("W4", &deep, Tanh, 64, Update::Sgd) },
            workload("W5", &[1024, 1024, 1024, 1024, 10], Relu, 256, Update::Sgd),
            workload("W6", &[784, 10], Convolutions, 64, Update::Sgd),
        ]
    }

    /// A rate so low that the network is much the same after thousands of steps on one batch: nothing saturates or fades away.
    pub fn rate(&self) -> f64 {
        match self.update {
            Update::Adam => 1e-6,
            Update::Sgd | Update::Momentum(_) => 1e-4,
        }
    }

    pub fn n_in(&self) -> usize {
        self.widths[0]
    }

    pub fn n_out(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// The batch: numbers without a pattern, row by row.
    pub fn inputs(&self) -> Vec<f32> {
        (0..self.batch * self.n_in()).map(|at| (at as f32 * 0.37).sin()).collect()
    }

    /// The class of each row of the batch.
    pub fn classes(&self) -> Vec<usize> {
        (0..self.batch).map(|row| row * 7 % self.n_out()).collect()
    }

    /// The description that the Python script reads: name, widths, hidden, batch, update, momentum, clip (0 for none), rate.
    pub fn line(&self) -> String {
        let widths = self.widths.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let hidden = match self.hidden {
            Hidden::Tanh => "tanh",
            Hidden::Relu => "relu",
            Hidden::Convolutions => "convolutions",
        };
        let (update, momentum) = match self.update {
            Update::Sgd => ("sgd", 0.0),
            Update::Momentum(momentum) => ("sgd", momentum),
            Update::Adam => ("adam", 0.0),
        };
        let (name, batch, clip, rate) = (self.name, self.batch, self.clip.unwrap_or(0.0), self.rate());
        format!("{name} {widths} {hidden} {batch} {update} {momentum} {clip} {rate}")
    }

    /// For the table: `784-512-256-10 relu, batch 128`.
    pub fn description(&self) -> String {
        let widths = match self.widths.len() {
            ..8 => self.widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
            len => format!("{}-{}x{}-{}", self.n_in(), len - 2, self.widths[1], self.n_out()),
        };
        let hidden = match self.hidden {
            Hidden::Tanh => "tanh",
            Hidden::Relu => "relu",
            Hidden::Convolutions => "with 2 convolutions",
        };
        let update = match self.update {
            Update::Sgd => "SGD".to_owned(),
            Update::Momentum(momentum) => format!("SGD with momentum {momentum}"),
            Update::Adam => "Adam".to_owned(),
        };
        let clip = self.clip.map(|limit| format!(", clipped at {limit}, norms read")).unwrap_or_default();
        format!("{}: {widths} {hidden}, batch {}, {update}{clip}", self.name, self.batch)
    }
}
