//! `Data`: what a recipe trains on.

use super::RecipeError;
use super::fields::{Fields, Read, one_of};
use super::tree::{Node, Table, Value};

/// What a recipe trains on: a file of rows, and how they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// A file of plain numbers, one row a line, separated by commas, without header. Relative to the recipe.
    pub file: String,
    /// How many of the last columns are targets.
    pub targets: usize,
    /// What the targets mean.
    pub task: Task,
    /// How many of the rows train; the rest validates. 80 % where it is not said.
    pub train_rows: Option<usize>,
    /// Whether the rows are shuffled once, before the split.
    pub shuffle: bool,
    /// How the inputs are scaled, fitted on the training rows.
    pub inputs: Scaling,
}

/// What the targets mean.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One class index a row, from 0.
    Classification {
        /// How many classes there are.
        classes: usize,
        /// Whether the target is a row of zeros with a one at the class. If not, the output is compared with the index as a number.
        one_hot: bool,
    },
    /// Columns of 0 and 1.
    Multilabel,
    /// Columns of numbers.
    Regression {
        /// How they are scaled, fitted on the training rows.
        scale: Scaling,
    },
}

/// How columns of numbers are scaled.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Not at all.
    #[default]
    None,
    /// To mean 0 and variance 1.
    Standardize,
    /// To the range from 0 to 1.
    MinMax,
}

impl Scaling {
    const NAMES: [(&'static str, Self); 3] =
        [("none", Self::None), ("standardize", Self::Standardize), ("minmax", Self::MinMax)];

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, scaling)| scaling == self).map_or("", |(name, _)| name)
    }
}

impl Task {
    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Classification { .. } => "classification",
            Self::Multilabel => "multilabel",
            Self::Regression { .. } => "regression",
        }
    }
}

impl Read for Scaling {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        one_of(node, key, &Self::NAMES)
    }
}

impl Read for Data {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        fields.only(&[
            "file",
            "targets",
            "task",
            "classes",
            "one_hot",
            "train_rows",
            "shuffle",
            "inputs",
            "targets_scale",
        ])?;
        let file = fields.required("file")?;
        let targets = fields.required("targets")?;
        if targets == 0 {
            return Err(fields.refuse("targets", "at least 1"));
        }
        let task = read_task(&fields, targets)?;
        let train_rows = fields.optional("train_rows")?;
        if train_rows == Some(0) {
            return Err(fields.refuse("train_rows", "at least 1"));
        }
        Ok(Self {
            file,
            targets,
            task,
            train_rows,
            shuffle: fields.or("shuffle", false)?,
            inputs: fields.or("inputs", Scaling::None)?,
        })
    }
}

/// The task, with the keys that belong to it; those of another one are refused.
fn read_task(fields: &Fields<'_>, targets: usize) -> Result<Task, RecipeError> {
    let names = [
        ("classification", Task::Classification { classes: 0, one_hot: true }),
        ("multilabel", Task::Multilabel),
        ("regression", Task::Regression { scale: Scaling::None }),
    ];
    let path = fields.path("task");
    let task = match fields.node("task") {
        Some(node) => one_of(node, &path, &names)?,
        None => return fields.required::<String>("task").map(|_| Task::Multilabel),
    };
    let classes = fields.optional::<usize>("classes")?;
    let one_hot = fields.optional::<bool>("one_hot")?;
    let scale = fields.optional::<Scaling>("targets_scale")?;
    let only_of = |key: &str, task: &str| fields.refuse(key, &format!("left out: it belongs to {task}"));
    match task {
        Task::Classification { .. } => {
            let classes = classes
                .ok_or_else(|| RecipeError::MissingKey { key: fields.path("classes"), line: fields.line("") })?;
            if classes == 0 {
                return Err(fields.refuse("classes", "at least 1"));
            }
            if targets != 1 {
                return Err(fields.refuse("targets", "1 where the task is classification"));
            }
            if scale.is_some_and(|scale| scale != Scaling::None) {
                return Err(only_of("targets_scale", "regression"));
            }
            Ok(Task::Classification { classes, one_hot: one_hot.unwrap_or(true) })
        }
        _ if classes.is_some() => Err(only_of("classes", "classification")),
        _ if one_hot.is_some() => Err(only_of("one_hot", "classification")),
        Task::Regression { .. } => Ok(Task::Regression { scale: scale.unwrap_or_default() }),
        Task::Multilabel if scale.is_some_and(|scale| scale != Scaling::None) => {
            Err(only_of("targets_scale", "regression"))
        }
        Task::Multilabel => Ok(Task::Multilabel),
    }
}

impl From<&Data> for Value {
    fn from(data: &Data) -> Self {
        let table = Table::default()
            .with("file", data.file.as_str())
            .with("targets", data.targets)
            .with("task", data.task.name());
        let (table, scale) = match data.task {
            Task::Classification { classes, one_hot } => {
                (table.with("classes", classes).unless(true, "one_hot", one_hot), Scaling::None)
            }
            Task::Multilabel => (table, Scaling::None),
            Task::Regression { scale } => (table, scale),
        };
        let table = table
            .maybe("train_rows", data.train_rows)
            .unless(false, "shuffle", data.shuffle)
            .unless("none", "inputs", data.inputs.name())
            .unless("none", "targets_scale", scale.name());
        Self::from(table)
    }
}
