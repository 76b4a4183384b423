//! Recipes: read, written back, refused by name and line; and never a panic, whatever the bytes.

mod acting;
mod data;
mod fuzz;
mod reading;
mod refusals;
mod refused_numbers;

use std::path::PathBuf;

use evenkeel::recipe::RecipeError;

/// All of a recipe but its layers.
fn head(classes: usize, loss: &str, epochs: u64, rate: f64) -> String {
    format!(
        r#"name = "x"
seed = 1
[data]
file = "x.csv"
targets = 1
task = "classification"
classes = {classes}
[training]
loss = "{loss}"
batch = 4
epochs = {epochs}
optimizer = {{ kind = "adam", learning_rate = {rate} }}
"#
    )
}

/// A recipe that is read, whatever its data.
fn base() -> String {
    let layers = r#"[[layers]]
kind = "linear"
units = 3
weights = { kind = "normal", mean = 0.0, std = 0.1 }
[[layers]]
kind = "relu"
"#;
    head(2, "mse", 1, 0.001) + layers
}

/// One that fits [`three_classes`].
fn fitting() -> String {
    let layers = r#"[[layers]]
kind = "linear"
units = 8
weights = { kind = "he_uniform" }
[[layers]]
kind = "relu"
[[layers]]
kind = "linear"
units = 3
"#;
    head(3, "softmax_cross_entropy", 2, 0.01) + layers
}

/// A recipe with everything that says how rates change and gradients are limited.
fn described_completely() -> String {
    fitting()
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

/// Twelve rows of four numbers and one of three classes.
fn three_classes() -> String {
    (0..12).map(|row| format!("{},{},0.5,{},{}\n", row % 5, row % 7, row, row % 3)).collect()
}

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
