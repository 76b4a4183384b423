//! dfdx's step. Its networks are types, so that each workload is written out; it has no clipping by a global norm, and
//! convolutions only on nightly Rust: W4 and W6 are left out.

use dfdx::optim::{Adam, AdamConfig, Momentum, Sgd, SgdConfig};
use dfdx::prelude::*;

use crate::workload::{Step, Update, Workload};

type Layer<const I: usize, const O: usize, A> = (Linear<I, O>, A);
type W1 = (Layer<4, 16, Tanh>, Layer<16, 16, Tanh>, Linear<16, 3>);
type W2 = (Layer<64, 128, ReLU>, Layer<128, 64, ReLU>, Linear<64, 10>);
type W3 = (Layer<784, 512, ReLU>, Layer<512, 256, ReLU>, Linear<256, 10>);
type W5 = (Layer<1024, 1024, ReLU>, Layer<1024, 1024, ReLU>, Layer<1024, 1024, ReLU>, Linear<1024, 10>);

pub fn step(workload: &Workload) -> Option<Step> {
    match workload.name {
        "W1" => Some(trained::<W1, 32, 4, 3>(workload)),
        "W2" => Some(trained::<W2, 64, 64, 10>(workload)),
        "W3" => Some(trained::<W3, 128, 784, 10>(workload)),
        "W5" => Some(trained::<W5, 256, 1024, 10>(workload)),
        _ => None,
    }
}

/// The optimizers have no type in common but this trait.
type AnyOptimizer<M> = Box<dyn Optimizer<M, Cpu, f32>>;

fn trained<N, const ROWS: usize, const IN: usize, const OUT: usize>(workload: &Workload) -> Step
where
    N: BuildOnDevice<Cpu, f32>,
    N::Built: ZeroGrads<f32, Cpu> + 'static,
    N::Built: ModuleMut<
            Tensor<Rank2<ROWS, IN>, f32, Cpu, OwnedTape<f32, Cpu>>,
            Output = Tensor<Rank2<ROWS, OUT>, f32, Cpu, OwnedTape<f32, Cpu>>,
            Error = <Cpu as HasErr>::Err,
        >,
    Sgd<N::Built, f32, Cpu>: Optimizer<N::Built, Cpu, f32>,
    Adam<N::Built, f32, Cpu>: Optimizer<N::Built, Cpu, f32>,
{
    let device = Cpu::default();
    let mut model = device.build_module::<N, f32>();
    let lr = workload.rate();
    let sgd = |model: &N::Built, momentum| Box::new(Sgd::new(model, SgdConfig { lr, momentum, weight_decay: None }));
    let mut optimizer: AnyOptimizer<N::Built> = match workload.update {
        Update::Sgd => sgd(&model, None),
        Update::Momentum(momentum) => sgd(&model, Some(Momentum::Classic(momentum))),
        Update::Adam => Box::new(Adam::new(&model, AdamConfig { lr, ..AdamConfig::default() })),
    };
    let inputs: Tensor<Rank2<ROWS, IN>, f32, Cpu> = device.tensor_from_vec(workload.inputs(), Default::default());
    // Its loss asks for probabilities, not for classes.
    let mut wanted = vec![0.0; ROWS * OUT];
    workload.classes().into_iter().enumerate().for_each(|(row, class)| wanted[row * OUT + class] = 1.0);
    let wanted: Tensor<Rank2<ROWS, OUT>, f32, Cpu> = device.tensor_from_vec(wanted, Default::default());
    let mut gradients = Some(model.alloc_grads());

    Box::new(move || {
        let traced = inputs.trace(gradients.take().expect("put back after each step"));
        let loss = cross_entropy_with_logits_loss(model.forward_mut(traced), wanted.clone());
        let value = f64::from(loss.array());
        let mut found = loss.backward();
        optimizer.update(&mut model, &found).expect("gradients of every parameter");
        model.zero_grads(&mut found);
        gradients = Some(found);
        value
    })
}
