//! What the weights' variance does to signals and gradients, measured on the engine itself.
//!
//! With the input row x fixed and only the weights random, an output o = sum of x_i w_i has mean 0 and variance
//! n_in gamma^2 sigma^2, where gamma^2 is the second moment of x (not its variance) and sigma^2 the variance of the weights. Backwards,
//! dx = dy W^T has variance n_out delta^2 sigma^2, with delta^2 the second moment of dy. So the units are the sample, not the rows.

mod layers;

use std::sync::{Arc, Mutex};

use evenkeel::{
    Critical, Draws, Error, Float, Generator, He, InitMoments, Initializer, Layer, LeCun, Linear, Loss, Mode, Network,
    Normal, Orthogonal, Param, Pass, Plan, Rows, RowsMut, Scaled, Siren, Tanh, Targets, TruncatedNormal, Uniform,
    Xavier,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::distr::Distribution;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// How many units a case measures, forwards and backwards.
const UNITS: usize = 1 << 20;

/// A user's own distribution: 0 five times of six, else of a size that makes the variance 1; kurtosis 6.
#[derive(Debug, Clone, Copy)]
struct Sparse;

impl Distribution<f64> for Sparse {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match rng.random_range(0..12) {
            0 => 6.0_f64.sqrt(),
            1 => -(6.0_f64.sqrt()),
            _ => 0.0,
        }
    }
}

/// One instance for many networks; `off` times what it states.
#[derive(Debug, Clone)]
struct Shared<T> {
    initializer: Arc<dyn Initializer<T>>,
    off: f64,
}

impl<T: Float> Initializer<T> for Shared<T> {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        self.initializer.fill(param, out, rng)?;
        out.iter_mut().for_each(|w| *w *= T::of(self.off));
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        self.initializer.moments(param)
    }

    fn draws(&self, param: &Param) -> Draws {
        self.initializer.draws(param)
    }
}

/// Passes everything on, and keeps the derivative that reached it from behind.
#[derive(Debug, Clone, Default)]
struct Recorder<T>(Arc<Mutex<Vec<T>>>);

impl<T: Float> Layer<T> for Recorder<T> {
    fn kind(&self) -> &'static str {
        "recorder"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        y.data_mut().copy_from_slice(x.data());
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        _: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        let mut kept = self.0.lock().unwrap();
        kept.clear();
        kept.extend_from_slice(dy.data());
    }
}

/// A loss whose derivative is the target itself, whatever the output: so that `dy` is fixed while the weights are drawn.
#[derive(Debug)]
struct Along;

impl<T: Float> Loss<T> for Along {
    fn name(&self) -> &'static str {
        "along"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        let target = target.values("Along", out.rows(), out.cols())?;
        if let Some(mut grad) = grad {
            grad.data_mut().copy_from_slice(target.data());
        }
        Ok(out.data().iter().zip(target.data()).map(|(y, t)| y.get() * t.get()).sum())
    }
}

fn second_moment<T: Float>(values: &[T]) -> f64 {
    values.iter().map(|x| x.get() * x.get()).sum::<f64>() / values.len() as f64
}

