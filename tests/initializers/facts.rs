//! What other libraries were seen to do: where they are right the crate agrees; where they are not, it does not do the same.

use evenkeel::*;
use rand_distr::StandardNormal;

use super::filled;

fn weight(fans: Fans) -> Param {
    Param { fans, ..Param::weight(400, 500) }
}

/// Standard deviations and bounds of the variance-scaling family in PyTorch 2.15, Keras 3.15, JAX and MXNet, executed or by their formulas;
/// and what the others in the table, whose source was read, would have to give.
#[test]
fn deviations_and_bounds() {
    for row in include_str!("facts.csv").lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [id, law, scale, fan, fan_in, fan_out, what, expected, tolerance, _] = cells[..] else {
            panic!("ten columns in {row}")
        };
        let number = |cell: &str| cell.parse::<f64>().expect("a number");
        let fans = Fans { fan_in: fan_in.parse().unwrap(), fan_out: fan_out.parse().unwrap() };
        let mode = match fan {
            "in" => FanMode::In,
            "out" => FanMode::Out,
            "average" => FanMode::Average,
            _ => FanMode::GeometricMean,
        };
        let initializer: Box<dyn Initializer<f64>> = match law {
            "normal" => Box::new(VarianceScaling::new(number(scale), mode, StandardNormal).unwrap()),
            "uniform" => Box::new(VarianceScaling::new(number(scale), mode, UnitUniform).unwrap()),
            _ => Box::new(VarianceScaling::new(number(scale), mode, UnitTruncatedNormal).unwrap()),
        };
        let param = weight(fans);
        let std = initializer.moments(&param).unwrap().variance.sqrt();
        let expected = number(expected);
        if what == "std" {
            assert!((std - expected).abs() <= number(tolerance), "{id}: {std}, not {expected}");
        } else {
            // Of 200,000 draws the largest is within a thousandth of a uniform bound, but for a probability of e^-200; of a truncated one, near
            // which each is with 2.3e-4, for e^-46.
            let largest =
                filled::<f64>(&*initializer, &param, 1).iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
            assert!(largest <= expected * (1.0 + 1e-12) && largest > 0.999 * expected, "{id}: {largest} of {expected}");
        }
    }
}

/// `gain_he`: what keeps the second moment of a wide layer, 1 / sqrt(E f(z)^2), by scipy.integrate.quad.
#[test]
fn gains_in_theory() {
    for row in include_str!("gains.csv").lines().skip(1) {
        let (name, numbers) = row.split_once(',').expect("a name");
        let numbers: Vec<f64> = numbers.split(',').map(|cell| cell.parse().expect("a number")).collect();
        let [mean, second, gain, tolerance] = numbers[..] else { panic!("four numbers in {row}") };
        let function = |kinks: &[f64], f: fn(f64) -> f64| Expectations::of(0.0, 1.0, kinks, |x| (f(x), 0.0));
        let found = match name {
            "identity" => Identity.expectations(0.0, 1.0),
            "relu" => Relu.expectations(0.0, 1.0),
            "leaky_relu_001" => LeakyRelu::new(0.01).unwrap().expectations(0.0, 1.0),
            "leaky_relu_02" => LeakyRelu::new(0.2).unwrap().expectations(0.0, 1.0),
            "gelu_exact" => Gelu.expectations(0.0, 1.0),
            "mish" => Mish.expectations(0.0, 1.0),
            "sigmoid" => Sigmoid.expectations(0.0, 1.0),
            "elu" | "celu" => Elu::default().expectations(0.0, 1.0),
            "selu" => Selu.expectations(0.0, 1.0),
            "softplus" => Softplus.expectations(0.0, 1.0),
            "softsign" => Softsign.expectations(0.0, 1.0),
            "hardtanh" => function(&[-1.0, 1.0], |x| x.clamp(-1.0, 1.0)),
            "relu6" => function(&[0.0, 6.0], |x| x.clamp(0.0, 6.0)),
            "sine" => function(&[], f64::sin),
            other => panic!("an activation that nobody knows: {other}"),
        };
        assert!(
            (found.mean - mean).abs() <= tolerance && (found.second - second).abs() <= tolerance,
            "{name}: {found:?}"
        );
        assert!((found.second.sqrt().recip() - gain).abs() <= 3.0 * tolerance, "{name}: {found:?}");
    }
}

