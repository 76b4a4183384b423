//! `Recipe`: a training run, described completely.

#[cfg(feature = "serde")]
use std::path::Path;

#[cfg(feature = "serde")]
use super::Prepared;
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
///         schedule: None,
///         plateau: None,
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
        Self::read_node(&super::toml::parse(text)?)
    }

    /// Reads a recipe from a file of TOML, and looks whether its data are there.
    ///
    /// # Errors
    /// [`RecipeError::File`] where the file cannot be read; [`RecipeError::MissingFile`] where that of the data is not there, or is a folder;
    /// else as [`from_toml`](Self::from_toml).
    #[cfg(feature = "serde")]
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        Self::read_with_tree(path).map(|(recipe, _)| recipe)
    }

    /// Reads a recipe from a file of TOML, and its data, and looks whether they and the layers fit each other.
    ///
    /// ```
    /// # #[cfg(feature = "serde")] {
    /// use evenkeel::recipe::Recipe;
    /// let (recipe, data) = Recipe::open(std::path::Path::new("tests/cases/ok-iris-relu.toml"))?;
    /// assert_eq!(data.n_in(), 4);
    /// let run = recipe.run_on(&data)?;
    /// # let _ = run;
    /// # }
    /// # Ok::<(), evenkeel::recipe::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`read`](Self::read); and [`RecipeError::At`], naming key, line and value, where the data are not what the recipe says,
    /// a layer does not fit the one before, or the last one the targets.
    #[cfg(feature = "serde")]
    pub fn open(path: &Path) -> Result<(Self, Prepared), RecipeError> {
        let (recipe, tree) = Self::read_with_tree(path)?;
        let located = |error| super::places::located(error, &recipe, &tree);
        let data = recipe.prepare(path.parent().unwrap_or(path)).map_err(located)?;
        recipe.fit(&data).map_err(located)?;
        Ok((recipe, data))
    }

    /// Whether the rows go through the network, batch by batch and all of them once.
    #[cfg(feature = "serde")]
    fn fit(&self, data: &Prepared) -> Result<(), RecipeError> {
        let network = self.network_for(data)?;
        network.workspace(self.training.batch.min(data.train.rows()))?;
        for set in [&data.train, &data.validation] {
            network.predict(set.inputs())?;
        }
        Ok(())
    }

    #[cfg(feature = "serde")]
    fn read_with_tree(path: &Path) -> Result<(Self, Node), RecipeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| RecipeError::File { path: path.display().to_string(), reason: error.to_string() })?;
        let tree = super::toml::parse(&text)?;
        let recipe = Self::read_node(&tree)?;
        let file = path.parent().unwrap_or(path).join(&recipe.data.file);
        let missing = match std::fs::metadata(&file).and_then(|found| std::fs::File::open(&file).map(|_| found)) {
            Ok(found) if found.is_dir() => Some("it is a folder".to_owned()),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        match missing {
            None => Ok((recipe, tree)),
            Some(reason) => {
                let key = "data.file";
                let line = super::places::line(&tree, key);
                Err(RecipeError::MissingFile { key: key.to_owned(), line, path: file.display().to_string(), reason })
            }
        }
    }

    /// The recipe of a tree.
    pub(super) fn read_node(node: &Node) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, "")?;
        fields.only(&["name", "seed", "data", "training", "layers", "expect"])?;
        let recipe = Self {
            name: fields.required("name")?,
            seed: fields.required("seed")?,
            data: fields.required("data")?,
            training: fields.required("training")?,
            layers: fields.required("layers")?,
        };
        if recipe.layers.is_empty() {
            return Err(fields.refuse("layers", "at least one layer"));
        }
        Ok(recipe)
    }

    /// Writes the recipe as TOML. Reading that gives the same recipe again, where it passes [`check`](Self::check).
    pub fn to_toml(&self) -> String {
        match Value::from(self) {
            Value::Table(entries) => write_document(&entries),
            _ => String::new(),
        }
    }
}

impl From<&Recipe> for Value {
    fn from(recipe: &Recipe) -> Self {
        let layers: Vec<Self> = recipe.layers.iter().map(Self::from).collect();
        Table::default()
            .with("name", recipe.name.as_str())
            .with("seed", recipe.seed)
            .with("data", &recipe.data)
            .with("training", &recipe.training)
            .with("layers", layers)
            .into()
    }
}
