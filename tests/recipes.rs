//! Recipes: read, written back, refused by name and line; and never a panic, whatever the bytes.

use std::path::{Path, PathBuf};

use super::{labelled, mutations};

use evenkeel::recipe::{
    ClipKind, Data, LayerKind, OptimizerKind, PlateauKind, Recipe, RecipeError, ScheduleKind, Start, Task,
};
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
        | RecipeError::At { key, line, .. }
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
        ("seed = 1", "", "seed", 1),
        ("seed = 1", "sede = 1", "sede", 2),
        ("seed = 1", "seed = 18446744073709551616", "seed", 2),
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
        ("batch = 4", "batch = 4\nclip = { kind = \"global_norm\", max = -1 }", "training.clip.max", 11),
        ("epochs = 1", "epochs = 0", "training.epochs", 11),
        ("0.001", "0.0", "training.optimizer.learning_rate", 12),
        ("0.001", "nan", "training.optimizer.learning_rate", 12),
        ("\"adam\"", "\"adamm\"", "training.optimizer.kind", 12),
        ("\"adam\"", "\"adam\", momentum = 0.9", "training.optimizer.momentum", 12),
        ("\"linear\"", "\"dense\"", "layers[0].kind", 14),
        ("units = 3", "", "layers[0].units", 13),
        ("units = 3", "width = 3", "layers[0].width", 15),
        ("units = 3", "units = 0", "layers[0].units", 15),
        ("units = 3", "units = 3\nactivation = \"relu\"", "layers[0].activation", 16),
        ("std = 0.1", "std = -0.1", "layers[0].weights.std", 16),
        ("std = 0.1", "sdt = 0.1", "layers[0].weights.sdt", 16),
        ("batch = 4", "bach = 4", "training.bach", 10),
        ("kind = \"linear\"", "knd = \"linear\"", "layers[0].knd", 14),
        ("batch = 4", "batch = 4\nschedule = \"cosine\"", "training.schedule", 11),
        ("batch = 4", "batch = 4\nschedule = { kind = \"cosine\", steps = 0 }", "training.schedule.steps", 11),
        ("batch = 4", "batch = 4\nplateau = { factor = 2, patience = 1 }", "training.plateau.factor", 11),
        ("batch = 4", "batch = 4\nplateau = { factor = 0.5, patince = 1 }", "training.plateau.patince", 11),
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
fn a_refused_number_is_named_by_its_own_key() {
    let sgd = "kind = \"sgd\"\nlearning_rate = 0.1";
    let adamw = "kind = \"adamw\"\nlearning_rate = 0.1";
    let plateau = "factor = 0.5\npatience = 1";
    let then = "kind = \"warmup\"\nsteps = 2";
    // A table, its lines, and which of them is refused, counted from 1: by its key, or by one inside it.
    for (table, lines, line, inside) in [
        ("optimizer", "kind = \"sgd\"\nlearning_rate = -1", 2, ""),
        ("optimizer", "kind = \"adagrad\"\nlearning_rate = inf", 2, ""),
        ("optimizer", &format!("{sgd}\nmomentum = 1"), 3, ""),
        ("optimizer", &format!("{sgd}\nmomentum = 0.5\ndecay = -0.1"), 4, ""),
        ("optimizer", "kind = \"adam\"\nbeta1 = 1.5\nbeta2 = 1.5", 2, ""),
        ("optimizer", "kind = \"adam\"\nbeta2 = -1\nepsilon = 0", 2, ""),
        ("optimizer", "kind = \"adam\"\nbeta2 = 0.9\nepsilon = 0", 3, ""),
        ("optimizer", &format!("{adamw}\nweight_decay = -1"), 3, ""),
        ("optimizer", &format!("{adamw}\nbeta1 = nan"), 3, ""),
        ("optimizer", &format!("{adamw}\nbeta2 = 1"), 3, ""),
        ("optimizer", &format!("{adamw}\nepsilon = -1"), 3, ""),
        ("optimizer", "kind = \"rmsprop\"\nrho = 1", 2, ""),
        ("optimizer", "kind = \"rmsprop\"\nepsilon = 0", 2, ""),
        ("clip", "kind = \"global_norm\"\nmax = 0", 2, ""),
        ("clip", "kind = \"global_norm\"\nmax = 1\norder = 0.5", 3, ""),
        ("clip", "kind = \"per_layer_norm\"\nmax = nan", 2, ""),
        ("clip", "kind = \"value\"\nmax = -1", 2, ""),
        ("clip", "kind = \"block_rms\"\nmax = 0", 2, ""),
        ("clip", "kind = \"adaptive_norm\"\nshare = 0", 2, ""),
        ("clip", "kind = \"adaptive_norm\"\nshare = 1\nfloor = 0", 3, ""),
        ("clip", "kind = \"percentile_norm\"\npercentile = 101", 2, ""),
        ("clip", "kind = \"percentile_norm\"\npercentile = 50\nwindow = 0", 3, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 0", 2, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 1\ndecay = 1", 3, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 1\nwarm_up = 1", 3, ""),
        (
            "clip",
            "kind = \"chain\"\nclippers = [{ kind = \"value\", max = 1 }, { kind = \"value\", max = 0 }]",
            2,
            "[1].max",
        ),
        ("schedule", "kind = \"cosine\"\nsteps = 0", 2, ""),
        ("schedule", "kind = \"cosine\"\nsteps = 5\nfloor = 1", 3, ""),
        ("schedule", "kind = \"exponential\"\nfactor = 0", 2, ""),
        ("schedule", "kind = \"step_decay\"\nevery = 0\nfactor = 0.5", 2, ""),
        ("schedule", "kind = \"step_decay\"\nevery = 1\nfactor = -1", 3, ""),
        ("schedule", "kind = \"warmup\"\nsteps = 0", 2, ""),
        ("schedule", &format!("{then}\nthen = {{ kind = \"cosine\", steps = 0 }}"), 3, ".steps"),
        ("plateau", "factor = 1\npatience = 1", 1, ""),
        ("plateau", &format!("{plateau}\nthreshold = 1"), 3, ""),
        ("plateau", &format!("{plateau}\ncooldown = 1\nfloor = -1"), 4, ""),
        ("layer", "kind = \"dropout\"\nrate = 1", 2, ""),
        ("layer", "kind = \"leaky_relu\"\nslope = inf", 2, ""),
        ("layer", "kind = \"residual\"\nscale = nan\nlayers = [{ kind = \"tanh\" }]", 2, ""),
        ("layer", "kind = \"residual\"\nlearned = true\nscale = inf\nlayers = [{ kind = \"tanh\" }]", 3, ""),
        ("layer", "kind = \"max_pool2d\"\nimage = [4, 4, 1]\nkernel = 2\npadding = 2", 4, ""),
        ("layer", "kind = \"linear\"\nunits = 2\nweights = { kind = \"uniform\", low = 1, high = 0 }", 3, ".high"),
        ("layer", "kind = \"linear\"\nunits = 2\nbias = { kind = \"orthogonal\", gain = -1 }", 3, ".gain"),
        ("layer", "kind = \"lstm\"\nsteps = 3\nwidth = 1\nhidden = 2\nforget_bias = nan", 5, ""),
        (
            "layer",
            "kind = \"sequential\"\nlayers = [{ kind = \"tanh\" }, { kind = \"dropout\", rate = -1 }]",
            2,
            "[1].rate",
        ),
    ] {
        let refused = lines.lines().nth(line - 1).unwrap().split(' ').next().unwrap();
        let base = if table == "optimizer" {
            BASE.replacen("optimizer = { kind = \"adam\", learning_rate = 0.001 }", "", 1)
        } else {
            BASE.to_owned()
        };
        let (heading, path) = match table {
            "layer" => ("[[layers]]".to_owned(), "layers[2]".to_owned()),
            _ => (format!("[training.{table}]"), format!("training.{table}")),
        };
        let key = format!("{path}.{refused}{inside}");
        let error = Recipe::from_toml(&format!("{base}{heading}\n{lines}\n")).expect_err(lines);
        assert_eq!(place(&error), (&*key, BASE.lines().count() + 1 + line), "{lines}: {error}");
        // In one line, by the line of all.
        if table != "layer" {
            let inline =
                base.replacen("epochs = 1", &format!("epochs = 1\n{table} = {{ {} }}", lines.replace('\n', ", ")), 1);
            let error = Recipe::from_toml(&inline).expect_err(lines);
            assert_eq!(place(&error), (&*key, 12), "{inline}: {error}");
        }
    }
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
    let folder = Folder::new("mutations");
    let rates_and_clippers = folder.write("rates-and-clippers.toml", &described_completely());
    for (recipes, count) in [(labelled::all(), count), (vec![rates_and_clippers], count / 4)] {
        let read = mutations::read(&recipes, count);
        // Both happen, or nothing was tried.
        assert!(0 < read && read < count, "{read} of {count} read");
    }
}

/// A folder of its own for a test, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("evenkeel-recipes-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Twelve rows of four numbers and one of three classes.
fn three_classes() -> String {
    (0..12).map(|row| format!("{},{},0.5,{},{}\n", row % 5, row % 7, row, row % 3)).collect()
}

const FITTING: &str = r#"name = "x"
seed = 1
[data]
file = "x.csv"
targets = 1
task = "classification"
classes = 3
[training]
loss = "softmax_cross_entropy"
batch = 4
epochs = 2
optimizer = { kind = "adam", learning_rate = 0.01 }
[[layers]]
kind = "linear"
units = 8
weights = { kind = "he_uniform" }
[[layers]]
kind = "relu"
[[layers]]
kind = "linear"
units = 3
"#;

/// `FITTING` with other lines in the place of the layer between.
fn between(lines: &str) -> String {
    FITTING.replacen("kind = \"relu\"", lines, 1)
}

#[test]
fn what_does_not_fit_the_data_or_its_neighbour_is_named_with_its_line() {
    let folder = Folder::new("fit");
    folder.write("x.csv", &three_classes());
    let (recipe, data) = Recipe::open(&folder.write("fitting.toml", FITTING)).unwrap();
    assert_eq!((data.n_in(), data.rows()), (4, (9, 3)));
    recipe.run_on(&data).unwrap();
    let changed = |from: &str, to: &str| FITTING.replacen(from, to, 1);
    for (text, key, line, found) in [
        (changed("units = 8", "units = 0"), "layers[0].units", 15, "0"),
        (changed("units = 8", "units = 99999999999"), "layers[0].units", 15, "99999999999"),
        (changed("units = 8", "units = 9000000000000000000"), "layers[0].units", 15, "9000000000000000000"),
        (changed("units = 3", "units = 4"), "layers[2].units", 21, "4"),
        (
            format!("{FITTING}[[layers]]\nkind = \"softmax\"\n").replacen("units = 3", "units = 2", 1),
            "layers[2].units",
            21,
            "2",
        ),
        (changed("classes = 3", "classes = 2"), "data.classes", 7, "2"),
        (changed("classes = 3", "classes = 3\ntrain_rows = 12"), "data.train_rows", 8, "12"),
        (
            changed("targets = 1\ntask = \"classification\"\nclasses = 3", "targets = 5\ntask = \"regression\""),
            "data.targets",
            5,
            "5",
        ),
        (changed("\"classification\"\nclasses = 3", "\"multilabel\""), "data.task", 6, "\"multilabel\""),
        (changed("x.csv", "."), "data.file", 4, "folder"),
        (changed("x.csv", "no-such.csv"), "data.file", 4, "no-such.csv"),
        (
            between("kind = \"residual\"\nlayers = [ { kind = \"linear\", units = 7 } ]"),
            "layers[1]",
            17,
            "expected 8, found 7",
        ),
        (between("kind = \"residual\"\nlayers = []"), "layers[1]", 17, "empty"),
        (between("kind = \"lstm\"\nsteps = 3\nwidth = 2\nhidden = 4"), "layers[1]", 17, "expected 6, found 8"),
        (
            between("kind = \"conv2d\"\nimage = [3, 3, 1]\nunits = 2\nkernel = 3"),
            "layers[1]",
            17,
            "expected 9, found 8",
        ),
        (between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 2\nkernel = 5"), "layers[1].kernel", 21, "5"),
        (between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 2\nkernel = 0"), "layers[1].kernel", 21, "0"),
        (
            between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 3\nkernel = 1\ngroups = 2"),
            "layers[1].groups",
            22,
            "2",
        ),
        (between("kind = \"multi_head_attention\"\nwidth = 4\nheads = 3"), "layers[1]", 17, "expected 6, found 4"),
        (between("kind = \"embedding\"\ncount = 1\ndim = 2"), "layers[1].count", 19, "1"),
        (
            between(
                "kind = \"sequential\"\n[[layers.layers]]\nkind = \"tanh\"\n[[layers.layers]]\nkind = \"layer_norm\"\nwidth = 3",
            ),
            "layers[1].layers[1]",
            21,
            "found 8",
        ),
    ] {
        let error = Recipe::open(&folder.write("wrong.toml", &text)).expect_err(&text);
        assert_eq!(place(&error), (key, line), "{error}\n{text}");
        let told = error.to_string();
        assert!(told.starts_with(&format!("line {line}: `{key}`")) && told.contains(found), "{error}");
    }
}

#[test]
fn a_mistyped_key_is_named_with_the_one_that_is_meant() {
    for (from, to, meant) in [
        ("batch", "bach", "batch"),
        ("learning_rate", "lerning_rate", "learning_rate"),
        ("kind = \"relu\"", "kidn = \"relu\"", "kind"),
    ] {
        let error = Recipe::from_toml(&BASE.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(&error, RecipeError::UnknownKey { nearest: Some(key), .. } if key == meant), "{error}");
        assert!(error.to_string().contains(&format!("is `{meant}` meant?")), "{error}");
    }
    let error = Recipe::from_toml(&BASE.replacen("batch", "zzz", 1)).unwrap_err();
    assert!(
        matches!(&error, RecipeError::UnknownKey { nearest: None, .. }) && !error.to_string().contains("meant"),
        "{error}"
    );
}

#[test]
fn the_largest_seed_is_told() {
    let seed = |seed: &str| Recipe::from_toml(&BASE.replacen("seed = 1", &format!("seed = {seed}"), 1));
    let largest = seed("18446744073709551615").unwrap();
    assert_eq!(largest.seed, u64::MAX);
    assert_eq!(Recipe::from_toml(&largest.to_toml()).unwrap(), largest);
    let error = seed("18446744073709551616").unwrap_err().to_string();
    assert!(error.ends_with("a whole number from 0 to 18446744073709551615"), "{error}");
}

#[test]
fn lines_of_data_are_those_of_the_file() {
    let folder = Folder::new("lines");
    folder.write("x.csv", "1,0\n\n\n2,1\n3,7\n4,0\n");
    let text = BASE.replacen("units = 3", "units = 2", 1).replacen("\"relu\"", "\"identity\"", 1);
    for shuffle in ["false", "true"] {
        let text = text.replacen("classes = 2", &format!("classes = 2\nshuffle = {shuffle}"), 1);
        let error = Recipe::from_toml(&text).unwrap().prepare(&folder.0).unwrap_err();
        assert!(matches!(&error, RecipeError::Number { row: 5, column: 2, .. }), "{error}");
    }
}

type Change = fn(&mut Recipe);

#[test]
fn what_is_built_in_code_is_held_to_what_is_read() {
    let folder = Folder::new("code");
    folder.write("x.csv", &three_classes());
    let (recipe, data) = Recipe::open(&folder.write("recipe.toml", FITTING)).unwrap();
    recipe.check().unwrap();
    let changes: [(&str, Change); 16] = [
        ("training.l2", |recipe| recipe.training.l2 = f64::NAN),
        ("training.l2", |recipe| recipe.training.l2 = -1.0),
        ("training.l2", |recipe| recipe.training.l2 = f64::INFINITY),
        ("training.batch", |recipe| recipe.training.batch = 0),
        ("training.epochs", |recipe| recipe.training.epochs = 0),
        ("training.optimizer.learning_rate", |recipe| recipe.training.optimizer = OptimizerKind::adam(f64::NAN)),
        ("training.optimizer.weight_decay", |recipe| recipe.training.optimizer = OptimizerKind::adamw(0.1, -1.0)),
        ("training.clip.max", |recipe| recipe.training.clip = Some(ClipKind::GlobalNorm { max: 0.0 })),
        ("training.schedule.factor", |recipe| {
            recipe.training.schedule = Some(ScheduleKind::Exponential { factor: -1.0 })
        }),
        ("training.plateau.factor", |recipe| recipe.training.plateau = Some(PlateauKind::new(1.0, 3))),
        ("data.train_rows", |recipe| recipe.data.train_rows = Some(0)),
        ("data.targets", |recipe| recipe.data.targets = 0),
        ("data.classes", |recipe| recipe.data.task = Task::Classification { classes: 0, one_hot: true }),
        ("layers", |recipe| recipe.layers.clear()),
        ("layers[0].units", |recipe| recipe.layers[0] = LayerKind::linear(0, Start::Zeros)),
        ("layers[1].rate", |recipe| recipe.layers[1] = LayerKind::Dropout { rate: 1.0 }),
    ];
    for (key, change) in changes {
        let mut changed = recipe.clone();
        change(&mut changed);
        for error in [
            changed.check().expect_err(key),
            changed.run_on(&data).expect_err(key),
            changed.prepare(&folder.0).expect_err(key),
        ] {
            assert_eq!(place(&error), (key, 0), "{error}");
            assert!(error.to_string().starts_with(&format!("`{key}`")), "{error}");
        }
        // Read from text, the same is refused the same.
        let error = Recipe::from_toml(&changed.to_toml()).expect_err(key);
        assert_eq!(place(&error).0, key, "{error}");
    }
}

#[test]
fn a_moved_recipe_finds_its_data() {
    let folder = Folder::new("moved");
    folder.write("here/data/x.csv", &three_classes());
    let path = folder.write("here/recipe.toml", FITTING.replacen("x.csv", "data/x.csv", 1).as_str());
    let here = path.parent().unwrap();
    let (recipe, data) = Recipe::open(&path).unwrap();
    assert_eq!(recipe.moved(here, here).unwrap(), recipe);
    for (name, file) in [
        ("there/deeper/recipe.toml", "../../here/data/x.csv"),
        ("recipe.toml", "here/data/x.csv"),
        ("here/data/recipe.toml", "x.csv"),
    ] {
        let there = folder.write(name, "");
        let moved = recipe.moved(here, there.parent().unwrap()).unwrap();
        assert_eq!(Path::new(&moved.data.file), Path::new(file));
        let (_, again) = Recipe::open(&folder.write(name, &moved.to_toml())).unwrap();
        assert_eq!(again.train().inputs().data(), data.train().inputs().data());
    }
    let absolute = here.join("data/x.csv").canonicalize().unwrap().to_str().unwrap().to_owned();
    let recipe = Recipe { data: Data { file: absolute, ..recipe.data.clone() }, ..recipe };
    assert_eq!(recipe.moved(here, &folder.0).unwrap(), recipe);
    assert!(matches!(
        Recipe { data: Data { file: "x.csv".to_owned(), ..recipe.data.clone() }, ..recipe }.moved(here, &folder.0),
        Err(RecipeError::File { .. })
    ));
}

/// A recipe with everything that says how rates change and gradients are limited.
fn described_completely() -> String {
    FITTING
        .replacen("{ kind = \"adam\", learning_rate = 0.01 }", "{ kind = \"adamw\", learning_rate = 0.02, weight_decay = 0.1, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-6 }", 1)
        .replacen(
            "epochs = 2",
            r#"epochs = 6
schedule = { kind = "warmup", steps = 3, then = { kind = "cosine", steps = 10, floor = 0.1 } }
plateau = { factor = 0.5, patience = 0, threshold = 0.5, cooldown = 1, floor = 0.01 }
clip = { kind = "chain", clippers = [ { kind = "adaptive_norm", share = 0.5, floor = 0.01, except = ["2.linear"] }, { kind = "z_score_norm", threshold = 1.0, decay = 0.9, warm_up = 2 }, { kind = "percentile_norm", percentile = 50, window = 5 }, { kind = "block_rms", max = 0.1 }, { kind = "global_norm", max = 0.5, order = 1 } ] }"#,
            1,
        )
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
        let recipe = Recipe::from_toml(&BASE.replacen("epochs = 1", &format!("epochs = 1\n{line}"), 1)).unwrap();
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
            Recipe::from_toml(&BASE.replacen("epochs = 1", &format!("epochs = 1\nclip = {{ {text} }}"), 1))
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
        let text = FITTING.replacen("optimizer = { kind = \"adam\", learning_rate = 0.01 }", &sgd, 1);
        Recipe::from_toml(&text).unwrap().run_on(&data).unwrap().network.parameters().to_vec()
    };
    let schedule = "schedule = { kind = \"step_decay\", every = 1, factor = 0.5 }";
    assert_ne!(of(1.0, schedule), of(1.0, ""));
    assert_ne!(of(1.0, schedule), of(0.0, schedule));
    assert_eq!(of(1.0, "schedule = { kind = \"constant\" }"), of(1.0, ""));
}
