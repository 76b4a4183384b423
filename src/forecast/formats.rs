//! `FormatForecast`: where numbers leave the range of the format they are stored in.

use super::LayerForecast;

/// A binary format of floating-point numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum NumberFormat {
    /// IEEE single precision.
    F32,
    /// Single precision with 8 bits of significand.
    Bf16,
    /// IEEE half precision.
    F16,
}

impl NumberFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::F16];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// The largest number.
    pub fn largest(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::MAX),
            Self::Bf16 => 2.0_f64.powi(127) * (2.0 - 2.0_f64.powi(-7)),
            Self::F16 => 65504.0,
        }
    }

    /// The smallest number above 0 with all digits; below it digits are lost, and soon everything.
    pub fn smallest(self) -> f64 {
        match self {
            Self::F32 | Self::Bf16 => f64::from(f32::MIN_POSITIVE),
            Self::F16 => 2.0_f64.powi(-14),
        }
    }
}

/// The first layers, by name, whose numbers are by their root mean square beyond the largest number of a format, or below the smallest one
/// with all digits; `None` where there is none. Signals go forward, gradients back: their first layer is the one next to the output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FormatForecast {
    /// Which format.
    pub format: NumberFormat,
    /// Where the signal becomes infinite.
    pub signal_overflows: Option<String>,
    /// Where it loses digits, and then vanishes.
    pub signal_underflows: Option<String>,
    /// Where the gradient by a layer's output becomes infinite.
    pub gradient_overflows: Option<String>,
    /// Where it loses digits, and then vanishes.
    pub gradient_underflows: Option<String>,
}

impl FormatForecast {
    /// Whether everything stays in range.
    pub fn fits(&self) -> bool {
        let Self { signal_overflows, signal_underflows, gradient_overflows, gradient_underflows, .. } = self;
        [signal_overflows, signal_underflows, gradient_overflows, gradient_underflows].iter().all(|at| at.is_none())
    }
}

/// Of all formats, with a gradient by the output of that mean square.
pub(super) fn of(layers: &[LayerForecast], output_gradient: f64) -> Vec<FormatForecast> {
    let signal = |layer: &LayerForecast| layer.moments.map(|moments| moments.second.sqrt());
    let gradient = |layer: &LayerForecast| layer.gradient.map(|gradient| (gradient * output_gradient).sqrt());
    let name = |layer: &LayerForecast| layer.name.clone();
    let of_format = |format: NumberFormat| {
        let above = |size: Option<f64>| size.is_some_and(|size| size > format.largest());
        let below = |size: Option<f64>| size.is_some_and(|size| size > 0.0 && size < format.smallest());
        FormatForecast {
            format,
            signal_overflows: layers.iter().find(|layer| above(signal(layer))).map(name),
            signal_underflows: layers.iter().find(|layer| below(signal(layer))).map(name),
            gradient_overflows: layers.iter().rev().find(|layer| above(gradient(layer))).map(name),
            gradient_underflows: layers.iter().rev().find(|layer| below(gradient(layer))).map(name),
        }
    };
    NumberFormat::ALL.map(of_format).to_vec()
}
