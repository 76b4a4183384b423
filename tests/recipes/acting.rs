//! What is described does what it does in code.

use evenkeel::recipe::Recipe;
use evenkeel::*;

use super::{Folder, base, described_completely, fitting, three_classes};

#[test]
fn a_recurrent_layer_begins_as_it_says() {
    let layer = |lines: &str| format!("[[layers]]\nsteps = 5\nwidth = 2\nhidden = 3\nlast = true\n{lines}\n");
    let of = |lines: &str| {
        let recipe = Recipe::from_toml(&(base() + &layer(lines))).unwrap();
        let kind = recipe.layers.last().unwrap();
        Network::<f32>::builder(10).boxed(kind.build().unwrap()).seed(3).build().unwrap()
    };
    let numbers = |network: &Network<f32>, name: &str| network.parameter(name).unwrap().data().to_vec();
    let starts = "weights = { kind = \"constant\", value = 0.5 }\nrecurrent_weights = { kind = \"constant\", value = 0.25 }\n\
                  bias = { kind = \"constant\", value = 0.125 }";
    for (kind, cell) in [("rnn", "rnn"), ("rnn_relu", "rnn"), ("gru", "gru"), ("lstm", "lstm")] {
        let network = of(&format!("kind = \"{kind}\"\n{starts}"));
        assert!(numbers(&network, &format!("0.{cell}.weight")).iter().all(|&w| w == 0.5), "{kind}");
        assert!(numbers(&network, &format!("0.{cell}.recurrent_weight")).iter().all(|&w| w == 0.25), "{kind}");
        let bias = numbers(&network, &format!("0.{cell}.bias"));
        // The forget gate, the second of four, has its own.
        let expected = |at: usize| if kind == "lstm" && at / 3 == 1 { 1.0 } else { 0.125 };
        assert!(bias.iter().enumerate().all(|(at, &b)| b == expected(at)), "{kind}: {bias:?}");
        if kind == "gru" {
            assert!(numbers(&network, "0.gru.recurrent_bias").iter().all(|&b| b == 0.125));
        }
        // Where nothing is said it begins as it always did.
        let silent = of(&format!("kind = \"{kind}\""));
        let plain: Box<dyn Layer<f32>> = match kind {
            "rnn" => Box::new(Rnn::new(5, 2, 3).unwrap()),
            "rnn_relu" => Box::new(Rnn::new(5, 2, 3).unwrap().relu()),
            "gru" => Box::new(Gru::new(5, 2, 3).unwrap()),
            _ => Box::new(Lstm::new(5, 2, 3).unwrap()),
        };
        let plain = Network::<f32>::builder(10).boxed(plain).seed(3).build().unwrap();
        assert_eq!(silent.parameters(), plain.parameters(), "{kind}");
    }
    let forgets = "kind = \"lstm\"\nforget_bias = 2.0\nbias = { kind = \"ones\" }";
    let bias = numbers(&of(forgets), "0.lstm.bias");
    assert_eq!(bias, [[1.0; 3], [2.0; 3], [1.0; 3], [1.0; 3]].concat());
    let refused = Recipe::from_toml(&(base() + &layer("kind = \"gru\"\nbias = { kind = \"normal\", std = -1.0 }")));
    assert!(refused.unwrap_err().to_string().contains("std"));
}

#[test]
fn rates_and_clippers_act_as_in_code() {
    let folder = Folder::new("act");
    folder.write("x.csv", &three_classes());
    let (recipe, data) = Recipe::open(&folder.write("recipe.toml", &described_completely())).unwrap();
    let run = recipe.run_on(&data).unwrap();
    let by_hand = |clip: bool, rates: bool, plateau: bool| {
        let optimizer = AdamW::new(0.02, 0.1).unwrap().betas(0.8, 0.99).unwrap().epsilon(1e-6).unwrap();
        let network = recipe.network(4).unwrap();
        let mut trainer =
            Trainer::builder(network, recipe.training.loss.build().unwrap(), optimizer).batch(4).epochs(6).seed(1);
        if rates {
            let cosine = schedule::Cosine::new(10).unwrap().floor(0.1).unwrap();
            trainer = trainer.schedule(schedule::Warmup::new(3, cosine).unwrap());
        }
        if plateau {
            let plateau = schedule::ReduceOnPlateau::new(0.5, 0).unwrap().relative(0.5).unwrap();
            trainer = trainer.reduce_on_plateau(plateau.cooldown(1).floor(0.01).unwrap());
        }
        if clip {
            let chain = Chain::new()
                .then(AdaptiveNorm::new(0.5).unwrap().floor(0.01).unwrap().except("2.linear"))
                .then(ZScoreNorm::new(1.0).unwrap().decay(0.9).unwrap().warm_up(2).unwrap())
                .then(PercentileNorm::new(50.0).unwrap().window(5).unwrap())
                .then(BlockRms::new(0.1).unwrap())
                .then(GlobalNorm::new(0.5).unwrap().order(1.0).unwrap());
            trainer = trainer.clip(chain);
        }
        let mut trainer = trainer.build().unwrap();
        trainer.fit(data.train(), Some(data.validation()), |_| std::ops::ControlFlow::Continue(())).unwrap();
        trainer.into_network().parameters().to_vec()
    };
    assert_eq!(run.network.parameters(), by_hand(true, true, true));
    // Each of them does something.
    for (clip, rates, plateau) in [(false, true, true), (true, false, true), (true, true, false)] {
        assert_ne!(run.network.parameters(), by_hand(clip, rates, plateau), "{clip}, {rates}, {plateau}");
    }
    // A decay of the optimizer and a schedule multiply: 1 / (1 + step) twice is what neither is alone.
    let of = |decay: f64, lines: &str| {
        let sgd = format!("optimizer = {{ kind = \"sgd\", learning_rate = 0.1, decay = {decay:?} }}\n{lines}");
        let text = fitting().replacen("optimizer = { kind = \"adam\", learning_rate = 0.01 }", &sgd, 1);
        Recipe::from_toml(&text).unwrap().run_on(&data).unwrap().network.parameters().to_vec()
    };
    let schedule = "schedule = { kind = \"step_decay\", every = 1, factor = 0.5 }";
    assert_ne!(of(1.0, schedule), of(1.0, ""));
    assert_ne!(of(1.0, schedule), of(0.0, schedule));
    assert_eq!(of(1.0, "schedule = { kind = \"constant\" }"), of(1.0, ""));
}
