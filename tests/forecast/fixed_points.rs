//! Second moments over a thousand layers, what they end with, and how fast, against `reference.json`: every number of its `fixed_points`.

use evenkeel::*;
use serde_json::Value;

use super::super::functions::known;
use super::reference::{close, number, reference};
use super::{Claimed, stack};

/// A setting: an activation and both variances.
fn setting(of: &Value) -> (&str, Claimed, String) {
    let name = of["act"].as_str().unwrap();
    let start = Claimed { weights: number(&of["sigma_w2"]), biases: number(&of["sigma_b2"]) };
    (name, start, format!("{name} {start:?}"))
}

fn points(of: &Value) -> &[Value] {
    of["fixed_points"].as_array().unwrap()
}

/// The second moments of the sums, from 1 in the first layer; behind what is beyond f64, or nothing, no more is said.
fn iterates((name, start): (&str, Claimed), depth: usize) -> Vec<f64> {
    let input = (1.0 - start.biases) / start.weights;
    let forecast = Forecast::of(&stack(depth + 1, 2, name, start), input).unwrap();
    forecast.layers.iter().step_by(2).map(|layer| layer.moments.map_or(f64::INFINITY, |of| of.second)).collect()
}

#[test]
fn a_thousand_layers() {
    let mut count = 0;
    for of in reference("fixed_points").as_array().unwrap() {
        let (name, start, what) = setting(of);
        let found = iterates((name, start), 1000);
        // What repels multiplies what rounding and quadrature make of the first layers by that a layer.
        let repels = points(of).iter().map(|point| number(&point["chi_par"])).fold(1.0, f64::max);
        for (depth, expected) in of["iterates_from_q0=1"].as_object().unwrap() {
            let depth: usize = depth.parse().unwrap();
            // Fifty roundings a layer.
            let tolerance = 1e-14 * depth as f64 * repels.powi(depth as i32);
            if tolerance < 1e-6 {
                close(&format!("{what}, layer {depth}"), found[depth], number(expected), tolerance);
                count += 1;
            }
        }
    }
    assert!(count >= 95, "{count}");
}

/// Where there is no fixed point, or one that repels: what lies at both ends.
#[test]
fn limits() {
    let mut count = 0;
    for of in reference("fixed_points").as_array().unwrap() {
        let (name, start, what) = setting(of);
        let activation = known(name);
        let next = |q: f64| start.weights * activation.at(q).second + start.biases;
        for limit in of["limits"].as_array().unwrap() {
            let limit = limit.as_str().unwrap();
            // The number that it states, with so many digits as it has: at most six.
            let stated = limit.split([' ', '+']).filter_map(|word| word.parse::<f64>().ok()).next_back();
            match limit {
                // Close enough to 0, or to infinity, for the digits.
                _ if limit.starts_with("q=0 attracts") => {
                    let factor = stated.unwrap();
                    assert!((next(1e-12) / 1e-12 - factor).abs() < 1e-5 && factor < 1.0, "{what}: {limit}");
                    // From 1 a network gets there, unless 1 is what it is driven away from.
                    let last = iterates((name, start), 200)[200];
                    assert!(last < 1e-9 || !points(of).is_empty(), "{what}: {last:e}");
                }
                _ if limit.starts_with("q=0 marginal") => {
                    let of = activation.at(1e-12);
                    assert!((start.weights * of.slope_second - 1.0).abs() < 1e-5, "{what}");
                }
                _ if limit.starts_with("q->inf exponentially") => {
                    let factor = stated.unwrap();
                    assert!((next(1e12) / 1e12 - factor).abs() < 1e-5 && factor > 1.0, "{what}: {limit}");
                }
                _ => {
                    assert!(limit.starts_with("q->inf linearly"), "{limit}");
                    assert!((next(1e7) - 1e7 - stated.unwrap()).abs() < 1e-4, "{what}: {limit}");
                }
            }
            count += 1;
        }
    }
    assert_eq!(count, 14);
}

