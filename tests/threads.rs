//! Threads change the time that training takes, and not one bit of what comes of it.

use evenkeel::*;

/// Wide enough that products, activations, norms and updates are all shared.
fn trainer(optimizer: impl Optimizer<f32> + 'static) -> Trainer<f32> {
    let network = Network::builder(300)
        .layer(Linear::new(400))
        .layer(Tanh)
        .layer(Linear::new(350))
        .layer(Relu)
        .layer(Residual::new().layer(Dropout::new(0.2).unwrap()).layer(Linear::new(350)).learned_scale(0.5).unwrap())
        .layer(Linear::new(10))
        .seed(5)
        .build()
        .unwrap();
    let builder = Trainer::builder(network, SoftmaxCrossEntropy::new(), optimizer).batch(129);
    builder.clip(GlobalNorm::new(0.5).unwrap()).watch(Monitor::new().period(2).unwrap()).build().unwrap()
}

fn data() -> Dataset<f32> {
    let inputs = (0..500 * 300).map(|at| (at as f32 * 0.37).sin()).collect();
    Dataset::classes(inputs, 300, (0..500).map(|row| row * 7 % 10).collect()).unwrap()
}

/// What is left of five steps in a pool of that many threads: parameters, outputs, losses and norms; and how often threads shared.
fn run(threads: usize, optimizer: impl Optimizer<f32> + 'static) -> (Vec<u32>, Vec<u64>, u64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let before = shared_pieces();
    pool.install(|| {
        let (data, mut trainer) = (data(), trainer(optimizer));
        let mut numbers = Vec::new();
        for _ in 0..5 {
            let outcome = trainer.step(&data).unwrap();
            numbers.extend([outcome.loss.to_bits(), outcome.clipped.norm_before.to_bits()]);
        }
        let outputs = trainer.network().predict(data.inputs()).unwrap();
        let bits = trainer.network().parameters().iter().chain(&outputs).map(|x| x.to_bits()).collect();
        let report = trainer.report().unwrap();
        numbers.extend(report.layers.iter().filter_map(|layer| layer.update_ratio.now()).map(f64::to_bits));
        (bits, numbers, shared_pieces() - before)
    })
}

/// One test and not several: how often threads shared is counted for the whole process.
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let adam = || Adam::new(1e-3).unwrap();
    let (bits, numbers, shared) = run(1, adam());
    assert_eq!(shared, 0, "one thread has nobody to share with");
    for threads in [2, 7] {
        // On a busy machine a second thread may wake too late to get anything: so again, until there was something to test.
        let shared = (0..100).any(|_| {
            let (of_threads, their_numbers, shared) = run(threads, adam());
            assert!(bits == of_threads, "{threads} threads leave other bits than one");
            assert_eq!(numbers, their_numbers, "{threads} threads");
            shared > 0
        });
        assert!(shared, "{threads} threads shared nothing, so nothing was tested");
    }
    // And in the global pool, which is entered from outside.
    let sgd = || Sgd::new(0.05).unwrap().momentum(0.9).unwrap().weight_decay(1e-4).unwrap();
    let (bits, ..) = run(1, sgd());
    let (data, mut trainer) = (data(), trainer(sgd()));
    for _ in 0..5 {
        trainer.step(&data).unwrap();
    }
    let outputs = trainer.network().predict(data.inputs()).unwrap();
    let here: Vec<u32> = trainer.network().parameters().iter().chain(&outputs).map(|x| x.to_bits()).collect();
    assert!(bits == here, "the global pool leaves other bits than one thread");
}
