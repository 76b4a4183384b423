//! `Recipe`: a training run, described completely.

use super::fields::Fields;
use super::tree::{Node, Table, Value, write_document};
use super::{Data, LayerKind, RecipeError, Training};

/// A training run, described completely: data, layers, loss, optimizer. Every random choice of it follows from the seed.
///
/// ```
/// use evenkeel::recipe::*;
/// let recipe = Recipe {
///     name: "points-in-a-circle".to_owned(),
///     seed: 1,
///     data: Data {
///         file: "circle.csv".to_owned(),
///         targets: 1,
///         task: Task::Classification { classes: 2, one_hot: true },
///         train_rows: None,
///         shuffle: false,
///         inputs: Scaling::Standardize,
///     },
///     training: Training {
///         loss: LossKind::SoftmaxCrossEntropy,
///         l2: 0.0,
///         batch: 32,
///         epochs: 20,
///         optimizer: OptimizerKind::adam(0.01),
///         clip: None,
///     },
///     layers: vec![
///         LayerKind::linear(16, Start::HeUniform),
///         LayerKind::Activation(ActivationKind::Relu),
///         LayerKind::linear(2, Start::XavierUniform),
///     ],
/// };
/// assert!(recipe.to_toml().contains("loss = \"softmax_cross_entropy\""));
/// # #[cfg(feature = "serde")]
/// assert_eq!(Recipe::from_toml(&recipe.to_toml())?, recipe);
/// # Ok::<(), RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// What it is called.
    pub name: String,
    /// What every random choice follows from.
    pub seed: u64,
    /// What it trains on.
    pub data: Data,
    /// How it trains.
    pub training: Training,
    /// The layers, from input to output.
    pub layers: Vec<LayerKind>,
}

impl Recipe {
    /// Reads a recipe from TOML. A table `expect`, which says what somebody expects of the run, is ignored.
    ///
    /// # Errors
    /// [`RecipeError`], naming key and line: for text that is no TOML, an unknown or a missing key, a value of the wrong type, or one
    /// that makes no sense.
    #[cfg(feature = "serde")]
    pub fn from_toml(text: &str) -> Result<Self, RecipeError> {
        Self::read_node(&super::toml::parse(text)?).map(|(recipe, _)| recipe)
    }

    /// Reads a recipe from a file of TOML, and looks whether its data are there.
    ///
    /// # Errors
    /// [`RecipeError::File`] where the file cannot be read; [`RecipeError::MissingFile`] where that of the data cannot; else as
    /// [`from_toml`](Self::from_toml).
    #[cfg(feature = "serde")]
    pub fn read(path: &std::path::Path) -> Result<Self, RecipeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| RecipeError::File { path: path.display().to_string(), reason: error.to_string() })?;
        let (recipe, line) = Self::read_node(&super::toml::parse(&text)?)?;
        let file = path.parent().unwrap_or(path).join(&recipe.data.file);
        if let Err(error) = std::fs::File::open(&file) {
            let (path, reason) = (file.display().to_string(), error.to_string());
            return Err(RecipeError::MissingFile { key: "data.file".to_owned(), line, path, reason });
        }
        Ok(recipe)
    }

    /// The recipe of a tree, and the line of its data file.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "only text becomes a tree"))]
    fn read_node(node: &Node) -> Result<(Self, usize), RecipeError> {
        let mut fields = Fields::of(node, "")?;
        let _ = fields.node("expect");
        let name = fields.required("name")?;
        let seed = fields.required("seed")?;
        let data_line = match fields.node("data") {
            Some(node) => Fields::of(node, "data")?.line("file"),
            None => 1,
        };
        let recipe = Self {
            name,
            seed,
            data: fields.required("data")?,
            training: fields.required("training")?,
            layers: fields.required("layers")?,
        };
        if recipe.layers.is_empty() {
            return Err(fields.refuse("layers", "at least one layer"));
        }
        fields.finish()?;
        Ok((recipe, data_line))
    }

    /// Writes the recipe as TOML. Reading that gives the same recipe again.
    pub fn to_toml(&self) -> String {
        let layers: Vec<Value> = self.layers.iter().map(Value::from).collect();
        let table = Table::default()
            .with("name", self.name.as_str())
            .with("seed", self.seed)
            .with("data", &self.data)
            .with("training", &self.training)
            .with("layers", layers);
        match Value::from(table) {
            Value::Table(entries) => write_document(&entries),
            _ => String::new(),
        }
    }
}