#[test]
fn factors_and_depths_at_the_fixed_points() {
    let mut count = 0;
    for of in reference("fixed_points").as_array().unwrap() {
        let (name, start, what) = setting(of);
        for point in points(of) {
            let q = number(&point["q_star"]);
            // A layer that gets there in one step: from the second moment that goes to q.
            let network = stack(41, 8, name, start);
            let forecast = Forecast::of(&network, (q - start.biases) / start.weights).unwrap();
            let regime = forecast.regime.as_ref().unwrap();
            // After forty layers of a repelling one the rest of q, 1e-15, has grown by 1.23^40, below 4000.
            close(&what, regime.second_moment, q, 1e-8);
            close(&what, regime.chi_1, number(&point["chi1"]), 1e-7);
            close(&what, regime.chi_parallel, number(&point["chi_par"]), 1e-7);
            assert_eq!(regime.repelling, !point["stable"].as_bool().unwrap(), "{what}: {regime:?}");
            let grows = number(&point["chi1"]) > 1.0;
            assert_eq!(point["phase"], if grows { "chaotic" } else { "ordered" }, "{what}");
            // The forecast judges at the depth that there is.
            let expected = match (regime.gradient_depth < 40.0, grows) {
                (false, _) => Phase::Critical,
                (true, true) => Phase::Chaotic,
                (true, false) => Phase::Ordered,
            };
            assert_eq!(regime.phase, expected, "{what}");
            // 1 / |ln chi|: near 1 a small error of chi is a large one of it.
            let of_logarithm = |depth: f64| 1e-7 * depth.abs().max(1.0);
            match point["xi_q"].as_f64() {
                Some(depth) => close(&what, regime.signal_depth, depth, of_logarithm(depth)),
                None => assert!(regime.repelling, "{what}"),
            }
            // The reference's is negative where gradients fade.
            if let Some(depth) = point["xi_grad"].as_f64() {
                let sign = if grows { 1.0 } else { -1.0 };
                close(&what, sign * regime.gradient_depth, depth, of_logarithm(depth));
            }
            count += 1;
        }
    }
    assert_eq!(count, 19);
}

/// Where correlations end, and how fast they get there.
#[test]
fn correlations_at_the_fixed_points() {
    let (mut depths, mut limits) = (0, 0);
    for of in reference("fixed_points").as_array().unwrap() {
        let (name, start, what) = setting(of);
        for point in points(of) {
            let q = number(&point["q_star"]);
            let input = (q - start.biases) / start.weights;
            let network = stack(3, 8, name, start);
            let build = |c: f64| {
                Forecast::builder(&network).input(Moments { mean: 0.0, second: input }).correlation(c).build().unwrap()
            };
            if let Some(depth) = point["xi_c"].as_f64() {
                let regime = build(0.5).regime.unwrap();
                // c* is known to 1e-9 of it, and 1 / ln chi near 1 multiplies what is left.
                close(&what, regime.correlation_depth.unwrap(), depth, 1e-5 * depth.max(1.0));
                assert!((regime.trainable_depth() - 6.0 * regime.correlation_depth.unwrap()).abs() < 1e-9 * depth);
                if let Some(chi) = point["chi_c"].as_f64() {
                    close(&what, -chi.ln().recip(), depth, 1e-8 * depth);
                }
                if let Some(trainable) = point["L_max~6xi_c"].as_f64() {
                    close(&what, regime.trainable_depth(), trainable, 1e-5 * depth.max(1.0));
                }
                depths += 1;
            }
            if let Some(limit) = point["c_star"].as_f64() {
                // From sums that have it, sums have it again; from others they come closer.
                let next = |c: f64| {
                    let forecast = build((c * q - start.biases) / (start.weights * input));
                    let first = forecast.layers[0].correlation.unwrap();
                    assert!((first - c).abs() < 1e-9, "{what}: {first}, not {c}");
                    forecast.layers[2].correlation.unwrap()
                };
                assert!((next(limit) - limit).abs() < 2e-9, "{what}: {}, not {limit}", next(limit));
                // The biases alone make some of it: not every one below is possible.
                let least = (start.biases - start.weights * input) / q;
                for c in [0.1, 0.3, 0.7, 0.95].into_iter().filter(|c| *c > least.max(0.0)) {
                    assert!((next(c) - limit).abs() < (c - limit).abs(), "{what}: from {c} to {}", next(c));
                }
                limits += 1;
            }
        }
    }
    assert_eq!((depths, limits), (14, 14));
}

/// 1 - c falls as 9 pi^2 / 2 l^2 with the depth for He's ReLU, the slower the closer to it.
#[test]
fn correlations_of_relu_far_down() {
    let of = reference("correlation_asymptote");
    let limit = number(&of["limit"]);
    close("9 pi^2 / 2", 4.5 * std::f64::consts::PI.powi(2), limit, 1e-14);
    let network = stack(20_001, 1, "relu", Claimed { weights: 2.0, biases: 0.0 });
    let forecast = Forecast::builder(&network).correlation(0.0).build().unwrap();
    let at = |layer: usize| (1.0 - forecast.layers[2 * layer].correlation.unwrap()) * (layer * layer) as f64;
    // 1e-16 for each of 200 layers, of 1 - c = 1e-3.
    close("at 200", at(200), number(&of["at_200"]), 1e-10);
    // What is missing falls as ln(l) / l.
    let missing = [200, 2000, 20_000].map(|layer| 1.0 - at(layer) / limit);
    assert!(missing[0] < 0.12 && missing[1] < missing[0] / 5.0 && missing[2] < missing[1] / 5.0, "{missing:?}");
}
