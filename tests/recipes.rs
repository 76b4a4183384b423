//! Recipes: read, written back, refused by name and line; and never a panic, whatever the bytes.

use super::{labelled, mutations};

use evenkeel::recipe::{Recipe, RecipeError};
use evenkeel::*;

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

const BASE: &str = r#"name = "x"
seed = 1
[data]
file = "x.csv"
targets = 1
task = "classification"
classes = 2
[training]
loss = "mse"
batch = 4
epochs = 1
optimizer = { kind = "adam", learning_rate = 0.001 }
[[layers]]
kind = "linear"
units = 3
weights = { kind = "normal", mean = 0.0, std = 0.1 }
[[layers]]
kind = "relu"
"#;

/// The key and the line that an error names.
fn place(error: &RecipeError) -> (&str, usize) {
    match error {
        RecipeError::UnknownKey { key, line, .. }
        | RecipeError::MissingKey { key, line }
        | RecipeError::Value { key, line, .. }
        | RecipeError::Refused { key, line, .. }
        | RecipeError::MissingFile { key, line, .. } => (key, *line),
        RecipeError::Syntax { line, .. } => ("", *line),
        _ => ("", 0),
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert!(Recipe::from_toml(BASE).is_ok());
    for (from, to, key, line) in [
        ("seed = 1", "sede = 1", "seed", 1),
        ("seed = 1", "seed = 1\nsead = 2", "sead", 3),
        ("seed = 1", "seed = -1", "seed", 2),
        ("seed = 1", "seed = 1.5", "seed", 2),
        ("targets = 1", "targets = 0", "data.targets", 5),
        ("targets = 1", "targets = 2", "data.targets", 5),
        ("classes = 2", "classes = 0", "data.classes", 7),
        ("classes = 2", "", "data.classes", 3),
        ("classes = 2", "classes = 2\none_hot = 1", "data.one_hot", 8),
        ("classes = 2", "classes = 2\ninputs = \"standardise\"", "data.inputs", 8),
        ("classes = 2", "classes = 2\ntargets_scale = \"minmax\"", "data.targets_scale", 8),
        ("\"classification\"", "\"clasification\"", "data.task", 6),
        ("loss = \"mse\"", "loss = \"msee\"", "training.loss", 9),
        ("batch = 4", "batch = 0", "training.batch", 10),
        ("batch = 4", "batch = \"4\"", "training.batch", 10),
        ("batch = 4", "batch = 4\nl2 = -1.0", "training.l2", 11),
        ("batch = 4", "batch = 4\nclip = { kind = \"global_norm\" }", "training.clip.max", 11),
        ("batch = 4", "batch = 4\nclip = { kind = \"global_norm\", max = -1 }", "training.clip", 11),
        ("epochs = 1", "epochs = 0", "training.epochs", 11),
        ("0.001", "0.0", "training.optimizer", 12),
        ("0.001", "nan", "training.optimizer", 12),
        ("\"adam\"", "\"adamm\"", "training.optimizer.kind", 12),
        ("\"adam\"", "\"adam\", momentum = 0.9", "training.optimizer.momentum", 12),
        ("\"linear\"", "\"dense\"", "layers[0].kind", 14),
        ("units = 3", "width = 3", "layers[0].units", 13),
        ("units = 3", "units = 3\nactivation = \"relu\"", "layers[0].activation", 16),
        ("std = 0.1", "std = -0.1", "layers[0].weights", 16),
        ("std = 0.1", "sdt = 0.1", "layers[0].weights.std", 16),
        ("\"relu\"", "\"relu\"\nslope = 0.1", "layers[1].slope", 19),
        ("[data]", "[[data]]", "data", 3),
    ] {
        let text = BASE.replacen(from, to, 1);
        let error = Recipe::from_toml(&text).expect_err(to);
        assert_eq!(place(&error), (key, line), "{to}: {error}");
        assert!(error.to_string().contains(&format!("line {line}")), "{error}");
    }
    let broken = Recipe::from_toml(&BASE.replacen("batch = 4", "batch = = 4", 1)).unwrap_err();
    assert!(matches!(broken, RecipeError::Syntax { line: 10, .. }), "{broken}");
}

#[test]
fn a_missing_file_is_named_with_its_line() {
    let folder = std::env::temp_dir().join(format!("evenkeel-recipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("recipe.toml");
    let missing = Recipe::read(&path).unwrap_err();
    assert!(matches!(missing, RecipeError::File { .. }), "{missing}");
    std::fs::write(&path, BASE).unwrap();
    let missing = Recipe::read(&path).unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(place(&missing), ("data.file", 4), "{missing}");
}

#[test]
fn what_is_expected_of_a_run_is_ignored() {
    let text = format!("{BASE}[expect]\nhealthy = 7\nwhatever = []\n");
    assert_eq!(Recipe::from_toml(&text).unwrap(), Recipe::from_toml(BASE).unwrap());
}

#[test]
fn every_kind_of_layer_is_written_and_read() {
    let text = format!(
        "{BASE}{}",
        r#"
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
"#
    );
    let recipe = Recipe::from_toml(&text).unwrap();
    assert_eq!(recipe.layers.len(), 16);
    let written = recipe.to_toml();
    assert_eq!(Recipe::from_toml(&written).unwrap_or_else(|error| panic!("{error}\n{written}")), recipe);
}

#[test]
fn a_recurrent_layer_begins_as_it_says() {
    let layer = |lines: &str| format!("[[layers]]\nsteps = 5\nwidth = 2\nhidden = 3\nlast = true\n{lines}\n");
    let of = |lines: &str| {
        let recipe = Recipe::from_toml(&format!("{BASE}{}", layer(lines))).unwrap();
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
    let refused =
        Recipe::from_toml(&format!("{BASE}{}", layer("kind = \"gru\"\nbias = { kind = \"normal\", std = -1.0 }")));
    assert!(refused.unwrap_err().to_string().contains("std"));
}

#[test]
fn no_bytes_make_it_panic() {
    let count = std::env::var("RECIPE_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let read = mutations::read(&labelled::all(), count);
    // Both happen, or nothing was tried.
    assert!(0 < read && read < count, "{read} of {count} read");
}
