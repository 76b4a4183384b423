//! What a forecast amounts to: concerns, advice, and how it is printed.

use evenkeel::*;

use super::{Claimed, stack};

fn of(depth: usize, width: usize, activation: &str, weights: f64) -> Forecast {
    Forecast::of(&stack(depth, width, activation, Claimed { weights, biases: 0.0 }), 1.0).unwrap()
}

#[test]
fn the_usual_troubles() {
    for (depth, width, activation, weights, expected) in [
        (50, 128, "tanh", 1.0, Outlook::Sound),
        (50, 128, "tanh", 128.0 * 1e-4, Outlook::Vanishing),
        (50, 128, "relu", 2.0, Outlook::Sound),
        (50, 128, "relu", 1.0, Outlook::Vanishing),
        (50, 128, "relu", 128.0, Outlook::Exploding),
        (50, 128, "sigmoid", 1.0, Outlook::Vanishing),
        (50, 128, "selu", 1.0, Outlook::Sound),
        (50, 128, "tanh", 100.0, Outlook::Exploding),
        (30, 16, "relu", 2.0, Outlook::Doubtful),
        (4, 16, "relu", 2.0, Outlook::Sound),
        (2, 128, "sigmoid", 1.0, Outlook::Sound),
        // A deviation grows by e over some ten layers.
        (6, 64, "mish", 2.210_715_729_937_989, Outlook::Sound),
        (20, 64, "mish", 2.210_715_729_937_989, Outlook::Doubtful),
    ] {
        let forecast = of(depth, width, activation, weights);
        assert_eq!(forecast.outlook(), expected, "{activation}, {weights}, {depth} layers of {width}:\n{forecast}");
        assert_eq!(forecast.advice.is_empty(), expected == Outlook::Sound, "{forecast}");
    }
}

#[test]
fn gelu_drifts_from_its_gain() {
    let gain = 1.0 / 0.425_221_482_570_29;
    let network = (0..9).fold(Network::<f64>::builder(64), |network, layer| {
        // The first layer keeps the second moment of the input.
        let weights = if layer == 0 { 1.0 } else { gain };
        network.layer(Linear::new(64).weights(Claimed { weights, biases: 0.0 })).layer(Gelu)
    });
    let forecast = Forecast::of(&network.layer(Linear::new(2)).build().unwrap(), 1.0).unwrap();
    let regime = forecast.regime.as_ref().unwrap();
    assert!(regime.repelling && (regime.chi_parallel - 1.1441).abs() < 1e-3, "{regime:?}");
    assert!(forecast.concerns.iter().any(|concern| matches!(concern, Concern::Repelling { .. })), "{forecast}");
}

/// Single precision ends where the decades of a layer add up to its range: +1.204 a layer for the one, -1.151 for the other.
#[test]
fn formats() {
    let grows = of(40, 512, "relu", 512.0);
    let single = &grows.formats[0];
    assert_eq!(single.format, NumberFormat::F32);
    assert_eq!(single.signal_overflows.as_deref(), Some("62.linear")); // the 32nd
    let shrinks = of(40, 100, "relu", 100.0 * 1e-4);
    let small = |layer: &&LayerForecast| layer.moments.unwrap().second.sqrt() < f64::from(f32::MIN_POSITIVE);
    let sums = shrinks.layers.iter().step_by(2).find(small).unwrap();
    assert_eq!(sums.name, "66.linear"); // the 34th
    assert_eq!(shrinks.formats[0].signal_underflows.as_deref(), Some("65.relu")); // of which half is gone
    assert_eq!(shrinks.formats[0].signal_overflows, None);
    // Halves have far less room, brain floats as much as singles.
    assert_eq!(grows.formats[1].signal_overflows, single.signal_overflows);
    assert_eq!(grows.formats[2].signal_overflows.as_deref(), Some("6.linear")); // 22.6 16^k is beyond 65504 from k = 3 on
    assert!(of(10, 64, "tanh", 1.0).formats.iter().all(FormatForecast::fits));
    // A gradient fades from behind: the same decades, counted from the output.
    assert_eq!(shrinks.formats[0].gradient_underflows.as_deref(), Some("12.linear"));
}

#[test]
fn what_is_beyond_f64_is_said() {
    let forecast = of(400, 16, "relu", 1e6);
    assert_eq!(forecast.outlook(), Outlook::Exploding);
    let last = forecast.layers.iter().rposition(|layer| layer.moments.is_some()).unwrap();
    assert!(forecast.layers[last].moments.unwrap().second.is_infinite());
    assert!(forecast.layers[..last].iter().all(|layer| layer.moments.unwrap().second.is_finite()));
    assert!(forecast.to_string().contains("beyond f64"), "{forecast}");
    let forecast = of(400, 16, "tanh", 1e-6);
    assert_eq!(forecast.outlook(), Outlook::Vanishing, "{forecast}");
    // No gradient is told by what cannot be told.
    assert!(forecast.layers.iter().flat_map(|layer| layer.gradient).all(|gradient| !gradient.is_nan()));
}

