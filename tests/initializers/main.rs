//! Initializers: each sampler against its exact distribution, its stability, and which one a network picks.
//!
//! The seeds are fixed: a test here fails by change of the draws alone, with the probability it states, or for a defect.

mod facts;
mod orthogonal;
mod report;
mod truncated;

use std::fmt::Debug;

use evenkeel::{
    Activation, Constant, Elu, FanMode, Float, Gelu, Generator, He, Identity, Initializer, Layer, LeCun, LeakyRelu,
    Linear, Network, Normal, Orthogonal, Param, Relu, Scaled, Selu, Sigmoid, Silu, Siren, Sparse, Tanh,
    TruncatedNormal, Uniform, VarianceScaling, Xavier,
};
use proptest::prelude::*;
use rand::distr::Distribution;
use rand::{Rng, RngExt};

/// The Laplace distribution with mean 0 and variance 1, by inversion: a user's own.
#[derive(Debug, Clone, Copy)]
struct Laplace;

impl Distribution<f64> for Laplace {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let unit: f64 = rng.random();
        // ln(1 - 2 |u - 1/2|), with an argument in (0, 1].
        let size = -(2.0 * unit.min(1.0 - unit)).max(f64::MIN_POSITIVE).ln() / 2_f64.sqrt();
        if unit < 0.5 { -size } else { size }
    }
}

/// The distribution functions with mean 0 and variance 1.
fn normal_cdf(x: f64) -> f64 {
    libm::erfc(-x / 2_f64.sqrt()) / 2.0
}

fn uniform_cdf(x: f64) -> f64 {
    (0.5 + x / 12_f64.sqrt()).clamp(0.0, 1.0)
}

/// Of a normal number between plus and minus two, widened.
fn truncated_cdf(x: f64) -> f64 {
    let tail = normal_cdf(-2.0);
    ((normal_cdf((x * 0.879_625_661_034_239_8).clamp(-2.0, 2.0)) - tail) / (1.0 - 2.0 * tail)).clamp(0.0, 1.0)
}

fn laplace_cdf(x: f64) -> f64 {
    let tail = (-x.abs() * 2_f64.sqrt()).exp() / 2.0;
    if x < 0.0 { tail } else { 1.0 - tail }
}

const FAN_IN: usize = 1024;
const FAN_OUT: usize = 4096;

/// sup |F_n - F| of all `FAN_IN * FAN_OUT` draws, against F(x) = unit((x - mean) / std).
fn distance<T: Float>(
    initializer: &dyn Initializer<T>,
    name: &str,
    (unit, mean, std): (fn(f64) -> f64, f64, f64),
) -> f64 {
    let mut drawn = vec![T::zero(); FAN_IN * FAN_OUT];
    let mut generator = Generator::named(20, name);
    initializer.fill(&Param::weight(FAN_IN, FAN_OUT), &mut drawn, &mut generator).unwrap();
    distance_from(drawn.into_iter().map(Float::get).collect(), |x| unit((x - mean) / std))
}

/// sup |F_n - F| of some numbers.
fn distance_from(mut drawn: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    drawn.sort_unstable_by(f64::total_cmp);
    let n = drawn.len() as f64;
    let above_and_below = drawn.iter().enumerate().map(|(at, &x)| {
        let expected = cdf(x);
        ((at as f64 + 1.0) / n - expected).max(expected - at as f64 / n)
    });
    above_and_below.fold(0.0, f64::max)
}

/// How far the empirical distribution may be from the true one.
///
/// By Dvoretzky, Kiefer, Wolfowitz and Massart P(D_n > e) <= 2 exp(-2 n e^2); 2.5e-8 for each of the 2 x 12 samplers makes 6e-7
/// for the test. Rounding to T moves no draw by more than eps |x| / 2 and keeps their order, so it adds at most eps / 2 times the
/// largest |x| F'(x), which is below 1 for all that are tested here; errors of the distribution function fit in the other half.
fn allowed<T: Float>() -> f64 {
    let n = (FAN_IN * FAN_OUT) as f64;
    ((2.0 / 2.5e-8_f64).ln() / (2.0 * n)).sqrt() + T::epsilon().get()
}