/// The fans that layers state: those of PyTorch and Keras, but for groups, by which both forget to divide.
#[test]
fn fans() {
    let fans = |layer: Conv2d<f64>, n_in: usize| {
        let network = Network::builder(n_in).layer(layer).build().unwrap();
        let fans = network.layout().slots()[0].param.fans;
        (fans.fan_in, fans.fan_out)
    };
    // PyTorch (16, 3, 3, 3) and Keras, JAX (3, 3, 3, 16); neuronika adds up the sides of the kernel: 18 and 96.
    assert_eq!(fans(Conv2d::new((8, 8, 3), 16, 3), 8 * 8 * 3), (27, 144));
    // PyTorch (16, 8, 3, 3).
    assert_eq!(fans(Conv2d::new((8, 8, 8), 16, 3), 8 * 8 * 8), (72, 144));
    // Depthwise: Keras says 36 for the fan-in, four times too much.
    assert_eq!(fans(Conv2d::new((8, 8, 4), 4, 3).groups(4), 8 * 8 * 4), (9, 9));
    // Grouped: JAX's fan-out of (3, 3, 1, 4) is 36, PyTorch's is not divided either.
    assert_eq!(fans(Conv2d::new((8, 8, 4), 8, 3).groups(4), 8 * 8 * 4), (9, 18));
    let linear = Network::<f64>::builder(3).layer(Linear::new(5)).build().unwrap();
    assert_eq!(linear.layout().slots()[0].param.fans, Fans { fan_in: 3, fan_out: 5 });
    // Attention, 64 numbers to 8 heads of 8: 64 and 64, as JAX says where it is told that axis 0 of (64, 8, 8) goes in and both others out. Queries, keys
    // and values count on their own, though they are one matrix here.
    let attention = Network::<f64>::builder(5 * 64).layer(MultiHeadAttention::new(64, 8)).build().unwrap();
    let qkv = &attention.layout().slots()[0].param;
    assert_eq!((qkv.cols, qkv.fans), (3 * 64, Fans { fan_in: 64, fan_out: 64 }));
    // burn swaps the two of one of its layouts; here they do not depend on how the numbers stand.
    let transposed = Param { rows: 4, cols: 100, unit_axis: 0, ..Param::weight(100, 4) };
    assert_eq!(Initializer::<f64>::moments(&He::normal(), &transposed).unwrap().variance, 2.0 / 100.0);
}

/// A depthwise convolution of 16 channels has 16 times the variance that its shape would have as one kernel over all channels, and so 4 times the
/// deviation: autoinit multiplies the variance of its normal weights by 16, and so the gain of its orthogonal ones.
#[test]
fn depthwise_weights_are_as_large_as_their_channel_needs() {
    let deviation = |groups: usize| {
        let conv = Conv2d::new((8, 8, 16), 16, 3).groups(groups).weights(LeCun::normal());
        let network = Network::<f64>::builder(8 * 8 * 16).layer(conv).build().unwrap();
        network.init_moments().next().unwrap().unwrap().variance.sqrt()
    };
    let (depthwise, dense) = (deviation(16), deviation(1));
    assert!((depthwise / dense - 4.0).abs() < 1e-14, "{depthwise} and {dense}");
    // A gain is one of deviations, whatever draws.
    let param = Param::weight(9, 16);
    let variance = |initializer: &dyn Initializer<f64>| initializer.moments(&param).unwrap().variance;
    let orthogonal = |gain: f64| variance(&Orthogonal::new(gain).unwrap());
    let normal = |gain: f64| variance(&LeCun::normal().gain(gain).unwrap());
    let ratios = [orthogonal(4.0) / orthogonal(1.0), normal(4.0) / normal(1.0)];
    assert!(ratios.iter().all(|ratio| (ratio / 16.0 - 1.0).abs() < 1e-14), "{ratios:?}");
}

