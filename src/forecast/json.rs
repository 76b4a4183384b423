//! A forecast as serde's `Serialize`: its parts, and the verdict.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Forecast, Regime};

impl Serialize for Forecast {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { input, layers, loss, gradient_norm, regime, formats, concerns, advice } = self;
        let mut parts = serializer.serialize_struct("Forecast", 10)?;
        parts.serialize_field("outlook", self.outlook().name())?;
        parts.serialize_field("input", input)?;
        parts.serialize_field("layers", layers)?;
        parts.serialize_field("loss", loss)?;
        parts.serialize_field("gradient_norm", gradient_norm)?;
        parts.serialize_field("regime", regime)?;
        let depth = regime.as_ref().map(Regime::trainable_depth);
        parts.serialize_field("trainable_depth", &depth.filter(|depth| depth.is_finite()))?;
        parts.serialize_field("formats", formats)?;
        parts.serialize_field("concerns", concerns)?;
        parts.serialize_field("advice", advice)?;
        parts.end()
    }
}
