//! Threads change no bit of what a recurrent layer computes.

use evenkeel::*;

/// Wide enough that products and gates are shared.
fn run(threads: usize) -> (Vec<u32>, u64) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let before = shared_pieces();
    pool.install(|| {
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
        (trainer.network().parameters().iter().map(|x| x.to_bits()).collect(), shared_pieces() - before)
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
