//! Phases with dropout, fixed points that repel, and advice that is followed.

use evenkeel::*;

use super::{Claimed, named};

fn masked(depth: usize, activation: &str, p: f64, start: Claimed) -> Forecast {
    let network = (0..depth).fold(Network::<f64>::builder(64), |network, _| {
        network.layer(Linear::new(64)).boxed(named(activation)).layer(Dropout::new(p).unwrap())
    });
    Forecast::of(&network.layer(Linear::new(2)).weights(start).biases(start).build().unwrap(), 1.0).unwrap()
}

/// The second moment of the sums and the gradient do by themselves what chi_1 says of them: 1 for half of He's variance, 2 for all of it.
#[test]
fn dropout_counts_as_weights_do() {
    for (weights, chi, phase) in [(1.0, 1.0, Phase::Critical), (2.0, 2.0, Phase::Chaotic), (0.5, 0.5, Phase::Ordered)] {
        let forecast = masked(30, "relu", 0.5, Claimed { weights, biases: 0.0 });
        let regime = forecast.regime.as_ref().unwrap();
        assert_eq!((regime.phase, regime.kept), (phase, 0.5), "{forecast}");
        assert!(
            (regime.chi_1 / chi - 1.0).abs() < 1e-9 && (regime.chi_parallel / chi - 1.0).abs() < 1e-9,
            "{regime:?}"
        );
        let sums = |layer: usize| &forecast.layers[3 * layer];
        let signal = sums(20).moments.unwrap().second / sums(19).moments.unwrap().second;
        let gradient = sums(19).gradient.unwrap() / sums(20).gradient.unwrap();
        assert!((signal / chi - 1.0).abs() < 1e-9 && (gradient / chi - 1.0).abs() < 1e-9, "{signal} {gradient}");
    }
}

/// ReLU's correlations c' = kept (sqrt(1 - c^2) + c (pi - arccos c)) / pi end below 1 for any weights: the limit is found here by iterating.
#[test]
fn dropout_takes_correlations_away() {
    use std::f64::consts::PI;
    for p in [0.1, 0.5, 0.9] {
        let kept = 1.0 - p;
        let map = |c: f64| kept * ((1.0 - c * c).sqrt() + c * (PI - c.acos())) / PI;
        let c = (0..10_000).fold(1.0, |c, _| map(c));
        let depth = -1.0 / (kept * (PI - c.acos()) / PI).ln();
        for weights in [kept, 2.0 * kept, 2.0] {
            let regime = masked(4, "relu", p, Claimed { weights, biases: 0.0 }).regime.unwrap();
            let found = regime.correlation_depth.unwrap();
            // p is counted in units of 2^-32.
            assert!((found / depth - 1.0).abs() < 1e-7, "{p}, {weights}: {found}, not {depth}");
            assert!((regime.trainable_depth() - 6.0 * found).abs() < 1e-12);
        }
    }
    // Without a scale of its own: where tanh is linear, c' = kept c, which is 0 in the end.
    let regime = masked(4, "identity", 0.25, Claimed { weights: 0.75, biases: 0.0 }).regime.unwrap();
    assert!((regime.correlation_depth.unwrap() + 1.0 / 0.75_f64.ln()).abs() < 1e-7, "{regime:?}");
}

/// At tanh's edge of chaos without dropout the depth is any; a little of it makes it finite, more makes it less.
#[test]
fn dropout_leaves_no_edge_of_chaos() {
    let edge = EdgeOfChaos::of(&Tanh, 0.05).unwrap();
    let of = |p: f64| {
        let start = Claimed { weights: (1.0 - p) * edge.weight_variance, biases: 0.05 };
        masked(60, "tanh", p, start).regime.unwrap()
    };
    let depths: Vec<f64> = [0.0, 0.01, 0.05, 0.3].map(|p| of(p).correlation_depth.unwrap()).to_vec();
    assert!(depths.windows(2).all(|pair| pair[0] > pair[1]), "{depths:?}");
    assert!(depths[0] > 1e3 && depths[1] < 30.0 && depths[3] > 0.3, "{depths:?}");
    assert!((of(0.3).chi_1 - 1.0).abs() < 1e-3, "{:?}", of(0.3));
}

