//! `Confidence`: how sure a cause is.

use std::fmt;

/// How sure a diagnosis is of its cause: by what it rests on, from the least to the most.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Confidence {
    /// Every other question was answered with no.
    Presumed,
    /// The numbers of the run say so, but the recipe was not seen to work without it: there may be more than one cause.
    Reasoned,
    /// The recipe was run again without it, and works.
    Shown,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presumed => "presumed: nothing else explains it",
            Self::Reasoned => "reasoned: the numbers of the run say so",
            Self::Shown => "shown: without it, the recipe works",
        })
    }
}