fn distributions<T: Float>() {
    let average = (FAN_IN + FAN_OUT) as f64 / 2.0;
    let siren = 1.0 / FAN_IN as f64 / 3_f64.sqrt();
    let (xavier, he, lecun) = (average.sqrt().recip(), (2.0 / FAN_IN as f64).sqrt(), (1.0 / FAN_IN as f64).sqrt());
    type Case<T> = (&'static str, Box<dyn Initializer<T>>, Box<dyn Initializer<T>>, (fn(f64) -> f64, f64, f64));
    fn case<T: Float, I: Initializer<T> + 'static>(
        name: &'static str,
        make: impl Fn(f64) -> I,
        law: (fn(f64) -> f64, f64, f64),
    ) -> Case<T> {
        (name, Box::new(make(1.0)), Box::new(make(1.02)), law)
    }
    // Each made from a factor of its scale: 1, or 1.02 for the wrong variant.
    let (uniform_mean, uniform_std) = (0.1, 0.4 / 12_f64.sqrt());
    let cases = [
        case::<T, _>("normal", |s| Normal::new(0.3, 0.5 * s).unwrap(), (normal_cdf, 0.3, 0.5)),
        case(
            "uniform",
            |s| Uniform::new(0.1 - 0.2 * s, 0.1 + 0.2 * s).unwrap(),
            (uniform_cdf, uniform_mean, uniform_std),
        ),
        case("xavier normal", |s| Xavier::normal().gain(s).unwrap(), (normal_cdf, 0.0, xavier)),
        case("xavier uniform", |s| Xavier::uniform().gain(s).unwrap(), (uniform_cdf, 0.0, xavier)),
        case("xavier laplace", |s| Xavier::with(Laplace).gain(s).unwrap(), (laplace_cdf, 0.0, xavier)),
        case("he normal", |s| He::normal().gain(s).unwrap(), (normal_cdf, 0.0, he)),
        case("he uniform", |s| He::uniform().gain(s).unwrap(), (uniform_cdf, 0.0, he)),
        case("lecun normal", |s| LeCun::normal().gain(s).unwrap(), (normal_cdf, 0.0, lecun)),
        case("lecun uniform", |s| LeCun::uniform().gain(s).unwrap(), (uniform_cdf, 0.0, lecun)),
        case(
            "truncated normal",
            |s| TruncatedNormal::new(0.3, 0.5 * s).unwrap(),
            (truncated_cdf, 0.3, 0.5 * 0.879_625_661_034_239_8),
        ),
        case("he truncated", |s| He::truncated().gain(s).unwrap(), (truncated_cdf, 0.0, he)),
        case("siren", |s| Scaled::new(s, Siren::first()).unwrap(), (uniform_cdf, 0.0, siren)),
    ];
    let allowed = allowed::<T>();
    for (name, right, wrong, law) in cases {
        let found = distance(&*right, name, law);
        assert!(found <= allowed, "{name}: {found:e} from its distribution, {allowed:e} allowed");
        // 2 % of scale move a distribution function by 0.02 max |x| F'(x): 0.0037 for Laplace, 0.0048 for the normal, nearly
        // 0.01 for the uniform; the empirical one is within `allowed` = 0.0015 of that, but for a chance of 2.5e-8.
        let found = distance(&*wrong, name, law);
        assert!(found > allowed, "{name}: 2 % of scale went unseen at {found:e}");
    }
}

#[test]
fn samplers_follow_their_distributions() {
    distributions::<f32>();
    distributions::<f64>();
}

fn filled<T: Float>(initializer: &dyn Initializer<T>, param: &Param, seed: u64) -> Vec<T> {
    let mut values = vec![T::zero(); param.count().unwrap()];
    initializer.fill(param, &mut values, &mut Generator::named(seed, &param.name)).unwrap();
    values
}

/// Value-breaking if one of these changes: it must then be said in the CHANGELOG. The tolerance leaves room for the last digit of
/// another platform's `ln` and `exp`, which only the user's own distribution takes. All were computed apart from this crate, all but
/// Laplace's by tests/golden/draws.py.
#[test]
fn values_are_stable() {
    fn check<I: Initializer<f32> + Initializer<f64>>(initializer: I, golden: [f64; 3]) {
        let (single, double) = (
            filled::<f32>(&initializer, &Param::weight(3, 1), 1),
            filled::<f64>(&initializer, &Param::weight(3, 1), 1),
        );
        let of = format!("{initializer:?}: {double:?}", initializer = &initializer as &dyn Initializer<f64>);
        for ((single, double), golden) in single.into_iter().zip(double).zip(golden) {
            assert!((f64::from(single) - golden).abs() <= 1e-6 * golden.abs(), "{of}");
            assert!((double - golden).abs() <= 1e-14 * golden.abs(), "{of}");
        }
    }
    check(Normal::new(0.0, 1.0).unwrap(), [0.33493747497489934, 0.8245278212150263, 0.21634177681971686]);
    check(Uniform::new(0.0, 1.0).unwrap(), [0.4378209967819885, 0.7074920028064587, 0.20062641226366618]);
    check(Xavier::normal(), [0.23683655982825091, 0.5830292136581144, 0.15297673744316845]);
    check(Xavier::uniform(), [-0.1523068305990014, 0.5082495325839591, -0.7333125324203495]);
    check(Xavier::with(Laplace), [0.05000118516342767, 0.19273107250758711, 0.5228399589153625]);
    check(He::normal(), [0.2734753031415711, 0.6732241469018564, 0.176642321085128]);
    check(He::uniform(), [-0.17586877929150435, 0.5868760089057004, -0.8467563759860299]);
    check(LeCun::normal(), [0.19337624133845166, 0.47604135953283105, 0.12490498308382546]);
    check(LeCun::uniform(), [-0.12435800643602302, 0.4149840056129174, -0.5987471754726676]);
}