#[test]
fn dropout_is_what_advice_names() {
    let advice = |weights: f64| masked(30, "relu", 0.5, Claimed { weights, biases: 0.0 }).advice;
    let fits = advice(1.0);
    // The start there is fits: it is the dropout that does not.
    assert!(fits[0].starts_with("less dropout: where it leaves out 0.5"), "{fits:?}");
    let he = advice(2.0);
    assert!(he[0].starts_with("weights of variance 1.0000 / n_in") && he[1].starts_with("less dropout"), "{he:?}");
    // What it says is so: 4 layers, not 5.
    assert!(he[1].contains("about 4 such layers"), "{he:?}");
    for (depth, outlook) in [(4, Outlook::Sound), (5, Outlook::Doubtful)] {
        let forecast = masked(depth, "relu", 0.5, Claimed { weights: 1.0, biases: 0.0 });
        assert_eq!(forecast.outlook(), outlook, "{forecast}");
    }
}

/// At the gain everywhere the first sums are larger than those it keeps, and no layer brings them back.
#[test]
fn gains_that_repel_do_so_from_wherever_one_starts() {
    for (name, gain) in [
        ("gelu", Gelu.expectations(0.0, 1.0).gain()),
        ("silu", Silu.expectations(0.0, 1.0).gain()),
        ("mish", Mish.expectations(0.0, 1.0).gain()),
    ] {
        let of = |depth: usize, input: f64| {
            let start = Claimed { weights: gain * gain, biases: 0.0 };
            Forecast::of(&super::stack(depth + 1, 64, name, start), input).unwrap()
        };
        for input in [0.01, 1.0, 30.0] {
            let forecast = of(6, input);
            let regime = forecast.regime.as_ref().unwrap();
            let point = regime.fixed_point.unwrap();
            assert!((point.second_moment - 1.0).abs() < 1e-8, "{name}: {point:?}");
            assert!(regime.repelling && point.is_repelling(), "{name}: {regime:?}");
        }
        // A deviation grows by less than e over 6 layers, and by more over 20.
        assert_eq!(of(6, 1.0).outlook(), Outlook::Sound, "{name}: {}", of(6, 1.0));
        let deep = of(20, 1.0);
        assert!(deep.concerns.iter().any(|concern| matches!(concern, Concern::Repelling { .. })), "{name}: {deep}");
    }
}

/// Where q is led to no fixed point correlations are led to no limit that could be told.
#[test]
fn no_fixed_point_no_correlation_depth() {
    let of = |name: &str, weights: f64, biases: f64| {
        let network = super::stack(6, 64, name, Claimed { weights, biases });
        Forecast::builder(&network).correlation(0.5).build().unwrap().regime.unwrap()
    };
    // ReLU at He's variance with biases: q grows by 0.1 a layer for ever, and chi_1 is 1.
    let grows = of("relu", 2.0, 0.1);
    assert!((grows.chi_1 - 1.0).abs() < 1e-12, "{grows:?}");
    assert_eq!((grows.fixed_point, grows.correlation_depth), (None, None));
    // tanh without biases and weights below 1: q falls to 0, where every correlation is kept.
    let falls = of("tanh", 0.5, 0.0);
    assert_eq!((falls.fixed_point, falls.correlation_depth), (None, None));
    // GELU at its gain: driven away.
    assert_eq!(of("gelu", 1.0 / Gelu.expectations(0.0, 1.0).second, 0.0).correlation_depth, None);
    // With weights below He's the biases hold q: 0.1 / (1 - 0.75).
    let holds = of("relu", 1.5, 0.1);
    assert!((holds.fixed_point.unwrap().second_moment - 0.4).abs() < 1e-9, "{holds:?}");
    assert!((holds.correlation_depth.unwrap() + 1.0 / 0.75_f64.ln()).abs() < 1e-9, "{holds:?}");
}