/// How far the mean of squares of `UNITS` sums of `fixed_i w_i` may be from `variance`, relative to it.
///
/// The kurtosis of the sum is kappa = 3 + (kappa_w - 3) sum x^4 / (sum x^2)^2, so its square has variance s^2 = (kappa - 1) v^2. By
/// Bernstein's inequality P(|mean - v| > t) <= 2 exp(-n t^2 / (2 (s^2 + c t))) where E|o^2 - v|^k <= k! s^2 c^(k-2) / 2 for k > 2;
/// c = 8 v does for all distributions here. Even moments of a sum of symmetric numbers grow with theirs, and those of the uniform are
/// below the normal's; so for both E o^2k <= (2k-1)!! v^k, and as |o^2 - v|^k <= o^2k + v^k, k = 3 asks for 16 <= 2.4 * 8 at the
/// smallest kappa, 1.8. Those of `Sparse`, 6^(k-1), are below those of a normal with variance sqrt(2): k = 3 asks for 43.5 <= 6 * 8.
/// From k to k + 1 the left grows by less than 2.9 (k + 1), the right by 8 (k + 1).
///
/// Truncated normal numbers are between the two. The crate's own `Sparse` leaves a share 1 / r of the weights, here r < 2: given which, the sum is
/// normal, and E o^2k <= (2k-1)!! v^k r^(k-2) kappa / 3; k = 3 asks for 10 kappa + 1 <= 24 (kappa - 1), and from k to k + 1 the left grows by less
/// than 4 (k + 1). Backwards its sums are not independent, but places drawn without replacement are negatively associated, and so are the
/// sums' variances, so that E exp(t sum) is no larger than that of independent ones. Of orthogonal weights the sum of the squares is known, or n B
/// with a Beta variable B for which n B = E[chi^2_m | B]: its convex functions have smaller means than those of m independent normal sums, whose
/// kurtosis is therefore what counts.
///
/// With tau = ln(2 / p) the bound is t = (c tau + sqrt((c tau)^2 + 2 n tau s^2)) / n. p = 1e-9 for each of fewer than 100 means of a
/// test makes less than 1e-7.
///
/// A sum of m products in T is off by (m + 1) eps / 2 times sum |x_i w_i| at most, which Cauchy and Schwarz bound by |x| |w|: so the
/// root mean square by (m + 1) sqrt(m) eps / 2 of itself where |w|^2 is at its mean, and the mean square by twice that; twice again
/// leaves room for where |w|^2 is above.
fn allowed<T: Float>(fixed: &[T], weight_kurtosis: f64) -> f64 {
    let m = fixed.len() as f64;
    let fourth = fixed.iter().map(|x| x.get().powi(4)).sum::<f64>() / (second_moment(fixed) * m).powi(2);
    let spread = 3.0 + (weight_kurtosis - 3.0) * fourth - 1.0;
    let (n, tau) = (UNITS as f64, (2.0 / 1e-9_f64).ln());
    let rounding = 2.0 * (m + 1.0) * m.sqrt() * T::epsilon().get();
    (8.0 * tau + ((8.0 * tau).powi(2) + 2.0 * n * tau * spread).sqrt()) / n + rounding
}

