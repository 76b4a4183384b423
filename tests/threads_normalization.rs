//! Norms and attention on several threads: not one bit differs.
//!
//! A test binary of its own, since how often threads shared is counted for the whole process.

use evenkeel::*;

/// Wide enough that statistics, norms and rows of attention are all shared.
fn trainer() -> Trainer<f32> {
    let (steps, width) = (32, 32);
    let network = Network::builder(steps * width)
        .layer(BatchNorm::new())
        .layer(LayerNorm::over(width))
        .layer(MultiHeadAttention::new(width, 4).causal())
        .layer(PerStep::new(width, Linear::new(48)))
        .layer(BatchNorm::channels(48))
        .layer(Tanh)
        .layer(PerStep::new(48, Linear::new(6)))
        .layer(RmsNorm::over(6))
        .layer(BatchNorm::channels(6))
        .layer(MultiHeadAttention::new(6, 2))
        .layer(Linear::new(10))
        .seed(5)
        .build()
        .unwrap();
    Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(1e-3).unwrap()).batch(400).build().unwrap()
}

/// What is left of two steps in a pool of that many threads, and how often threads shared.
fn run(threads: usize) -> (Vec<u32>, u64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let before = shared_pieces();
    pool.install(|| {
        let inputs = (0..400 * 1024).map(|at| (at as f32 * 0.37).sin()).collect();
        let data = Dataset::classes(inputs, 1024, (0..400).map(|row| row * 7 % 10).collect()).unwrap();
        let mut trainer = trainer();
        for _ in 0..2 {
            trainer.step(&data).unwrap();
        }
        let outputs = trainer.network().predict(data.inputs()).unwrap();
        let network = trainer.network();
        let numbers = network.parameters().iter().chain(network.state()).chain(&outputs);
        (numbers.map(|x| x.to_bits()).collect(), shared_pieces() - before)
    })
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (bits, shared) = run(1);
    assert_eq!(shared, 0, "one thread has nobody to share with");
    for threads in [2, 7] {
        // On a busy machine a second thread may wake too late to get anything: so again, until there was something to test.
        let shared = (0..100).any(|_| {
            let (of_threads, shared) = run(threads);
            assert!(bits == of_threads, "{threads} threads leave other bits than one");
            shared > 0
        });
        assert!(shared, "{threads} threads shared nothing, so nothing was tested");
    }
}