/// The variances that the code in a piece of advice draws.
fn followed(name: &str, code: &str) -> Option<Claimed> {
    let number = |text: &str| text.split(')').next().and_then(|number| number.parse::<f64>().ok());
    let drawn = |edge: EdgeOfChaos| Claimed { weights: edge.weight_variance, biases: edge.bias_variance };
    let edge = |bias_variance: Option<f64>| match name {
        "tanh" => EdgeOfChaos::of(&Tanh, bias_variance?),
        "softsign" => EdgeOfChaos::of(&Softsign, bias_variance?),
        "selu" => EdgeOfChaos::of(&Selu, bias_variance?),
        "gelu" => bias_variance.map_or(EdgeOfChaos::marginal(&Gelu), |variance| EdgeOfChaos::of(&Gelu, variance)),
        "silu" => bias_variance.map_or(EdgeOfChaos::marginal(&Silu), |variance| EdgeOfChaos::of(&Silu, variance)),
        "mish" => bias_variance.map_or(EdgeOfChaos::marginal(&Mish), |variance| EdgeOfChaos::of(&Mish, variance)),
        _ => panic!("{name} is advised {code}"),
    };
    if let Some(rest) = code.strip_prefix("Critical::of(&") {
        return edge(Some(number(rest.split_once(", ")?.1)?)).map(drawn);
    }
    if code.starts_with("Critical::marginal(&") {
        return edge(None).map(drawn);
    }
    let (weights, biases) = code.split_once(" for weights, Normal::new(0.0, ").unwrap_or((code, "0.0)"));
    let weights = match weights {
        "He::normal()" => 2.0,
        "LeCun::normal()" => 1.0,
        _ => number(weights.strip_prefix("LeCun::normal().gain(")?)?.powi(2),
    };
    Some(Claimed { weights, biases: number(biases)?.powi(2) })
}

/// Whoever follows the advice ends with a network that is sound, or was told that there is no such start.
#[test]
fn advice_that_is_followed_ends_sound() {
    let mut none = Vec::new();
    for name in [
        "identity",
        "relu",
        "leaky_relu_0.2",
        "elu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "tanh",
        "sigmoid",
        "softplus",
        "softsign",
    ] {
        for depth in [5, 20, 50] {
            // So small that nothing comes through.
            let of = |start: Claimed| Forecast::of(&super::stack(depth + 1, 256, name, start), 1.0).unwrap();
            let bad = of(Claimed { weights: 1e-6, biases: 0.0 });
            assert_ne!(bad.outlook(), Outlook::Sound, "{name}, {depth}: {bad}");
            let advice = &bad.advice[0];
            if advice.starts_with("no start") {
                none.push((name, depth));
                continue;
            }
            let code = advice.rsplit_once(": ").unwrap().1;
            let start = followed(name, code).unwrap_or_else(|| panic!("{name}: {advice}"));
            let good = of(start);
            assert_eq!(good.outlook(), Outlook::Sound, "{name}, {depth}: {advice}\n{good}");
            assert!(good.advice.is_empty(), "{good}");
        }
    }
    println!("no start for {none:?}");
    // The sigmoid has an edge of chaos at weights of variance 103 / n_in, which nobody should start from.
    assert_eq!(none, [("sigmoid", 5), ("sigmoid", 20), ("sigmoid", 50), ("softplus", 20), ("softplus", 50)]);
}

/// What prints its fields is no Rust: then the code names variances.
#[test]
fn code_in_advice_can_be_compiled() {
    for (layer, depth) in [(Box::new(Elu::new(0.5).unwrap()) as Box<dyn Layer<f64>>, 50), (named("leaky_relu_0.2"), 50)]
    {
        let text = format!("{layer:?}");
        let network = (0..depth).fold(Network::<f64>::builder(32), |network, _| {
            let layer: Box<dyn Layer<f64>> =
                if text.starts_with("Elu") { Box::new(Elu::new(0.5).unwrap()) } else { named("leaky_relu_0.2") };
            network.layer(Linear::new(32)).boxed(layer)
        });
        let start = Claimed { weights: 1e-6, biases: 0.0 };
        let network = network.layer(Linear::new(2)).weights(start).biases(start).build().unwrap();
        let advice = Forecast::of(&network, 1.0).unwrap().advice.remove(0);
        let code = advice.rsplit_once(": ").unwrap().1;
        assert!(!code.contains(['{', '&']) && code.starts_with("LeCun::normal().gain("), "{advice}");
    }
}
