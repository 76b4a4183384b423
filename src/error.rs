//! Every way a call of this crate can fail.

use std::path::PathBuf;

use thiserror::Error as ThisError;

/// Every way a call of this crate can fail, naming the culprit: the argument, the layer, the row, the value.
///
/// Nothing in the crate panics on a user's input; what can go wrong is one of these. Constructors and `build()` find what can be
/// known beforehand (shapes, rates, limits), so that a training step can fail only on its data or on numbers that stopped
/// being finite.
///
/// ```
/// use evenkeel::{Error, Sgd};
/// let refused = Sgd::new(-0.1).unwrap_err();
/// assert_eq!(refused.to_string(), "Sgd: learning_rate is -0.1, but it must be finite and above 0");
/// assert!(matches!(refused, Error::Argument { argument: "learning_rate", .. }));
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, ThisError)]
pub enum Error {
    /// An argument is outside its range.
    #[error("{of}: {argument} is {value}, but it must be {must}")]
    Argument {
        /// What was being built or called.
        of: &'static str,
        /// The argument's name.
        argument: &'static str,
        /// The value it had.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// Something went wrong in, or was refused by, one layer of a network.
    #[error("layer {layer}: {source}")]
    Layer {
        /// The layer's name, such as `2.linear`.
        layer: String,
        /// What went wrong there.
        source: Box<Error>,
    },
    /// Two sizes that must agree do not.
    #[error("{what}: expected {expected}, found {found}")]
    Size {
        /// What has the wrong size.
        what: &'static str,
        /// The size it should have.
        expected: usize,
        /// The size it has.
        found: usize,
    },
    /// Something that needs at least one element has none.
    #[error("{what} is empty")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// A class index is not below the number of classes.
    #[error("row {row}: class {class} is out of range, there are {classes} classes (0 to {})", .classes.saturating_sub(1))]
    Class {
        /// The row whose class it is.
        row: usize,
        /// The class it names.
        class: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A number that is to be an index is none.
    #[error(
        "row {row}, column {column} is {value}, but an index must be a whole number from 0 to {}", .count.saturating_sub(1)
    )]
    Index {
        /// The row of the number.
        row: usize,
        /// The column of the number.
        column: usize,
        /// The number itself.
        value: f64,
        /// How many things there are to choose from.
        count: usize,
    },
    /// A sequence has a length that it cannot have.
    #[error("row {row}: the length is {length}, but it must be between 1 and {steps}")]
    Length {
        /// The row whose length it is.
        row: usize,
        /// The length given for it.
        length: usize,
        /// How many steps a row has room for.
        steps: usize,
    },
    /// Targets of one kind were given where the other kind is needed.
    #[error("{of} needs {needs} as targets")]
    Targets {
        /// The loss, or the method, that was given the wrong kind.
        of: &'static str,
        /// The kind it needs.
        needs: &'static str,
    },
    /// A target that must be a probability is none.
    #[error("targets: row {row}, column {column} is {value}, but it must be between 0 and 1")]
    Probability {
        /// The row of the value.
        row: usize,
        /// The column of the value.
        column: usize,
        /// The value itself.
        value: f64,
    },
    /// Data hold a NaN or an infinity.
    #[error("{what}: row {row}, column {column} is {value}, but data must be finite")]
    Data {
        /// Which data: inputs or targets.
        what: &'static str,
        /// The row of the value.
        row: usize,
        /// The column of the value.
        column: usize,
        /// The value itself.
        value: f64,
    },
    /// A number of the run stopped being finite.
    #[error("step {step}: entry {index} of {what} is {value}")]
    NonFinite {
        /// What holds it: the loss, or a parameter by its name (which begins with its layer's).
        what: String,
        /// The first such entry.
        index: usize,
        /// The value of that entry.
        value: f64,
        /// The training step, counted from 0.
        step: u64,
    },
    /// A size is beyond what can be counted, or what was allowed.
    #[error("{what} would take {bytes} bytes, but the limit is {limit}")]
    TooLarge {
        /// What would be allocated.
        what: &'static str,
        /// How many bytes it would take (saturated at the largest `u64`).
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The system refused to give memory.
    #[error("no memory for {bytes} bytes of {what}")]
    OutOfMemory {
        /// What was to be allocated.
        what: &'static str,
        /// How many bytes it takes.
        bytes: u64,
    },
    /// A window spans more than the image that it is to pass over.
    #[error("{of}: the window spans {span} {axis}, but the padded image has {padded}")]
    Window {
        /// The layer whose window it is.
        of: &'static str,
        /// Rows or columns.
        axis: &'static str,
        /// How many of them the window spans.
        span: usize,
        /// How many of them there are, padding included.
        padded: usize,
    },
    /// There is nothing of that name.
    #[error("there is no {kind} named {name:?}; there are: {known}")]
    Unknown {
        /// What kind of thing was looked for.
        kind: &'static str,
        /// The name that was not found.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// Calls came in an order that makes no sense, such as `backward` before `forward`.
    #[error("{call} needs {needs} first")]
    Order {
        /// The call that came too early.
        call: &'static str,
        /// What must come before it.
        needs: &'static str,
    },
    /// A file could not be written.
    #[error("{}: {reason}", .path.display())]
    Write {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A snapshot, a workspace or an optimizer state belongs to a network of another shape.
    #[error("{what} belongs to a network of another shape")]
    Foreign {
        /// What does not fit.
        what: &'static str,
    },
}

impl Error {
    /// The same error, with the name of the layer it happened in.
    pub fn in_layer(self, layer: &str) -> Self {
        Self::Layer { layer: layer.to_owned(), source: Box::new(self) }
    }

    /// `value` where it is finite and above zero; else an error that names the argument.
    ///
    /// # Errors
    /// [`Error::Argument`] for zero, a negative number, NaN or an infinity.
    pub fn positive(of: &'static str, argument: &'static str, value: f64) -> Result<f64, Self> {
        let fine = value.is_finite() && value > 0.0;
        Self::require(fine, of, argument, value, "finite and above 0")
    }

    /// `value` where it is finite and not below zero; else an error that names the argument.
    ///
    /// # Errors
    /// [`Error::Argument`] for a negative number, NaN or an infinity.
    pub fn not_negative(of: &'static str, argument: &'static str, value: f64) -> Result<f64, Self> {
        let fine = value.is_finite() && value >= 0.0;
        Self::require(fine, of, argument, value, "finite and not below 0")
    }

    /// `value` where it is finite; else an error that names the argument.
    ///
    /// # Errors
    /// [`Error::Argument`] for NaN or an infinity.
    pub fn finite(of: &'static str, argument: &'static str, value: f64) -> Result<f64, Self> {
        Self::require(value.is_finite(), of, argument, value, "finite")
    }

    /// `value` where it is in `[0, 1)`; else an error that names the argument.
    ///
    /// # Errors
    /// [`Error::Argument`] for anything outside, and for NaN.
    pub fn fraction(of: &'static str, argument: &'static str, value: f64) -> Result<f64, Self> {
        Self::require((0.0..1.0).contains(&value), of, argument, value, "at least 0 and below 1")
    }

    /// `count` where it is at least one; else an error that names the argument.
    ///
    /// # Errors
    /// [`Error::Argument`] for zero.
    pub fn at_least_one(of: &'static str, argument: &'static str, count: usize) -> Result<usize, Self> {
        Self::require(count > 0, of, argument, count as f64, "at least 1").map(|_| count)
    }

    /// Nothing where `bytes` are within the limit; else an error that says what would be too large.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where they are not.
    pub fn within(what: &'static str, bytes: u64, limit: u64) -> Result<(), Self> {
        if bytes <= limit { Ok(()) } else { Err(Self::TooLarge { what, bytes, limit }) }
    }

    /// `value` where `fine`; else an error that names the argument and says what it `must` be.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `fine`.
    pub fn require(
        fine: bool,
        of: &'static str,
        argument: &'static str,
        value: f64,
        must: &'static str,
    ) -> Result<f64, Self> {
        if fine { Ok(value) } else { Err(Self::Argument { of, argument, value, must }) }
    }

    /// Nothing where the two sizes agree; else an error that says what has the wrong size.
    ///
    /// # Errors
    /// [`Error::Size`] where they differ.
    pub fn same_size(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::Size { what, expected, found }) }
    }
}
