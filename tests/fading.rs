//! What an optimizer remembers fades to nothing, and not to numbers that processors are slow with.

use evenkeel::*;

/// One gradient, and then none for ten thousand steps: what is left is zero, and was never subnormal on its way there.
fn fades<T: Float>(name: &str, optimizer: &dyn Optimizer<T>) {
    let network = Network::<T>::builder(3).layer(Linear::new(2)).build().unwrap();
    let len = network.layout().len();
    let (mut weights, mut slots) = (network.parameters().to_vec(), vec![T::zero(); len * optimizer.slots()]);
    let mut norms = vec![0.0; network.layout().slots().len()];
    let mut alive = 0;
    for step in 1..100_000 {
        let gradients = vec![T::of(if step == 1 { 1e-3 } else { 0.0 }); len];
        let (layout, gradients) = (network.layout(), &gradients[..]);
        let (weights, slots, norms) = (&mut weights[..], &mut slots[..], &mut norms[..]);
        optimizer.update(Update { layout, weights, gradients, slots, step, rate: 0.01, scale: 1.0, norms });
        assert!(slots.iter().all(|slot| *slot == T::zero() || slot.is_normal()), "{name}, step {step}: {slots:?}");
        alive += u64::from(slots.iter().any(|slot| *slot != T::zero()));
    }
    // The gradient was remembered, or this says nothing; and it was forgotten.
    assert!(alive > 100, "{name}: {alive}");
    assert!(slots[..len].iter().all(|slot| *slot == T::zero()), "{name}: {slots:?}");
}

#[test]
fn momentum_fades_to_zero() {
    let momentum = Sgd::new(0.01).unwrap().momentum(0.9).unwrap();
    let adam = Adam::new(0.01).unwrap();
    fades::<f32>("momentum", &momentum);
    fades::<f64>("momentum", &momentum);
    fades::<f32>("Nesterov", &momentum.nesterov());
    fades::<f32>("Adam", &adam);
    fades::<f64>("Adam", &adam);
    let rms = RmsProp::new(0.01).unwrap();
    fades::<f32>("RMSprop", &rms.momentum(0.9).unwrap());
    fades::<f64>("RMSprop", &rms);
    fades::<f32>("RMSprop, centered", &rms.centered());
    fades::<f32>("AdamW", &AdamW::new(0.01, 0.1).unwrap());
}