#[test]
fn equal_units_are_tied() {
    let network = |first: f64, second: f64| {
        let constant = |value| Constant::new(value).unwrap();
        let network = Network::<f64>::builder(3).layer(Linear::new(4).weights(constant(first))).layer(Tanh);
        let network = network.layer(Linear::new(4).weights(constant(second))).layer(Tanh).layer(Linear::new(2));
        Forecast::of(&network.weights(He::normal()).build().unwrap(), 1.0).unwrap()
    };
    let tied = network(0.1, 0.2);
    assert_eq!(tied.outlook(), Outlook::Symmetric);
    assert_eq!(tied.concerns[0], Concern::TiedUnits { layers: vec!["0.linear".into()] });
    assert!(tied.advice[0].contains("weights of variance"), "{tied}");
    // All zero: nothing comes out, which is no vanishing.
    assert_eq!(network(0.0, 0.0).outlook(), Outlook::Symmetric);
}

#[test]
fn the_loss_and_the_norm() {
    let network = stack(3, 64, "tanh", Claimed { weights: 1.0, biases: 0.0 });
    let loss = MeanSquared::new();
    let forecast = Forecast::builder(&network).loss(&loss).build().unwrap();
    let q = forecast.layers[4].moments.unwrap().second;
    let found = forecast.loss.unwrap();
    assert!((found.value - (q + 1.0)).abs() < 1e-12);
    // The gradient by the output is 2 (o - t) / 64; the norm adds up what every layer says.
    assert!((found.slope_second - 4.0 * (q + 1.0) / 4096.0).abs() < 1e-15);
    let layers = forecast.layers.iter().filter_map(|layer| Some((layer.weight_gradient?, layer.gradient?)));
    let sum: f64 = layers.map(|(weight, bias)| 4096.0 * weight + 64.0 * bias).sum();
    assert!((forecast.gradient_norm.unwrap() - (sum * found.slope_second).sqrt()).abs() < 1e-12);
    assert!(forecast.to_string().contains("a limit for clipping to start from"), "{forecast}");
    // The outputs of an activation are not normal: nothing is said.
    let network = Network::<f64>::builder(4).layer(Linear::new(4)).layer(Tanh).build().unwrap();
    assert_eq!(Forecast::builder(&network).loss(&loss).build().unwrap().loss, None);
}

#[test]
fn a_long_table_is_cut_and_json_is_whole() {
    let forecast = of(50, 128, "tanh", 1.0);
    let text = forecast.to_string();
    assert!(text.lines().count() < 25 && text.contains("... 83 more layers"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
    let json = serde_json::to_value(&forecast).unwrap();
    assert_eq!(json["layers"].as_array().unwrap().len(), 99);
    assert_eq!(serde_json::to_value(of(9, 16, "relu", 2.0)).unwrap()["regime"]["phase"], "critical");
    let json = serde_json::to_value(of(400, 16, "relu", 1e6)).unwrap();
    let moments = json["layers"].as_array().unwrap().iter().map(|layer| &layer["moments"]);
    assert!(moments.clone().any(|of| of.is_object() && of["second"].is_null()), "{json}");
}

#[test]
fn bad_arguments_are_named() {
    let network = stack(2, 4, "relu", Claimed { weights: 2.0, biases: 0.0 });
    let message = |outcome: Result<Forecast, Error>| outcome.unwrap_err().to_string();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let text = message(Forecast::of(&network, bad));
        assert!(text.starts_with("Forecast: second_moment is"), "{text}");
    }
    let of = |mean, second| Forecast::builder(&network).input(Moments { mean, second }).build();
    assert!(message(of(2.0, 1.0)).contains("no less than the square of the mean"));
    assert!(of(1.0, 1.0).is_ok());
    assert!(message(Forecast::builder(&network).correlation(1.5).build()).contains("correlation is 1.5"));
    let bad = [1.0, 2.0, f64::NAN, 3.0];
    let refused = Forecast::builder(&network).rows(Rows::new(&bad, 4).unwrap()).unwrap_err();
    assert!(matches!(refused, Error::Data { row: 0, column: 2, .. }), "{refused}");
    let narrow = Forecast::builder(&network).rows(Rows::new(&bad, 2).unwrap()).unwrap_err();
    assert!(matches!(narrow, Error::Size { expected: 4, found: 2, .. }), "{narrow}");
    // An input of nothing is one: nothing comes of it, and nothing panics.
    let nothing = Forecast::of(&network, 0.0).unwrap();
    assert_eq!(nothing.layers[0].moments.unwrap().second, 0.0);
    assert_eq!(nothing.layers[0].spread, None);
    println!("{nothing}");
}