/// Value-breaking if one of these changes, as above. The quantiles of truncated numbers are within some 1e-15 of the exact ones.
#[test]
fn values_of_the_others_are_stable() {
    fn check(initializer: &dyn Initializer<f64>, cols: usize, golden: &[f64]) {
        for (found, golden) in filled::<f64>(initializer, &Param::weight(3, cols), 1).iter().zip(golden) {
            assert!((found - golden).abs() <= 1e-14, "{initializer:?}: {found}, not {golden}");
        }
    }
    let truncated = TruncatedNormal::new(0.0, 1.0).unwrap();
    check(&truncated, 1, &[-0.1493210377128181, 0.5188033577721137, -0.7917679746575381]);
    check(&He::truncated(), 1, &[-0.1386045475409911, 0.4815698160700496, -0.7349442755408496]);
    check(&Siren::first(), 1, &[-0.041452668812007654, 0.1383280018709725, -0.19958239182422255]);
    check(&Sparse::new(2, 1.0).unwrap(), 1, &[0.8245278212150263, 0.0, 0.33493747497489934]);
    let orthogonal = [
        0.36570086455557294,
        -0.9306772960435652,
        0.9002591814817231,
        0.3564691044041422,
        0.23621237016965138,
        0.08227726438298011,
    ];
    check(&Orthogonal::default(), 2, &orthogonal);
}