/// The gain that makes up for a leaky ReLU, as PyTorch's `calculate_gain` has it, is in the weights before it.
#[test]
fn gains_of_leaky_relu() {
    for (slope, gain) in [
        (0.01, 1.4141428569978354),
        (0.0, std::f64::consts::SQRT_2),
        (1.0, 1.0),
        (2.23606797749979, 0.5773502691896257),
    ] {
        let network =
            Network::<f64>::builder(100).layer(Linear::new(50)).layer(LeakyRelu::new(slope).unwrap()).build().unwrap();
        let variance = network.init_moments().next().unwrap().unwrap().variance;
        assert!(((100.0 * variance).sqrt() - gain).abs() < 1e-14, "slope {slope}: {variance}");
    }
}

/// A bias starts at 0, where PyTorch draws it from U(-0.1, 0.1) for a fan-in of 100, candle from 1 / sqrt(channels) whatever the kernel, and
/// burn as it draws the weights; and a gain at 1, where tch-rs draws it from U(0, 1).
#[test]
fn biases_and_gains_do_not_start_at_random() {
    let network = Network::<f64>::builder(16 * 100)
        .layer(Conv2d::new((10, 10, 16), 4, 3))
        .layer(BatchNorm::new())
        .layer(Linear::new(7))
        .build()
        .unwrap();
    for slot in network.layout().slots() {
        let values = network.parameter(&slot.param.name).unwrap().data();
        match slot.param.role {
            evenkeel::Role::Bias => assert!(values.iter().all(|w| *w == 0.0)),
            evenkeel::Role::Gain => assert!(values.iter().all(|w| *w == 1.0)),
            _ => assert!(values.iter().all(|w| *w != 0.0)),
        }
    }
    // The gates of an LSTM in the order i, f, o, g: the biases of f are 1, as MXNet's LSTMBias(1.0) makes them.
    let lstm = Network::<f64>::builder(3).layer(Lstm::new(1, 3, 2).unwrap()).build().unwrap();
    assert_eq!(lstm.parameter("0.lstm.bias").unwrap().data(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

/// PyTorch, Keras and JAX let some of these pass, and draw NaN.
#[test]
fn arguments_that_make_no_sense() {
    fn refused<I>(made: Result<I, Error>, culprit: &str) {
        assert!(matches!(made, Err(Error::Argument { argument, .. }) if argument == culprit), "{culprit}");
    }
    refused(Normal::new(f64::NAN, 1.0), "mean"); // rand_distr: accepted
    refused(Normal::new(0.0, -1.0), "std"); // rand_distr, Keras: accepted
    refused(Uniform::new(1.0, 0.0), "high"); // Keras: accepted
    refused(Uniform::new(f64::NAN, 1.0), "low");
    refused(Constant::new(f64::NAN), "value"); // PyTorch: accepted
    refused(VarianceScaling::new(-1.0, FanMode::In, UnitUniform), "scale"); // JAX: all NaN
    refused(TruncatedNormal::new(0.0, f64::NAN), "std"); // Keras's NumPy backend: never returns
    // What is nothing is nothing: rand's `Uniform::new(0.0, 0.0)` and PyTorch's `trunc_normal_(std=0)` fail, Keras refuses a scale of 0.
    let param = Param::weight(3, 2);
    for initializer in [
        Box::new(Uniform::new(0.0, 0.0).unwrap()) as Box<dyn Initializer<f32>>,
        Box::new(TruncatedNormal::new(0.0, 0.0).unwrap()),
        Box::new(VarianceScaling::new(0.0, FanMode::In, UnitTruncatedNormal).unwrap()),
        Box::new(Xavier::uniform().gain(0.0).unwrap()),
        Box::new(Zeros),
    ] {
        assert!(filled::<f32>(&*initializer, &param, 1).iter().all(|w| *w == 0.0), "{initializer:?}");
    }
}

/// A parameter without numbers: PyTorch's xavier_ of (0, 0) and JAX divide by zero; here nothing is to be done, or it is said what is 0.
#[test]
fn no_numbers_at_all() {
    let fill = |initializer: &dyn Initializer<f64>, param: &Param| {
        initializer.fill(param, &mut [], &mut Generator::named(1, "none"))
    };
    for (rows, cols) in [(0, 3), (3, 0), (0, 0)] {
        let param = Param::weight(rows, cols);
        fill(&Orthogonal::default(), &param).unwrap();
        fill(&Eye::default(), &param).unwrap();
        fill(&Sparse::new(3, 1.0).unwrap(), &param).unwrap();
        fill(&TruncatedNormal::new(0.0, 1.0).unwrap(), &param).unwrap();
        let delta = fill(&DeltaOrthogonal::new((1, 1), 1.0).unwrap(), &param);
        assert!(matches!(delta, Err(Error::Argument { argument: "kernel", .. })), "{delta:?}");
        match fill(&Xavier::normal(), &param) {
            Ok(()) => assert!(rows + cols > 0),
            Err(error) => assert!(matches!(error, Error::Argument { argument: "fan", .. }) && rows + cols == 0),
        }
    }
    assert!(fill(&He::truncated(), &Param::weight(0, 3)).is_err());
}

/// PyTorch's `eye_` of 3 x 5; of other ranks than 2 there are no parameters here, which is what it refuses.
#[test]
fn identity_of_another_shape() {
    let expected = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    assert_eq!(filled::<f64>(&Eye::default(), &Param::weight(3, 5), 1), expected);
}

/// The zeros of PyTorch's `sparse_` come from another generator than its numbers, and differ from run to run.
#[test]
fn sparse_weights_follow_the_seed_alone() {
    let sparse = Sparse::new(25, 0.01).unwrap();
    let draw = |seed| filled::<f64>(&sparse, &Param::weight(50, 4), seed);
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

/// Keras's initializers without a seed, shared by two layers, draw the same numbers for both: symmetric layers.
#[test]
fn one_instance_draws_other_numbers_for_every_parameter() {
    let network = Network::<f64>::builder(4)
        .layer(Linear::new(4))
        .layer(Relu)
        .layer(Linear::new(4))
        .weights(Xavier::uniform())
        .build()
        .unwrap();
    let of = |name| network.parameter(name).unwrap().data();
    assert!(of("0.linear.weight").iter().zip(of("2.linear.weight")).all(|(a, b)| a != b));
}

/// By the papers, and the code that came with them.
#[test]
fn scales_of_residual_branches() {
    let of = |initializer: &dyn Initializer<f64>| {
        let InitMoments { variance, .. } = initializer.moments(&Param::weight(64, 50)).unwrap();
        variance.sqrt()
    };
    let he_by_fan_out = (2.0 / 50_f64).sqrt();
    let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
    close(of(&Scaled::fixup(20, 2).unwrap()) / he_by_fan_out, 0.22360679774997896);
    close(of(&Scaled::fixup(50, 3).unwrap()) / he_by_fan_out, 0.3760603093086394);
    let xavier = of(&Xavier::normal());
    close(of(&Scaled::t_fixup_encoder(6, Xavier::normal()).unwrap()) / xavier, 0.4280918798450026);
    close(of(&Scaled::t_fixup_decoder(6, Xavier::normal()).unwrap()) / xavier, 0.36889397323344053);
    // And the projection of values, where it is part of a matrix three times as wide.
    let root_2 = 2_f64.sqrt();
    let values = Scaled::new(root_2, Scaled::t_fixup_encoder(6, Xavier::normal()).unwrap()).unwrap();
    close(of(&values) / xavier, 0.6054133424185961);
    let values = Scaled::new(root_2, Scaled::t_fixup_decoder(6, Xavier::normal()).unwrap()).unwrap();
    close(of(&values) / xavier, 0.5216948600244291);
    // MuP: a deviation times width_mult^(-1/2).
    close(of(&Scaled::one_of(4, Normal::new(0.0, 1.0).unwrap()).unwrap()), 0.5);
}

/// Standard deviations of what is cut, by other formulas than the crate's.
#[test]
fn deviations_of_truncated_numbers() {
    for (low, high, mean, std) in [
        (-1.0, 1.0, 0.0, 0.5395600937548968),
        (-2.0, 2.0, 0.0, 0.8796256610342398),
        (-1.0, 2.0, 0.22963717909132902, 0.7209455868590458),
        (-2.0, 0.5, -0.4457437782725149, 0.6136724176112496),
    ] {
        let truncated = TruncatedNormal::new(0.0, 1.0).unwrap().bounds(low, high).unwrap();
        let moments = Initializer::<f64>::moments(&truncated, &Param::bias(1)).unwrap();
        assert!((moments.mean - mean).abs() <= 1e-12 && (moments.variance.sqrt() - std).abs() <= 1e-12, "{moments:?}");
    }
    // Bounds are in deviations: PyTorch's are absolute, and cut nothing of numbers with std 0.02, whose largest of 200,000 was 0.0974.
    let largest = filled::<f64>(&TruncatedNormal::new(0.0, 0.02).unwrap(), &Param::weight(400, 500), 1);
    assert!(largest.iter().all(|w| w.abs() <= 0.04));
}

/// A slice that is no parameter's is refused, by every initializer, and nothing is written.
#[test]
fn a_slice_of_another_size_is_refused() {
    let initializers: Vec<Box<dyn Initializer<f64>>> = vec![
        Box::new(Zeros),
        Box::new(Constant::new(0.5).unwrap()),
        Box::new(Normal::new(0.0, 1.0).unwrap()),
        Box::new(Uniform::new(-1.0, 1.0).unwrap()),
        Box::new(TruncatedNormal::new(0.0, 1.0).unwrap()),
        Box::new(Xavier::normal()),
        Box::new(He::uniform()),
        Box::new(LeCun::truncated()),
        Box::new(Orthogonal::default()),
        Box::new(Sparse::new(2, 1.0).unwrap()),
        Box::new(Eye::default()),
        Box::new(Dirac::new((1, 1), 1.0).unwrap()),
        Box::new(DeltaOrthogonal::new((1, 1), 1.0).unwrap()),
        Box::new(Critical::of(&Tanh, 0.05).unwrap()),
        Box::new(Siren::first()),
        Box::new(Scaled::new(0.5, He::normal()).unwrap()),
        Box::new(Box::new(Sparse::new(2, 1.0).unwrap()) as Box<dyn Initializer<f64>>),
        Box::new(std::sync::Arc::new(Orthogonal::default()) as std::sync::Arc<dyn Initializer<f64>>),
    ];
    for (rows, cols) in [(2, 3), (3, 3), (1, 4)] {
        let param = Param::weight(rows, cols);
        for initializer in &initializers {
            let filled = |count: usize| {
                let mut out = vec![f64::NAN; count];
                let outcome = initializer.fill(&param, &mut out, &mut Generator::named(1, "w"));
                (outcome, out)
            };
            let (outcome, out) = filled(rows * cols);
            assert!(outcome.is_ok() && out.iter().all(|w| w.is_finite()), "{initializer:?}: {outcome:?}");
            for count in [0, 1, 2, rows * cols - 1, rows * cols + 1, 2 * rows * cols] {
                let (outcome, out) = filled(count);
                let refused = matches!(outcome, Err(Error::Size { found, .. }) if found == count);
                assert!(refused && out.iter().all(|w| w.is_nan()), "{initializer:?}, {count}: {outcome:?}");
            }
        }
    }
    let lstm = Lstm::<f64>::new(2, 3, 4).unwrap();
    for param in &Layer::plan(&lstm, 6).unwrap().params {
        let Some(initializer) = lstm.initializer(param) else { continue };
        let outcome = initializer.fill(param, &mut [0.0; 1], &mut Generator::named(1, "w"));
        assert!(matches!(outcome, Err(Error::Size { .. })), "{param:?}: {outcome:?}");
    }
}
