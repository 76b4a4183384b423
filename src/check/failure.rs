//! `Failure`: what a check expected, what it found, and how unlikely that is.

use thiserror::Error as ThisError;

use crate::Error;

/// Why a check failed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, ThisError)]
pub enum Failure {
    /// A gradient is not the derivative.
    #[error(
        "{parameter}, entry {index}: backward says {analytic:e}, differences say {numeric:e}; \
         that is {error:.1e} of the parameter's largest entry, and {limit:.0e} is allowed"
    )]
    Mismatch {
        /// The parameter's full name.
        parameter: String,
        /// Its entry with the largest error.
        index: usize,
        /// What backward says.
        analytic: f64,
        /// What central differences say.
        numeric: f64,
        /// Their difference, relative to the largest gradient of the parameter.
        error: f64,
        /// How large that may be.
        limit: f64,
    },
    /// So many entries had to be left out that the check says nothing.
    #[error("{skipped} of {entries} entries had a kink between the two points of their difference")]
    TooManyKinks {
        /// How many were left out.
        skipped: usize,
        /// How many there are.
        entries: usize,
    },
    /// A measured number is so far from what it should be that chance does not explain it.
    #[error(
        "{what}: expected {expected:e}, found {found:e}; chance alone takes it that far with probability {probability:.1e}, \
         and {allowed:.1e} is allowed"
    )]
    Unlikely {
        /// What was measured, and where.
        what: String,
        /// What it should be.
        expected: f64,
        /// What it is.
        found: f64,
        /// How likely a number that far off is where nothing is wrong; 0 where that is below all `f64`.
        probability: f64,
        /// Below which probability the check fails.
        allowed: f64,
    },
    /// What always holds does not.
    #[error("{what}: expected {expected}, found {found}")]
    Broken {
        /// What was looked at, and where.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// What is checked refused the call.
    #[error(transparent)]
    Network(#[from] Error),
}

impl Failure {
    /// Nothing where `holds`; else what was expected and what was found.
    pub(super) fn unless(
        holds: bool,
        what: impl FnOnce() -> String,
        expected: &str,
        found: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds {
            return Ok(());
        }
        Err(Self::Broken { what: what(), expected: expected.to_owned(), found: found() })
    }
}