/// Value-breaking if one of these changes, as above; here to the last bit, which every platform has to agree on.
#[test]
fn bits_are_stable() {
    fn hash(initializer: &dyn Initializer<f64>) -> u64 {
        let bytes = filled(initializer, &Param::weight(1000, 1), 1).into_iter().flat_map(f64::to_le_bytes);
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }
    assert_eq!(hash(&Normal::new(0.0, 1.0).unwrap()), 0x8c64_a151_090d_0790);
    assert_eq!(hash(&Uniform::new(0.0, 1.0).unwrap()), 0x0c84_9663_72f3_878a);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn xavier_balances_both_directions(n_in in 1_usize..1 << 20, n_out in 1_usize..1 << 20) {
        // The quotient is rounded once and the product once: half an eps each.
        for xavier in [
            &Xavier::normal() as &dyn Initializer<f64>,
            &Xavier::uniform(),
            &Xavier::with(Laplace),
        ] {
            let moments = xavier.moments(&Param::weight(n_in, n_out)).unwrap();
            let balance = (n_in + n_out) as f64 * moments.variance / 2.0;
            prop_assert!((balance - 1.0).abs() <= 2.0 * f64::EPSILON && moments.mean == 0.0, "{balance}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bits(n_in in 1_usize..20, n_out in 1_usize..20, seed: u64) {
        let build = |seed| {
            let network = Network::<f64>::builder(n_in).layer(Linear::new(n_out)).seed(seed).build().unwrap();
            network.parameters().to_vec()
        };
        prop_assert_eq!(build(seed), build(seed));
        // One weight at least, of about 50 bits: equal by chance in one of 256 cases with a probability below 1e-12.
        prop_assert_ne!(build(seed), build(seed ^ 1));
    }
}

#[test]
fn parameters_of_one_instance_differ() {
    let network = Network::<f64>::builder(16)
        .layer(Linear::new(16))
        .layer(Tanh)
        .layer(Linear::new(16))
        .weights(He::normal())
        .biases(Normal::new(0.0, 1.0).unwrap())
        .seed(3)
        .build()
        .unwrap();
    let of = |name: String| network.parameter(&name).unwrap().data();
    // 52 bits a draw: two of the 272 pairs that agree by chance have a probability below 1e-12.
    for kind in ["weight", "bias"] {
        let (first, second) = (of(format!("0.linear.{kind}")), of(format!("2.linear.{kind}")));
        assert!(first.iter().zip(second).all(|(a, b)| a != b), "{kind}");
    }
}

#[test]
fn a_layer_at_the_end_changes_no_other() {
    let start = || Network::<f32>::builder(5).layer(Linear::new(7)).layer(Relu).layer(Linear::new(3)).seed(9);
    let (short, long) = (start().build().unwrap(), start().layer(Linear::new(2)).build().unwrap());
    assert_eq!(short.parameters(), &long.parameters()[..short.parameters().len()]);
    // One that asks for other weights before it changes those alone that feed it.
    let asking = start().layer(Relu).build().unwrap();
    let first = short.layout().find("2.linear.weight").unwrap().range.clone();
    assert_eq!(short.parameters()[..first.start], asking.parameters()[..first.start]);
    assert_ne!(short.parameters()[first.clone()], asking.parameters()[first]);
}

/// Whether weights of a network's first layer have that variance, as chi-square tells.
///
/// The sum of n squares of normal draws over their variance is chi-square with n degrees of freedom; by Laurent and Massart it
/// leaves n by more than 2 sqrt(n t) + 2 t with probability 2 exp(-t) at most. t = 18 makes 3.1e-8, so 4e-7 for
/// the twelve networks of a test. Rounding to f32 is seven digits below.
fn has_variance(weights: &[f32], variance: f64) -> bool {
    let (n, t) = (weights.len() as f64, 18.0_f64);
    let chi_square: f64 = weights.iter().map(|&w| f64::from(w) * f64::from(w) / variance).sum();
    (chi_square - n).abs() <= 2.0 * (n * t).sqrt() + 2.0 * t
}

#[test]
fn the_activation_behind_decides() {
    let (n_in, n_out) = (512, 1024);
    let fan = n_in as f64;
    let (xavier, he, lecun) = (2.0 / (n_in + n_out) as f64, 2.0 / fan, 1.0 / fan);
    let cases: Vec<(Box<dyn Layer<f32>>, f64)> = vec![
        (Box::new(Relu), he),
        (Box::new(Elu::default()), he),
        (Box::new(Gelu), he),
        (Box::new(Silu), he),
        (Box::new(LeakyRelu::new(0.5).unwrap()), he / 1.25),
        (Box::new(Tanh), xavier),
        (Box::new(Sigmoid), xavier),
        (Box::new(Identity), xavier),
        (Box::new(Linear::new(2)), xavier),
        (Box::new(Selu), lecun),
    ];
    for (behind, variance) in cases {
        let kind = behind.kind();
        let network = Network::<f32>::builder(n_in).layer(Linear::new(n_out)).boxed(behind).seed(5).build().unwrap();
        let weights = network.parameter("0.linear.weight").unwrap().data();
        assert!(has_variance(weights, variance), "before {kind}");
        // Of 524,288 weights `has_variance` allows 1.2 %; 2 % of scale are 4 % of variance.
        assert!(!has_variance(weights, variance * 1.02 * 1.02) && !has_variance(weights, variance / (1.02 * 1.02)));
        for other in [xavier, he, lecun].into_iter().filter(|other| (other / variance - 1.0).abs() > 0.1) {
            assert!(!has_variance(weights, other), "before {kind}");
        }
        assert!(network.parameter("0.linear.bias").unwrap().data().iter().all(|&bias| bias == 0.0));
    }
    let last = Network::<f32>::builder(n_in).layer(Linear::new(n_out)).seed(5).build().unwrap();
    assert!(has_variance(last.parameter("0.linear.weight").unwrap().data(), xavier));
    // A user's own activation asks for He unless it says otherwise.
    #[derive(Debug)]
    struct Square;
    impl Activation for Square {
        fn name(&self) -> &'static str {
            "square"
        }
        fn value<T: Float>(&self, x: T) -> T {
            x * x
        }
        fn slope<T: Float>(&self, x: T, _: T) -> T {
            x + x
        }
    }
    let own = Network::<f32>::builder(n_in).layer(Linear::new(n_out)).layer(Square).seed(5).build().unwrap();
    assert!(has_variance(own.parameter("0.linear.weight").unwrap().data(), he));
}

#[test]
fn the_layer_overrides_the_builder_and_the_builder_the_activation() {
    let own = VarianceScaling::new(3.0, FanMode::Out, Laplace).unwrap();
    let network = Network::<f64>::builder(4)
        .layer(Linear::new(6))
        .layer(Relu)
        .layer(Linear::new(5).weights(own).biases(Constant::new(-1.0).unwrap()))
        .layer(Relu)
        .layer(Linear::new(3))
        .weights(LeCun::uniform())
        .biases(Constant::new(0.25).unwrap())
        .seed(11)
        .build()
        .unwrap();
    let expected = |name: &str, initializer: &dyn Initializer<f64>| {
        let slot = network.layout().find(name).unwrap();
        assert_eq!(network.parameter(name).unwrap().data(), filled(initializer, &slot.param, 11), "{name}");
    };
    expected("0.linear.weight", &LeCun::uniform());
    expected("2.linear.weight", &own);
    expected("4.linear.weight", &LeCun::uniform());
    expected("0.linear.bias", &Constant::new(0.25).unwrap());
    expected("2.linear.bias", &Constant::new(-1.0).unwrap());
    expected("4.linear.bias", &Constant::new(0.25).unwrap());
}
