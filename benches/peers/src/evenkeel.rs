//! evenkeel's step, by its public calls.

use std::error::Error;

use evenkeel::{
    Adam, Conv2d, GlobalNorm, Linear, MaxPool2d, Mode, Network, NonFinite, Optimizer, Padding, Relu, Rows, Sgd,
    SoftmaxCrossEntropy, Tanh, Targets,
};

use crate::workload::{Hidden, Step, Update, Workload};

pub fn step(workload: &Workload) -> Result<Step, Box<dyn Error>> {
    let mut network = network(workload)?;
    let rate = workload.rate();
    let optimizer: Box<dyn Optimizer<f32>> = match workload.update {
        Update::Sgd => Box::new(Sgd::new(rate)?),
        Update::Momentum(momentum) => Box::new(Sgd::new(rate)?.momentum(momentum)?),
        Update::Adam => Box::new(Adam::new(rate)?),
    };
    let mut clipper = workload.clip.map(GlobalNorm::new).transpose()?;
    let mut state = network.optimizer_state(&*optimizer)?;
    let mut workspace = network.workspace(workload.batch)?;
    let (inputs, classes, n_in) = (workload.inputs(), workload.classes(), workload.n_in());
    let loss = SoftmaxCrossEntropy::new();
    let mut steps = 0;

    let mut train = move || -> Result<f64, evenkeel::Error> {
        network.forward(Rows::new(&inputs, n_in)?, Mode::Train, &mut workspace)?;
        let value = network.loss(&loss, Targets::Classes(&classes), &mut workspace)?;
        network.backward(&mut workspace)?;
        let mut scale = 1.0;
        if let Some(clipper) = &mut clipper {
            std::hint::black_box(workspace.gradient_norms().fold(0.0, f64::max));
            let verdict = NonFinite::Stop.decide(Some(clipper), &mut network.gradients(&mut workspace)?, steps)?;
            scale = verdict.clipped.pending;
        }
        network.update(&*optimizer, &mut state, &mut workspace, scale, rate)?;
        steps += 1;
        Ok(value)
    };
    Ok(Box::new(move || train().expect("a step")))
}

fn network(workload: &Workload) -> Result<Network<f32>, evenkeel::Error> {
    let (last, hidden) = workload.widths[1..].split_last().expect("an output");
    let mut builder = Network::builder(workload.n_in());
    for &width in hidden {
        builder = builder.layer(Linear::new(width));
        builder = if workload.hidden == Hidden::Tanh { builder.layer(Tanh) } else { builder.layer(Relu) };
    }
    if workload.hidden == Hidden::Convolutions {
        let (first, half) = (Conv2d::new((28, 28, 1), 16, 3), MaxPool2d::new((28, 28, 16), 2));
        let (second, quarter) = (Conv2d::new((14, 14, 16), 32, 3), MaxPool2d::new((14, 14, 32), 2));
        builder = builder.layer(first.padding(Padding::Same)).layer(Relu).layer(half);
        builder = builder.layer(second.padding(Padding::Same)).layer(Relu).layer(quarter);
    }
    builder.layer(Linear::new(*last)).seed(1).build()
}
