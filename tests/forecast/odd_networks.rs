//! Verdicts on networks that are unlike from layer to layer, start at zero, or are given nothing.

use evenkeel::*;

fn forecast(network: NetworkBuilder<f32>) -> Forecast {
    network.forecast().unwrap().build().unwrap()
}

/// Sixty sigmoids, and one ReLU behind them: it is the sigmoids that decide.
#[test]
fn one_odd_block_does_not_stand_for_all() {
    let network = (0..60).fold(Network::builder(64), |network, _| network.layer(Linear::new(64)).layer(Sigmoid));
    let odd = Linear::new(64).weights(He::normal());
    let network = network.layer(odd).layer(Relu).layer(Linear::new(10)).weights(Xavier::normal());
    let forecast = forecast(network);
    let regime = forecast.regime.as_ref().unwrap();
    assert_eq!((regime.layer.as_str(), regime.phase), ("118.linear", Phase::Ordered));
    assert!(regime.trainable_depth() < 20.0, "{}", regime.trainable_depth());
    assert_eq!(forecast.outlook(), Outlook::Vanishing);
    assert!(!forecast.advice.is_empty());
}

/// A last layer of zeros hands no gradient on, and is as sound as any: so it is of residual networks made for it.
#[test]
fn a_last_layer_of_zeros_is_sound() {
    let plain = |depth: usize, weights: f64| {
        let start = LeCun::normal().gain(weights.sqrt()).unwrap();
        let network = (0..depth).fold(Network::builder(64), |network, _| network.layer(Linear::new(64)).layer(Relu));
        network.layer(Linear::new(10).weights(Zeros)).weights(start)
    };
    let sound = forecast(plain(5, 2.0));
    assert_eq!(sound.outlook(), Outlook::Sound, "{sound}");
    assert!(sound.to_string().contains("10.linear starts at 0"), "{sound}");
    // What is in front of it is judged all the same.
    assert_eq!(forecast(plain(40, 0.5)).outlook(), Outlook::Vanishing);
    let branch = || {
        let branch = Sequential::new().layer(Linear::new(64)).layer(Relu).layer(Linear::new(64).weights(Zeros));
        Residual::new().layer(branch)
    };
    let network = (0..8).fold(Network::builder(64), |network, _| network.layer(branch()));
    let fixup = forecast(network.layer(Linear::new(10).weights(Zeros)).weights(He::normal()));
    assert_eq!(fixup.outlook(), Outlook::Sound, "{fixup}");
}

#[test]
fn nothing_is_no_sound_input_and_no_sound_loss() {
    let network = || Network::<f32>::builder(8).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(1));
    let silent = network().forecast().unwrap().input(Moments { mean: 0.0, second: 0.0 }).build().unwrap();
    assert_eq!((silent.outlook(), &silent.concerns[0]), (Outlook::Vanishing, &Concern::NoInput), "{silent}");
    let loss = SoftmaxCrossEntropy::new();
    let certain = network().forecast().unwrap().loss(&loss).build().unwrap();
    assert_eq!((certain.outlook(), &certain.concerns[0]), (Outlook::Vanishing, &Concern::NoGradient), "{certain}");
    assert!(!certain.to_string().contains("clipping"), "{certain}");
}

/// Before anything is drawn, what is said is the same.
#[test]
fn before_and_after_drawing() {
    let network = || {
        let conv = Conv2d::new((8, 8, 3), 16, 3).padding(Padding::Same);
        let network = Network::<f32>::builder(8 * 8 * 3).layer(conv).layer(Relu).layer(MaxPool2d::new((8, 8, 16), 2));
        network.layer(Linear::new(32)).layer(BatchNorm::new()).layer(Gelu).layer(Linear::new(10)).seed(3)
    };
    let loss = SoftmaxCrossEntropy::new();
    let before = network().forecast().unwrap().loss(&loss).correlation(0.5).build().unwrap();
    let drawn = network().build().unwrap();
    assert_eq!(before, Forecast::builder(&drawn).loss(&loss).correlation(0.5).build().unwrap());
    assert!(matches!(Network::<f32>::builder(0).layer(Relu).forecast(), Err(Error::Empty { .. })));
    assert!(matches!(Network::<f32>::builder(2).forecast(), Err(Error::Empty { .. })));
    assert!(matches!(Network::<f32>::builder(2).layer(Linear::new(0)).forecast(), Err(Error::Layer { .. })));
    // No room is asked for.
    let large = Network::<f64>::builder(1 << 20).layer(Linear::new(1 << 20)).layer(Relu).layer(Linear::new(1 << 20));
    assert_eq!(forecast_of(large.weights(He::normal())), Outlook::Sound);
}

fn forecast_of(network: NetworkBuilder<f64>) -> Outlook {
    network.forecast().unwrap().build().unwrap().outlook()
}

/// What scatters too much for its bars to be right is not judged; what does not, is, whatever is behind it.
#[test]
fn narrow_networks_are_not_judged_far_down() {
    let (mut judged, mut wrong) = (0, 0);
    for seed in 0..200 {
        for (width, depth) in [(2, 4), (8, 30), (32, 30), (128, 4)] {
            let network =
                (0..depth).fold(Network::<f64>::builder(width), |network, _| network.layer(Linear::new(width)).layer(Relu));
            let network = network.layer(Linear::new(width)).weights(He::normal()).seed(seed).build().unwrap();
            let mut x = vec![0.0; width];
            super::fill_normal(&mut Generator::numbered(seed, "odd.rows", 1), 0.0, 1.0, &mut x);
            let square = x.iter().map(|x| x * x).sum::<f64>() / width as f64;
            x.iter_mut().for_each(|x| *x /= square.sqrt());
            let measured = Measured::of(&network, Rows::new(&x, width).unwrap(), OutputGradient::Random(seed)).unwrap();
            let compared = Forecast::of(&network, 1.0).unwrap().compare(&measured).unwrap();
            judged += usize::from(compared.is_judged());
            wrong += usize::from(compared.is_judged() && !compared.agrees());
        }
    }
    // Of 400 that are judged, with some 30 numbers each at the most, a normal law has 400 * 30 / 16,000 beyond four deviations, most of them together:
    // 9 is beyond what a Poisson variable of 0.75 has with probability 1e-6.
    assert!(judged >= 400, "{judged}");
    assert!(wrong <= 8, "{wrong} of {judged}");
}

#[test]
fn columns_do_not_run_into_each_other() {
    let network = (0..5).fold(Network::<f64>::builder(64), |network, _| network.layer(Linear::new(64)).layer(Tanh));
    let forecast = Forecast::of(&network.build().unwrap(), 1e-300).unwrap();
    let text = forecast.to_string();
    let line = text.lines().find(|line| line.starts_with("0.linear")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words[1].parse::<f64>().is_ok() && words[2].parse::<f64>().is_ok(), "{line}");
}

#[cfg(feature = "serde")]
#[test]
fn the_verdict_is_in_the_json() {
    let network = (0..50).fold(Network::builder(64), |network, _| network.layer(Linear::new(64)).layer(Tanh));
    let forecast = forecast(network.weights(Normal::new(0.0, 0.01).unwrap()));
    let json = serde_json::to_value(&forecast).unwrap();
    assert_eq!(json["outlook"], "vanishing");
    let depth = json["trainable_depth"].as_f64().unwrap();
    assert_eq!(depth, forecast.regime.unwrap().trainable_depth());
    assert_eq!(json["layers"].as_array().unwrap().len(), 100);
}
