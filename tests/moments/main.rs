//! Numbers from theory against numbers computed elsewhere with more digits.
//!
//! `theory.json`: moments of activations of a standard normal number, by mpmath with 34 digits (tanh-sinh on panels cut at kinks), and what
//! follows from them; edges of chaos, by Gauss-Legendre quadrature and Brent's method in f64. `wide.csv`: by `expectations.py`.

mod correlations;
mod double_exponential;
mod every_size;
mod theory;

use evenkeel::*;

use super::functions::known;

fn lines(data: &'static str) -> impl Iterator<Item = (&'static str, Vec<f64>)> {
    data.lines().map(|line| {
        let (name, numbers) = line.split_once(',').unwrap();
        (name, numbers.split(',').map(|number| number.parse().unwrap()).collect())
    })
}

#[track_caller]
fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found:e}, not {expected:e}");
}

#[test]
fn of_every_size() {
    let mut count = 0;
    for (name, numbers) in lines(include_str!("wide.csv")) {
        let (q, expected) = (numbers[0], &numbers[1..]);
        let of = known(name).at(q);
        close(&format!("{name}, E f^2 at {q:e}"), of.second, expected[0], 1e-12);
        close(&format!("{name}, E f'^2 at {q:e}"), of.slope_second, expected[1], 1e-12);
        // What is not 0 at the mean: 1e-16 / s, as stated.
        let digits = if matches!(name, "sigmoid" | "softplus") { 1e-15 / q.sqrt().min(1.0) } else { 0.0 };
        close(&format!("{name}, growth at {q:e}"), of.growth, expected[2], 1e-12 + digits);
        count += 1;
    }
    assert_eq!(count, 64);
}

/// As PyTorch 2.15's `calculate_gain`, which refuses all others.
#[test]
fn the_usual_gains() {
    let leaky = |slope| LeakyRelu::new(slope).unwrap().usual_gain().unwrap();
    close("linear", Identity.usual_gain().unwrap(), 1.0, 1e-15);
    close("sigmoid", Sigmoid.usual_gain().unwrap(), 1.0, 1e-15);
    close("tanh", Tanh.usual_gain().unwrap(), 5.0 / 3.0, 1e-15);
    close("relu", Relu.usual_gain().unwrap(), std::f64::consts::SQRT_2, 1e-15);
    close("leaky_relu", LeakyRelu::default().usual_gain().unwrap(), 1.4141428569978354, 1e-15);
    close("leaky_relu 0", leaky(0.0), std::f64::consts::SQRT_2, 1e-15);
    close("leaky_relu 1", leaky(1.0), 1.0, 1e-15);
    close("leaky_relu sqrt 5", leaky(2.23606797749979), 0.5773502691896257, 1e-15);
    close("selu", Selu.usual_gain().unwrap(), 0.75, 1e-15);
    for unknown in [Silu.usual_gain(), Elu::default().usual_gain(), Softplus.usual_gain(), Gelu.usual_gain()] {
        assert_eq!(unknown, None);
    }
}

/// Gains that no library ships, by quadrature in NumPy with 1e-9.
#[test]
fn the_gains_of_theory() {
    let gain = |name| known(name).at(1.0).gain();
    let known = [
        ("mish", 1.4868475812732078),
        ("softsign", 2.337533363108539),
        ("softplus", 1.0418668355353016),
        ("gelu", 1.5335304411955353),
        ("elu", 1.2451983007007064),
        ("sigmoid", 1.8462285453386054),
    ];
    known.iter().for_each(|&(name, expected)| close(name, gain(name), expected, 1e-9));
    // Functions that are no layers, and given as they are.
    let sine = Expectations::of(0.0, 1.0, &[], |x| (x.sin(), x.cos()));
    close("sine", sine.gain(), 1.5208666231788148, 1e-9);
    close("hard_tanh", gain("hard_tanh"), 1.392036140447942, 1e-9);
    close("relu6", gain("relu6"), 1.4142135650950736, 1e-9);
}

