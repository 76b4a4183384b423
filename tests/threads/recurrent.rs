//! Recurrent layers, on sequences of different lengths.

use evenkeel::*;

use super::{leaves_the_same, one_at_a_time};

/// What is left of three steps of a network so wide that products and gates are shared.
fn run() -> Vec<u32> {
    let builder = Network::builder(6 * 40).layer(Lstm::new(6, 40, 150).unwrap());
    let builder = builder.layer(Gru::new(6, 150, 130).unwrap().last()).layer(Linear::new(3)).seed(2);
    let trainer = Trainer::builder(builder.build().unwrap(), SoftmaxCrossEntropy::new(), Adam::new(1e-3).unwrap());
    let mut trainer = trainer.batch(129).build().unwrap();
    let inputs = (0..300 * 240).map(|at| (at as f32 * 0.37).sin()).collect();
    let data = Dataset::classes(inputs, 240, (0..300).map(|row| row * 7 % 3).collect()).unwrap();
    let data = data.with_lengths((0..300).map(|row| 1 + row % 6).collect()).unwrap();
    for _ in 0..3 {
        trainer.step(&data).unwrap();
    }
    trainer.network().parameters().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let _running = one_at_a_time();
    leaves_the_same(run);
}