/// The means of the squares of `UNITS` outputs and of `UNITS` derivatives by the input, each network with weights of its own.
fn measure<T: Float>(initializer: &Shared<T>, x: &[T], dy: &[T], seed: u64) -> (f64, f64) {
    let recorder = Recorder::<T>::default();
    let build = |seed: usize| {
        let layer = Linear::without_bias(dy.len()).weights(initializer.clone());
        Network::<T>::builder(x.len()).layer(recorder.clone()).layer(layer).seed(seed as u64).build().unwrap()
    };
    let networks = UNITS.div_ceil(x.len().min(dy.len()));
    let mut workspace = build(0).workspace(1).unwrap();
    let (mut forward, mut backward) = (0.0, 0.0);
    for number in 0..networks {
        let network = build((seed as usize).wrapping_mul(1 << 32).wrapping_add(number));
        let y = network.forward(Rows::new(x, x.len()).unwrap(), Mode::Train, &mut workspace).unwrap();
        forward += second_moment(y.data()) / networks as f64;
        network.loss(&Along, Targets::Values(Rows::new(dy, dy.len()).unwrap()), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        backward += second_moment(&recorder.0.lock().unwrap()) / networks as f64;
    }
    (forward, backward)
}

/// Compares both directions with what theory says; an error tells which is off.
fn propagates<T: Float>(initializer: &Shared<T>, x: &[T], dy: &[T], seed: u64) -> Result<(), String> {
    let moments = initializer.moments(&Param::weight(x.len(), dy.len())).unwrap();
    assert_eq!(moments.mean, 0.0);
    let orthogonal = initializer.draws(&Param::weight(x.len(), dy.len())) == Draws::Orthogonal;
    let kurtosis = if orthogonal { 3.0 } else { moments.kurtosis.unwrap() };
    let (forward, backward) = measure(initializer, x, dy, seed);
    for (direction, fixed, measured) in [("forwards", x, forward), ("backwards", dy, backward)] {
        let expected = fixed.len() as f64 * second_moment(fixed) * moments.variance;
        let (off, allowed) = ((measured / expected - 1.0).abs(), allowed(fixed, kurtosis));
        if off > allowed {
            return Err(format!("{direction} {measured}, not {expected}: {off} off, {allowed} allowed"));
        }
    }
    Ok(())
}

/// Every initializer of the crate that draws numbers of mean 0 for a layer like these, and a user's own distribution.
fn initializers<T: Float>() -> Vec<Shared<T>> {
    let all: [Arc<dyn Initializer<T>>; 17] = [
        Arc::new(Normal::new(0.0, 0.2).unwrap()),
        Arc::new(Uniform::new(-0.3, 0.3).unwrap()),
        Arc::new(Xavier::normal()),
        Arc::new(Xavier::uniform()),
        Arc::new(Xavier::with(Sparse).kurtosis(6.0).unwrap()),
        Arc::new(He::normal()),
        Arc::new(He::uniform()),
        Arc::new(LeCun::normal()),
        Arc::new(LeCun::uniform()),
        Arc::new(TruncatedNormal::new(0.0, 0.2).unwrap()),
        Arc::new(He::truncated()),
        Arc::new(Orthogonal::new(1.3).unwrap()),
        Arc::new(Siren::first()),
        Arc::new(Siren::hidden(30.0).unwrap()),
        Arc::new(evenkeel::Sparse::new(32, 0.2).unwrap()),
        Arc::new(Critical::of(&Tanh, 0.05).unwrap()),
        Arc::new(Scaled::one_of(3, Xavier::truncated()).unwrap()),
    ];
    all.into_iter().map(|initializer| Shared { initializer, off: 1.0 }).collect()
}

/// A row with that mean, whose entries follow each other: correlation `persistence` between neighbours, variance 1.
fn row<T: Float>(len: usize, mean: f64, persistence: f64, seed: u64) -> Vec<T> {
    let mut generator = Generator::named(seed, "row");
    let mut deviation: f64 = generator.sample(StandardNormal);
    let mut next = || {
        let fresh: f64 = generator.sample(StandardNormal);
        deviation = persistence * deviation + (1.0 - persistence * persistence).sqrt() * fresh;
        T::of(mean + deviation)
    };
    (0..len).map(|_| next()).collect()
}

proptest! {
    // A fixed seed, so that no run has other draws than those whose probability is stated.
    #![proptest_config(ProptestConfig {
        cases: 3, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn variance_is_fan_times_second_moment(
        (n_in, n_out) in (24_usize..64, 24_usize..64),
        (mean, persistence) in (-3.0_f64..3.0, 0.0_f64..0.99),
        seed in 0_u64..1 << 20,
    ) {
        let (x, dy) = (row(n_in, mean, persistence, seed), row(n_out, 0.0, 0.0, seed + 1));
        for initializer in initializers::<f64>() {
            let checked = propagates(&initializer, &x, &dy, seed);
            prop_assert!(checked.is_ok(), "{n_in} -> {n_out}, {initializer:?}: {checked:?}");
        }
        // In f32 the same draws, rounded: two of them will do.
        let (x, dy) = (row(n_in, mean, persistence, seed), row(n_out, 0.0, 0.0, seed + 1));
        for initializer in &initializers::<f32>()[4..6] {
            let checked = propagates(initializer, &x, &dy, seed);
            prop_assert!(checked.is_ok(), "f32, {n_in} -> {n_out}, {initializer:?}: {checked:?}");
        }
    }
}

#[test]
fn two_percent_of_scale_are_seen() {
    // They are 4 % of variance; `allowed` is below 1.5 % for every kurtosis up to 6, so a miss has a probability below 1e-9.
    let (x, dy) = (row(40, 0.0, 0.0, 1), row(40, 0.0, 0.0, 2));
    for (at, initializer) in initializers::<f64>().into_iter().enumerate() {
        let wrong = Shared { off: if at % 2 == 0 { 1.02 } else { 0.98 }, ..initializer };
        assert!(propagates(&wrong, &x, &dy, 7).is_err(), "{wrong:?}");
    }
}

#[test]
fn the_second_moment_counts_and_not_the_variance() {
    // Pixels are like this: far from centred, each like its neighbour. The variance of the row would say a tenth of what comes out.
    let (x, dy) = (row::<f64>(32, 3.0, 0.9, 5), row::<f64>(32, -3.0, 0.9, 6));
    let initializer = Shared { initializer: Arc::new(LeCun::normal()), off: 1.0 };
    assert_eq!(propagates(&initializer, &x, &dy, 8), Ok(()));
    let (forward, backward) = measure(&initializer, &x, &dy, 8);
    for (fixed, measured) in [(&x, forward), (&dy, backward)] {
        let mean = fixed.iter().sum::<f64>() / fixed.len() as f64;
        let variance = second_moment(fixed) - mean * mean;
        assert!(measured > 5.0 * variance, "{measured}, where the variance is {variance}");
    }
}