#[test]
fn limits_without_biases() {
    // tanh: 1; GELU and SiLU: 4, from which every signal grows away; SELU behaves as a leaky ReLU; sigmoid has a fixed point of its own.
    close("tanh", EdgeOfChaos::of(&Tanh, 0.0).unwrap().weight_variance, 1.0, 1e-9);
    close("gelu", EdgeOfChaos::of(&Gelu, 0.0).unwrap().weight_variance, 4.0, 1e-4);
    close("selu", EdgeOfChaos::of(&Selu, 0.0).unwrap().weight_variance, 0.4767710179, 1e-4);
    close("relu", EdgeOfChaos::of(&Relu, 0.0).unwrap().weight_variance, 2.0, 1e-12);
    let sigmoid = EdgeOfChaos::of(&Sigmoid, 0.0).unwrap();
    close("sigmoid", sigmoid.fixed_point, 45.624277797379705, 1e-9);
    close("sigmoid", sigmoid.weight_variance, 103.0075538555193, 1e-9);
    // ReLU and its like keep any second moment there is; tanh's falls to 0, and those of GELU, SiLU and Mish grow away from it.
    for kept in [
        EdgeOfChaos::of(&Relu, 0.0),
        EdgeOfChaos::of(&LeakyRelu::default(), 0.0),
        EdgeOfChaos::of(&LeakyRelu::new(-0.7).unwrap(), 0.0),
        EdgeOfChaos::of(&Identity, 0.0),
        EdgeOfChaos::of(&Tanh, 0.0),
        EdgeOfChaos::of(&Softsign, 0.0),
        EdgeOfChaos::of(&Elu::default(), 0.0),
    ] {
        assert!(kept.unwrap().is_stable(), "{kept:?}");
    }
    for left in [EdgeOfChaos::of(&Gelu, 0.0), EdgeOfChaos::of(&Silu, 0.0), EdgeOfChaos::of(&Mish, 0.0)] {
        assert!(!left.unwrap().is_stable(), "{left:?}");
    }
    assert!(EdgeOfChaos::of(&Tanh, -1.0).is_none() && EdgeOfChaos::of(&Tanh, f64::NAN).is_none());
    assert!(EdgeOfChaos::of(&Softplus, 0.1).is_none());
}

/// D q is at least the variance of f (Poincare), with equality for what is linear alone.
#[test]
fn slopes_outweigh_the_variance() {
    for name in ["identity", "sigmoid", "tanh", "relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign"] {
        for q in [1e-6, 0.1, 1.0, 7.0, 1e4] {
            let of = known(name).at(q);
            let (slopes, variance) = (of.slope_second * q, of.second - of.mean * of.mean);
            assert!(slopes >= variance * (1.0 - 1e-9), "{name} at {q}: {slopes:e} < {variance:e}");
            assert!(name == "identity" || q < 0.05 || slopes > variance * (1.0 + 1e-6), "{name} at {q}");
        }
    }
}

#[test]
fn critical_draws_what_it_says() {
    let critical = Critical::of(&Tanh, 0.05).unwrap();
    let edge = EdgeOfChaos::of(&Tanh, 0.05).unwrap();
    for (param, variance) in [(Param::weight(400, 300), edge.weight_variance / 400.0), (Param::bias(120_000), 0.05)] {
        let mut values = vec![0.0_f64; 120_000];
        critical.fill(&param, &mut values, &mut Generator::named(1, "w")).unwrap();
        let measured = values.iter().map(|w| w * w).sum::<f64>() / values.len() as f64;
        // 6 standard errors of a mean of so many squares: 2e-9.
        close("variance", measured, variance, 6.0 * (2.0 / values.len() as f64).sqrt());
        close("stated", Initializer::<f64>::moments(&critical, &param).unwrap().variance, variance, 1e-12);
    }
    for refused in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Critical::of(&Tanh, refused), Err(Error::Argument { argument: "bias_variance", .. })));
    }
    assert!(Critical::of(&Softplus, 0.1).is_err());
}
