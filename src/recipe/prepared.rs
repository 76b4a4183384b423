//! `Prepared`: the data of a recipe as its network sees them.

use std::path::Path;
use std::sync::Arc;

use super::columns::Column;
use super::table::NumberTable;
use super::{Data, LossKind, Recipe, RecipeError, Scaling, Task};
use crate::{Dataset, Error, Generator, Rows, Scaler};

/// The data of a recipe as its network sees them: split, scaled, with targets as the loss takes them.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) train: Dataset<f32>,
    pub(super) validation: Dataset<f32>,
    /// What there is to be reached in every training row: a class, or values.
    pub(super) train_answers: Answers,
    pub(super) validation_answers: Answers,
    /// How many numbers a row of targets has, as the network's output has to have.
    pub(super) n_out: usize,
    /// The columns of the inputs over the training rows, as the network sees them.
    pub(super) inputs: Vec<Column>,
    /// The columns of the targets over the training rows, as the file has them, scaled where the recipe says so.
    pub(super) targets: Vec<Column>,
    /// The numbers as the file has them, and its name.
    table: Arc<NumberTable>,
    path: String,
}

/// What there is to be reached, apart from how the loss is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// A class a row.
    Classes(Vec<usize>),
    /// Values, row by row; of so many columns.
    Values(Vec<f32>, usize),
}

impl Recipe {
    /// Loads the data, which stand in `folder`, and prepares them.
    ///
    /// # Errors
    /// [`RecipeError::File`], [`RecipeError::Number`] or [`RecipeError::Shape`], naming file, row and column; those of
    /// [`check`](Self::check).
    pub fn prepare(&self, folder: &Path) -> Result<Prepared, RecipeError> {
        self.check()?;
        let path = folder.join(&self.data.file);
        let table = NumberTable::read(&path)?;
        Prepared::of(self, &Arc::new(table), &path.display().to_string())
    }
}

impl Prepared {
    /// How many numbers an input row has.
    pub fn n_in(&self) -> usize {
        self.train.inputs().cols()
    }

    /// How many rows train, and how many validate.
    pub fn rows(&self) -> (usize, usize) {
        (self.train.rows(), self.validation.rows())
    }

    /// The rows that train, as network and loss see them.
    pub fn train(&self) -> &Dataset<f32> {
        &self.train
    }

    /// The rows that validate, as network and loss see them.
    pub fn validation(&self) -> &Dataset<f32> {
        &self.validation
    }

    /// What there is to be reached in every training row, whatever the loss is told.
    pub fn answers(&self) -> &Answers {
        &self.train_answers
    }

    /// What there is to be reached in every training row, and in every row that validates.
    pub(super) fn both_answers(&self) -> (&Answers, &Answers) {
        (&self.train_answers, &self.validation_answers)
    }

    /// Whether both hold the numbers of the same reading of a file.
    pub(super) fn same_numbers(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
    }

    /// The same numbers, prepared for another recipe of the same file.
    ///
    /// # Errors
    /// Those of [`Recipe::prepare`], but for the file's.
    pub fn again(&self, recipe: &Recipe) -> Result<Self, RecipeError> {
        Self::of(recipe, &self.table, &self.path)
    }

    fn of(recipe: &Recipe, table: &Arc<NumberTable>, path: &str) -> Result<Self, RecipeError> {
        let data = &recipe.data;
        let (rows, cols) = (table.rows(), table.cols);
        let shape = |key: &'static str, what: &str, expected: String, found: usize| {
            Err(RecipeError::Shape { key, path: path.to_owned(), what: what.to_owned(), expected, found })
        };
        if rows < 2 {
            return shape("data.file", "the rows", "at least 2".to_owned(), rows);
        }
        if cols <= data.targets {
            return shape(
                "data.targets",
                "the columns",
                format!("more than the {} of the targets", data.targets),
                cols,
            );
        }
        // Of whole rows: four of five train unless it is said otherwise.
        let train_rows = data.train_rows.unwrap_or((rows as f64 * 0.8) as usize).max(1);
        if train_rows >= rows {
            return shape("data.train_rows", "the rows", format!("more than the {train_rows} that train"), rows);
        }
        let mut order: Vec<usize> = (0..rows).collect();
        if data.shuffle {
            Generator::named(recipe.seed, "rows").shuffle(&mut order);
        }
        let n_in = cols - data.targets;
        let lines: Vec<usize> = order.iter().map(|&at| table.lines[at]).collect();
        let row = |row: usize| table.numbers[row * cols..(row + 1) * cols].split_at(n_in);
        let inputs: Vec<f32> = order.iter().flat_map(|&at| row(at).0).map(|&x| x as f32).collect();
        let targets: Vec<f64> = order.iter().flat_map(|&at| row(at).1).copied().collect();
        check_targets(data, &targets, &lines, path, n_in)?;
        let (scaled_inputs, columns) = scaled(inputs, n_in, train_rows, data.inputs)?;
        let scale = if let Task::Regression { scale } = data.task { scale } else { Scaling::None };
        let values: Vec<f32> = targets.iter().map(|&t| t as f32).collect();
        let (values, target_columns) = scaled(values, data.targets, train_rows, scale)?;
        let answers = |rows: std::ops::Range<usize>| match data.task {
            Task::Classification { .. } => Answers::Classes(rows.map(|row| targets[row] as usize).collect()),
            _ => Answers::Values(values[rows.start * data.targets..rows.end * data.targets].to_vec(), data.targets),
        };
        let (train_answers, validation_answers) = (answers(0..train_rows), answers(train_rows..rows));
        let (train_inputs, validation_inputs) = scaled_inputs.split_at(train_rows * n_in);
        let set = |inputs: &[f32], answers: &Answers| told(recipe, inputs.to_vec(), n_in, answers);
        Ok(Self {
            train: set(train_inputs, &train_answers)?,
            validation: set(validation_inputs, &validation_answers)?,
            train_answers,
            validation_answers,
            n_out: match data.task {
                Task::Classification { classes, one_hot: true } => classes,
                _ => data.targets,
            },
            inputs: columns,
            targets: target_columns,
            table: Arc::clone(table),
            path: path.to_owned(),
        })
    }
}

