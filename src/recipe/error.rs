//! `RecipeError`: every way a recipe can fail to be read or run.

use thiserror::Error as ThisError;

use crate::Error;

/// Every way a recipe can fail to be read or run, naming the key and its line, or the file with row and column.
///
/// A run that becomes NaN or infinite is no such error: it ends early, and its findings say so.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use evenkeel::recipe::{Recipe, RecipeError};
/// let refused = Recipe::from_toml("name = \"x\"\nseed = -1\n").unwrap_err();
/// assert_eq!(refused.to_string(), "line 2: `seed` is -1, but it must be a whole number from 0 to 18446744073709551615");
/// assert!(matches!(&refused, RecipeError::Value { key, line: 2, .. } if key == "seed"));
/// # }
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, ThisError)]
pub enum RecipeError {
    /// The text is not TOML.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// There is no such key.
    #[error("{}there is no key `{key}`{}: {known}", place(*.line), meant(.nearest))]
    UnknownKey {
        /// The key, with the tables it is in.
        key: String,
        /// The line, counted from 1.
        line: usize,
        /// The keys that there are.
        known: String,
        /// The one that is likely meant.
        nearest: Option<String>,
    },
    /// A key that has no default is missing.
    #[error("{}the key `{key}` is missing", place(*.line))]
    MissingKey {
        /// The key, with the tables it is in.
        key: String,
        /// The line of the table that it is missing in, counted from 1.
        line: usize,
    },
    /// A value has the wrong type, or is none of those it may be.
    #[error("{}`{key}` is {found}, but it must be {must}", place(*.line))]
    Value {
        /// The key, with the tables it is in.
        key: String,
        /// The line, counted from 1; 0 where the recipe comes from no text.
        line: usize,
        /// The value, as it stands there.
        found: String,
        /// What it must be.
        must: String,
    },
    /// A value was refused by what it is to build: a layer, an initializer, an optimizer, a clipper.
    #[error("{}`{key}`: {source}", place(*.line))]
    Refused {
        /// The key, with the tables it is in.
        key: String,
        /// The line, counted from 1.
        line: usize,
        /// Why it was refused.
        source: Error,
    },
    /// A recipe from a file does not fit its data, or its layers each other: [`Recipe::open`](super::Recipe::open) says where it stands.
    #[error("line {line}: `{key}`{}: {source}", value(.found))]
    At {
        /// The key, with the tables it is in.
        key: String,
        /// The line, counted from 1.
        line: usize,
        /// The value, where it is a simple one.
        found: Option<String>,
        /// What is wrong.
        source: Box<RecipeError>,
    },
    /// A file that a key names cannot be read.
    #[error("line {line}: `{key}`: cannot read {path}: {reason}")]
    MissingFile {
        /// The key, with the tables it is in.
        key: String,
        /// The line, counted from 1.
        line: usize,
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A number in the data is none, or not what it must be.
    #[error("{path}: row {row}, column {column} is {found}, but it must be {must}")]
    Number {
        /// The key of the recipe that it does not fit.
        key: &'static str,
        /// The file.
        path: String,
        /// The row, counted from 1 as the lines of the file: empty ones count.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// What stands there.
        found: String,
        /// What it must be.
        must: String,
    },
    /// The data have too few rows or columns, or rows of different lengths.
    #[error("{path}: {what}: expected {expected}, found {found}")]
    Shape {
        /// The key of the recipe that it does not fit.
        key: &'static str,
        /// The file.
        path: String,
        /// What has the wrong size.
        what: String,
        /// The size it should have.
        expected: String,
        /// The size it has.
        found: usize,
    },
    /// The last layer gives another number of outputs than there are targets.
    #[error("layer {layer}: it has {outputs} outputs, but there are {targets} targets a row")]
    Outputs {
        /// The last layer.
        layer: String,
        /// How many outputs there are.
        outputs: usize,
        /// How many numbers a row of targets has.
        targets: usize,
    },
    /// The network, the data set or the training were refused.
    #[error(transparent)]
    Run(#[from] Error),
}

/// Where something stands, in front of what is wrong with it; nothing where it comes from no text.
fn place(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

fn meant(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or("; there are".to_owned(), |key| format!("; is `{key}` meant? There are"))
}

fn value(found: &Option<String>) -> String {
    found.as_ref().map_or(String::new(), |found| format!(" is {found}"))
}
