//! `ClipKind`: a clipper, described.

use super::RecipeError;
use super::fields::{Fields, Read};
use super::tree::{Node, Table, Value};
use crate::{
    AdaptiveNorm, BlockRms, ByValue, Chain, Error, GlobalNorm, GradientClipper, PerLayerNorm, PercentileNorm,
    ZScoreNorm,
};

/// A clipper, described.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum ClipKind {
    /// [`GlobalNorm`].
    GlobalNorm {
        /// The limit.
        max: f64,
    },
    /// [`GlobalNorm`], of another order.
    GlobalNormOfOrder {
        /// The limit.
        max: f64,
        /// The order of the norm; infinity for the largest entry.
        order: f64,
    },
    /// [`PerLayerNorm`].
    PerLayerNorm {
        /// The limit.
        max: f64,
    },
    /// [`ByValue`].
    Value {
        /// The limit.
        max: f64,
    },
    /// [`BlockRms`].
    BlockRms {
        /// The limit.
        max: f64,
    },
    /// [`AdaptiveNorm`].
    AdaptiveNorm {
        /// Which share of the norm of a unit's weights the norm of its gradient may have.
        share: f64,
        /// What the norm of the weights is taken for where it is below.
        floor: f64,
        /// The layers and parameters that are left alone, by name.
        except: Vec<String>,
    },
    /// [`PercentileNorm`].
    PercentileNorm {
        /// Which percentile of the norms so far is the limit.
        percentile: f64,
        /// Of how many of the last steps.
        window: usize,
    },
    /// [`ZScoreNorm`].
    ZScoreNorm {
        /// How many deviations above the mean a norm may lie.
        threshold: f64,
        /// By what the memory of the norms fades from step to step.
        decay: f64,
        /// How many norms are looked at before any is clipped.
        warm_up: usize,
    },
    /// [`Chain`].
    Chain {
        /// The clippers, each behind the one before.
        clippers: Vec<ClipKind>,
    },
}

/// What the clippers have where nothing is said, in a recipe as in code.
const FLOOR: f64 = 1e-3;
const WINDOW: usize = 10_000;
const DECAY: f64 = 0.97;
const WARM_UP: usize = 25;

impl ClipKind {
    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::GlobalNorm { .. } | Self::GlobalNormOfOrder { .. } => "global_norm",
            Self::PerLayerNorm { .. } => "per_layer_norm",
            Self::Value { .. } => "value",
            Self::BlockRms { .. } => "block_rms",
            Self::AdaptiveNorm { .. } => "adaptive_norm",
            Self::PercentileNorm { .. } => "percentile_norm",
            Self::ZScoreNorm { .. } => "z_score_norm",
            Self::Chain { .. } => "chain",
        }
    }

    /// The clipper it describes.
    ///
    /// # Errors
    /// [`Error::Argument`] where it refuses one of the numbers.
    pub fn build(&self) -> Result<Box<dyn GradientClipper<f32>>, Error> {
        Ok(match self {
            Self::GlobalNorm { max } => Box::new(GlobalNorm::new(*max)?),
            Self::GlobalNormOfOrder { max, order } => Box::new(GlobalNorm::new(*max)?.order(*order)?),
            Self::PerLayerNorm { max } => Box::new(PerLayerNorm::new(*max)?),
            Self::Value { max } => Box::new(ByValue::new(*max)?),
            Self::BlockRms { max } => Box::new(BlockRms::new(*max)?),
            Self::AdaptiveNorm { share, floor, except } => {
                let clipper = AdaptiveNorm::new(*share)?.floor(*floor)?;
                Box::new(except.iter().fold(clipper, |clipper, name| clipper.except(name)))
            }
            Self::PercentileNorm { percentile, window } => Box::new(PercentileNorm::new(*percentile)?.window(*window)?),
            Self::ZScoreNorm { threshold, decay, warm_up } => {
                Box::new(ZScoreNorm::new(*threshold)?.decay(*decay)?.warm_up(*warm_up)?)
            }
            Self::Chain { clippers } => Box::new(
                clippers.iter().try_fold(Chain::new(), |chain, next| Ok::<_, Error>(chain.then(next.build()?)))?,
            ),
        })
    }
}

impl Read for ClipKind {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let fields = Fields::of(node, key)?;
        let names = [
            "global_norm",
            "per_layer_norm",
            "value",
            "block_rms",
            "adaptive_norm",
            "percentile_norm",
            "z_score_norm",
            "chain",
        ];
        let name = fields.kind(&names.map(|name| (name, name)))?;
        fields.only(match name {
            "global_norm" => &["kind", "max", "order"],
            "adaptive_norm" => &["kind", "share", "floor", "except"],
            "percentile_norm" => &["kind", "percentile", "window"],
            "z_score_norm" => &["kind", "threshold", "decay", "warm_up"],
            "chain" => &["kind", "clippers"],
            _ => &["kind", "max"],
        })?;
        let clip = match name {
            "adaptive_norm" => Self::AdaptiveNorm {
                share: fields.required("share")?,
                floor: fields.or("floor", FLOOR)?,
                except: fields.or("except", Vec::new())?,
            },
            "percentile_norm" => Self::PercentileNorm {
                percentile: fields.required("percentile")?,
                window: fields.or("window", WINDOW)?,
            },
            "z_score_norm" => Self::ZScoreNorm {
                threshold: fields.required("threshold")?,
                decay: fields.or("decay", DECAY)?,
                warm_up: fields.or("warm_up", WARM_UP)?,
            },
            "chain" => Self::Chain { clippers: fields.required("clippers")? },
            _ => {
                let max = fields.required("max")?;
                match name {
                    "per_layer_norm" => Self::PerLayerNorm { max },
                    "value" => Self::Value { max },
                    "block_rms" => Self::BlockRms { max },
                    _ => match fields.or("order", 2.0)? {
                        2.0 => Self::GlobalNorm { max },
                        order => Self::GlobalNormOfOrder { max, order },
                    },
                }
            }
        };
        clip.build().map_err(|error| fields.refused(error))?;
        Ok(clip)
    }
}

impl From<&ClipKind> for Value {
    fn from(clip: &ClipKind) -> Self {
        let table = Table::of_kind(clip.name());
        Self::from(match clip {
            ClipKind::GlobalNorm { max }
            | ClipKind::PerLayerNorm { max }
            | ClipKind::Value { max }
            | ClipKind::BlockRms { max } => table.with("max", *max),
            ClipKind::GlobalNormOfOrder { max, order } => table.with("max", *max).with("order", *order),
            ClipKind::AdaptiveNorm { share, floor, except } => {
                let names: Vec<_> = except.iter().map(|name| Self::from(name.as_str())).collect();
                table
                    .with("share", *share)
                    .unless(FLOOR, "floor", *floor)
                    .maybe("except", (!names.is_empty()).then_some(names))
            }
            ClipKind::PercentileNorm { percentile, window } => {
                table.with("percentile", *percentile).unless(WINDOW, "window", *window)
            }
            ClipKind::ZScoreNorm { threshold, decay, warm_up } => {
                table.with("threshold", *threshold).unless(DECAY, "decay", *decay).unless(WARM_UP, "warm_up", *warm_up)
            }
            ClipKind::Chain { clippers } => table.with("clippers", clippers.iter().map(Self::from).collect::<Vec<_>>()),
        })
    }
}