/// Refuses a target that the task cannot have; `lines` are those of the rows in the file.
fn check_targets(data: &Data, targets: &[f64], lines: &[usize], path: &str, n_in: usize) -> Result<(), RecipeError> {
    let (fine, must, key): (Box<dyn Fn(f64) -> bool>, String, _) = match data.task {
        Task::Classification { classes, .. } => {
            let fine = move |t: f64| t >= 0.0 && t.fract() == 0.0 && t < classes as f64;
            (Box::new(fine), format!("a class from 0 to {}", classes.saturating_sub(1)), "data.classes")
        }
        Task::Multilabel => (Box::new(|t| t == 0.0 || t == 1.0), "0 or 1".to_owned(), "data.task"),
        Task::Regression { .. } => return Ok(()),
    };
    // The first in the order of the file, whatever order the rows are in.
    let wrong = targets.iter().enumerate().filter(|(_, target)| !fine(**target));
    let first = wrong.min_by_key(|(at, _)| (lines[at / data.targets], at % data.targets));
    match first {
        None => Ok(()),
        Some((at, target)) => Err(RecipeError::Number {
            key,
            path: path.to_owned(),
            row: lines[at / data.targets],
            column: n_in + at % data.targets + 1,
            found: target.to_string(),
            must,
        }),
    }
}

/// Scales columns as the training rows ask for, and says what the columns of the training rows are like then.
fn scaled(
    mut numbers: Vec<f32>,
    cols: usize,
    train_rows: usize,
    scaling: Scaling,
) -> Result<(Vec<f32>, Vec<Column>), RecipeError> {
    let train = Rows::new(&numbers[..train_rows * cols], cols)?;
    let scaler = match scaling {
        Scaling::None => None,
        Scaling::Standardize => Some(Scaler::standardize(train)?),
        Scaling::MinMax => Some(Scaler::min_max(train)?),
    };
    if let Some(scaler) = scaler {
        scaler.apply(crate::RowsMut::new(&mut numbers, cols)?)?;
    }
    let columns = Column::all(Rows::new(&numbers[..train_rows * cols], cols)?);
    Ok((numbers, columns))
}

/// A data set whose targets are told as the loss takes them.
fn told(recipe: &Recipe, inputs: Vec<f32>, n_in: usize, answers: &Answers) -> Result<Dataset<f32>, Error> {
    let by_class = matches!(recipe.training.loss, LossKind::CategoricalCrossEntropy | LossKind::SoftmaxCrossEntropy);
    match (answers, recipe.data.task) {
        (Answers::Values(values, cols), _) => Dataset::values(inputs, n_in, values.clone(), *cols),
        // A one-hot row, told by the place of its one.
        (Answers::Classes(classes), Task::Classification { one_hot: true, .. }) if by_class => {
            Dataset::classes(inputs, n_in, classes.clone())
        }
        (Answers::Classes(classes), Task::Classification { classes: count, one_hot: true }) => {
            let rows = classes.iter().flat_map(|&class| (0..count).map(move |at| if at == class { 1.0 } else { 0.0 }));
            Dataset::values(inputs, n_in, rows.collect(), count)
        }
        (Answers::Classes(classes), _) => {
            Dataset::values(inputs, n_in, classes.iter().map(|&class| class as f32).collect(), 1)
        }
    }
}
