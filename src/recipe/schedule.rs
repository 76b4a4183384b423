//! `ScheduleKind` and `PlateauKind`: how the learning rate changes while training, described.

use super::RecipeError;
use super::fields::{Fields, Read};
use super::tree::{Node, Table, Value};
use crate::Error;
use crate::schedule::{Constant, Cosine, Exponential, ReduceOnPlateau, Schedule, StepDecay, Warmup};

/// How the learning rate changes from step to step, described. A step is a batch.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum ScheduleKind {
    /// [`Constant`]: not at all.
    Constant,
    /// [`Cosine`].
    Cosine {
        /// Over how many steps it falls.
        steps: u64,
        /// To which share of the rate.
        floor: f64,
    },
    /// [`Exponential`].
    Exponential {
        /// What it is multiplied by each step.
        factor: f64,
    },
    /// [`StepDecay`].
    StepDecay {
        /// After how many steps, each time.
        every: u64,
        /// What it is multiplied by.
        factor: f64,
    },
    /// [`Warmup`].
    Warmup {
        /// Over how many steps it rises.
        steps: u64,
        /// How it changes from there.
        then: Box<ScheduleKind>,
    },
}

/// A cut of the learning rate where the loss of the validation rows has stopped falling, described: [`ReduceOnPlateau`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateauKind {
    /// What the rate is multiplied by.
    pub factor: f64,
    /// How many epochs in a row may be no better.
    pub patience: u64,
    /// By which share of the best loss a loss must be below it to be better.
    pub threshold: f64,
    /// How many epochs after a cut do not count.
    pub cooldown: u64,
    /// The least share of the rate.
    pub floor: f64,
}

/// By how much a loss must be better where nothing is said, in a recipe as in code.
const THRESHOLD: f64 = 1e-4;

impl ScheduleKind {
    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine { .. } => "cosine",
            Self::Exponential { .. } => "exponential",
            Self::StepDecay { .. } => "step_decay",
            Self::Warmup { .. } => "warmup",
        }
    }

    /// The schedule it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<Box<dyn Schedule>, Error> {
        Ok(match self {
            Self::Constant => Box::new(Constant),
            Self::Cosine { steps, floor } => Box::new(Cosine::new(*steps)?.floor(*floor)?),
            Self::Exponential { factor } => Box::new(Exponential::new(*factor)?),
            Self::StepDecay { every, factor } => Box::new(StepDecay::new(*every, *factor)?),
            Self::Warmup { steps, then } => Box::new(Warmup::new(*steps, then.build()?)?),
        })
    }
}

impl PlateauKind {
    /// By that factor after more than `patience` epochs that are no better, and else as [`ReduceOnPlateau::new`] has it.
    pub fn new(factor: f64, patience: u64) -> Self {
        Self { factor, patience, threshold: THRESHOLD, cooldown: 0, floor: 0.0 }
    }

    /// What it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<ReduceOnPlateau, Error> {
        let plateau = ReduceOnPlateau::new(self.factor, self.patience)?;
        plateau.relative(self.threshold)?.cooldown(self.cooldown).floor(self.floor)
    }
}

impl Read for ScheduleKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        let names = ["constant", "cosine", "exponential", "step_decay", "warmup"];
        let name = fields.kind(&names.map(|name| (name, name)))?;
        fields.only(match name {
            "cosine" => &["kind", "steps", "floor"],
            "exponential" => &["kind", "factor"],
            "step_decay" => &["kind", "every", "factor"],
            "warmup" => &["kind", "steps", "then"],
            _ => &["kind"],
        })?;
        let schedule = match name {
            "cosine" => Self::Cosine { steps: fields.required("steps")?, floor: fields.or("floor", 0.0)? },
            "exponential" => Self::Exponential { factor: fields.required("factor")? },
            "step_decay" => Self::StepDecay { every: fields.required("every")?, factor: fields.required("factor")? },
            "warmup" => {
                Self::Warmup { steps: fields.required("steps")?, then: fields.or("then", Box::new(Self::Constant))? }
            }
            _ => Self::Constant,
        };
        schedule.build().map_err(|error| fields.refused(error))?;
        Ok(schedule)
    }
}

impl Read for PlateauKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        fields.only(&["factor", "patience", "threshold", "cooldown", "floor"])?;
        let usual = Self::new(fields.required("factor")?, fields.required("patience")?);
        let plateau = Self {
            threshold: fields.or("threshold", usual.threshold)?,
            cooldown: fields.or("cooldown", usual.cooldown)?,
            floor: fields.or("floor", usual.floor)?,
            ..usual
        };
        plateau.build().map_err(|error| fields.refused(error))?;
        Ok(plateau)
    }
}

impl From<&ScheduleKind> for Value {
    fn from(schedule: &ScheduleKind) -> Self {
        let table = Table::of_kind(schedule.name());
        Self::from(match schedule {
            ScheduleKind::Constant => table,
            ScheduleKind::Cosine { steps, floor } => table.with("steps", *steps).unless(0.0, "floor", *floor),
            ScheduleKind::Exponential { factor } => table.with("factor", *factor),
            ScheduleKind::StepDecay { every, factor } => table.with("every", *every).with("factor", *factor),
            ScheduleKind::Warmup { steps, then } => {
                let then = (**then != ScheduleKind::Constant).then_some(&**then);
                table.with("steps", *steps).maybe("then", then)
            }
        })
    }
}

impl From<PlateauKind> for Value {
    fn from(plateau: PlateauKind) -> Self {
        let PlateauKind { factor, patience, threshold, cooldown, floor } = plateau;
        Table::default()
            .with("factor", factor)
            .with("patience", patience)
            .unless(THRESHOLD, "threshold", threshold)
            .unless(0, "cooldown", cooldown)
            .unless(0.0, "floor", floor)
            .into()
    }
}
