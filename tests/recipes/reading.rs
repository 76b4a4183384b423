//! What is read is written so that it is read again as it was.

use evenkeel::recipe::{PlateauKind, Recipe};
use evenkeel::*;

use super::super::labelled;
use super::{base, described_completely};

#[test]
fn every_case_is_read_and_written_back() {
    let files = labelled::all();
    assert!(files.len() >= 141, "{} cases", files.len());
    for file in files {
        let recipe = Recipe::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let written = recipe.to_toml();
        let again = Recipe::from_toml(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(again, recipe, "{written}");
    }
}

#[test]
fn every_kind_of_layer_is_written_and_read() {
    let text = base()
        + r#"
[[layers]]
kind = "conv2d"
image = [8, 8, 3]
units = 4
kernel = 3
stride = [2, 1]
padding = "same"
groups = 1
bias = { kind = "constant", value = 0.5 }
[[layers]]
kind = "max_pool2d"
image = [4, 8, 4]
kernel = [2, 2]
padding = [1, 0]
[[layers]]
kind = "average_pool2d"
image = [4, 8, 4]
kernel = 2
stride = 1
[[layers]]
kind = "channels_last"
image = [3, 8, 8]
[[layers]]
kind = "lstm"
steps = 5
width = 2
hidden = 7
last = true
forget_bias = 2.0
weights = { kind = "he_normal" }
recurrent_weights = { kind = "orthogonal", gain = 0.9 }
bias = { kind = "normal", mean = 0.0, std = 0.1 }
[[layers]]
kind = "gru"
steps = 5
width = 2
hidden = 7
recurrent_weights = { kind = "orthogonal" }
[[layers]]
kind = "rnn_relu"
steps = 5
width = 2
hidden = 7
[[layers]]
kind = "embedding"
count = 10
dim = 3
weights = { kind = "truncated_normal", mean = 0.0, std = 0.02 }
[[layers]]
kind = "multi_head_attention"
width = 8
heads = 2
causal = true
[[layers]]
kind = "residual"
scale = 0.5
learned = true
projection = { kind = "linear", units = 4 }
[[layers.layers]]
kind = "layer_norm"
width = 4
[[layers.layers]]
kind = "sequential"
[[layers.layers.layers]]
kind = "leaky_relu"
slope = 0.3
[[layers.layers.layers]]
kind = "rms_norm"
[[layers]]
kind = "per_step"
width = 4
layer = { kind = "linear", units = 4, weights = { kind = "orthogonal", gain = 1.5 } }
[[layers]]
kind = "batch_norm"
channels = 4
[[layers]]
kind = "dropout"
rate = 0.25
[[layers]]
kind = "flatten"
"#;
    let recipe = Recipe::from_toml(&text).unwrap();
    assert_eq!(recipe.layers.len(), 16);
    let written = recipe.to_toml();
    assert_eq!(Recipe::from_toml(&written).unwrap_or_else(|error| panic!("{error}\n{written}")), recipe);
}

#[test]
fn rates_and_clippers_are_written_and_read() {
    let clips = [
        "kind = \"global_norm\", max = 1.0",
        "kind = \"global_norm\", max = 1.0, order = inf",
        "kind = \"per_layer_norm\", max = 1.0",
        "kind = \"value\", max = 1.0",
        "kind = \"block_rms\", max = 1.0",
        "kind = \"adaptive_norm\", share = 0.01",
        "kind = \"adaptive_norm\", share = 0.01, floor = 0.1, except = [\"2.linear\", \"x\"]",
        "kind = \"percentile_norm\", percentile = 10.0",
        "kind = \"percentile_norm\", percentile = 10.0, window = 7",
        "kind = \"z_score_norm\", threshold = 2.0",
        "kind = \"z_score_norm\", threshold = 2.0, decay = 0.5, warm_up = 3",
        "kind = \"chain\", clippers = [{ kind = \"value\", max = 1.0 }, { kind = \"chain\", clippers = [] }]",
    ];
    let schedules = [
        "kind = \"constant\"",
        "kind = \"cosine\", steps = 10",
        "kind = \"cosine\", steps = 10, floor = 0.5",
        "kind = \"exponential\", factor = 0.99",
        "kind = \"step_decay\", every = 10, factor = 0.5",
        "kind = \"warmup\", steps = 10",
        "kind = \"warmup\", steps = 10, then = { kind = \"warmup\", steps = 2, then = { kind = \"exponential\", factor = 0.9 } }",
    ];
    let keyed = |key: &str, table: &str| format!("{key} = {{ {table} }}");
    let lines =
        clips.iter().map(|clip| keyed("clip", clip)).chain(schedules.iter().map(|line| keyed("schedule", line)));
    let plateaus =
        ["factor = 0.5, patience = 3", "factor = 0.5, patience = 0, threshold = 0.1, cooldown = 2, floor = 0.2"];
    for line in lines.chain(plateaus.iter().map(|line| keyed("plateau", line))) {
        let recipe = Recipe::from_toml(&base().replacen("epochs = 1", &format!("epochs = 1\n{line}"), 1)).unwrap();
        let written = recipe.to_toml();
        // What is a default is left out, so that the text comes back as it was.
        assert!(written.replace("{ ", "{").contains(&line.replace("{ ", "{")), "{line}\n{written}");
        assert_eq!(Recipe::from_toml(&written).unwrap(), recipe, "{written}");
    }
    let recipe = Recipe::from_toml(&described_completely()).unwrap();
    assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
    // The defaults are those of the library.
    let clip = |text: &str| {
        format!(
            "{:?}",
            Recipe::from_toml(&base().replacen("epochs = 1", &format!("epochs = 1\nclip = {{ {text} }}"), 1))
                .unwrap()
                .training
                .clip
                .unwrap()
                .build()
                .unwrap()
        )
    };
    assert_eq!(clip(clips[5]), format!("{:?}", AdaptiveNorm::new(0.01).unwrap()));
    assert_eq!(clip(clips[7]), format!("{:?}", PercentileNorm::new(10.0).unwrap()));
    assert_eq!(clip(clips[9]), format!("{:?}", ZScoreNorm::new(2.0).unwrap()));
    assert_eq!(PlateauKind::new(0.5, 3).build().unwrap(), schedule::ReduceOnPlateau::new(0.5, 3).unwrap());
}

#[test]
fn what_is_expected_of_a_run_is_ignored() {
    let text = base() + "[expect]\nhealthy = 7\nwhatever = []\n";
    assert_eq!(Recipe::from_toml(&text).unwrap(), Recipe::from_toml(&base()).unwrap());
}

#[test]
fn the_largest_seed_is_told() {
    let seed = |seed: &str| Recipe::from_toml(&base().replacen("seed = 1", &format!("seed = {seed}"), 1));
    let largest = seed("18446744073709551615").unwrap();
    assert_eq!(largest.seed, u64::MAX);
    assert_eq!(Recipe::from_toml(&largest.to_toml()).unwrap(), largest);
    let error = seed("18446744073709551616").unwrap_err().to_string();
    assert!(error.ends_with("a whole number from 0 to 18446744073709551615"), "{error}");
}
