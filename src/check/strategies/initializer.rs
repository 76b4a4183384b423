//! `initializer`: one of the crate's that fit the fans.

use std::sync::Arc;

use proptest::prelude::*;

use crate::{He, Initializer, LeCun, Xavier};

/// An initializer of the crate whose variance fits the fans.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the initializer of that name")]
pub enum AnyInitializer {
    XavierNormal,
    XavierUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
    LeCunUniform,
    XavierTruncated,
    HeTruncated,
    LeCunTruncated,
}

impl AnyInitializer {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::XavierNormal,
        Self::XavierUniform,
        Self::HeNormal,
        Self::HeUniform,
        Self::LeCunNormal,
        Self::LeCunUniform,
        Self::XavierTruncated,
        Self::HeTruncated,
        Self::LeCunTruncated,
    ];

    /// The initializer itself.
    pub fn initializer(self) -> Arc<dyn Initializer<f64>> {
        match self {
            Self::XavierNormal => Arc::new(Xavier::normal()),
            Self::XavierUniform => Arc::new(Xavier::uniform()),
            Self::HeNormal => Arc::new(He::normal()),
            Self::HeUniform => Arc::new(He::uniform()),
            Self::LeCunNormal => Arc::new(LeCun::normal()),
            Self::LeCunUniform => Arc::new(LeCun::uniform()),
            Self::XavierTruncated => Arc::new(Xavier::truncated()),
            Self::HeTruncated => Arc::new(He::truncated()),
            Self::LeCunTruncated => Arc::new(LeCun::truncated()),
        }
    }
}

/// Any initializer of the crate whose variance fits the fans; shrinks to Xavier's.
pub fn initializer() -> impl Strategy<Value = AnyInitializer> + Clone {
    (0..AnyInitializer::ALL.len()).prop_map(|index| AnyInitializer::ALL[index])
}
