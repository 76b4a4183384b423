//! `Geometry`: everything about a network that never changes after it is built.

use std::ops::Range;
use std::sync::Arc;

use crate::{Error, Float, Layout, Plan, Rows};

/// Everything about a network that never changes after it is built; shared with its workspaces.
#[derive(Debug, Clone, Default)]
pub(super) struct Geometry {
    /// The width of the input, and of the output of each layer.
    pub(super) widths: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) plans: Vec<Plan>,
    pub(super) layout: Layout,
    /// How many numbers a position of each layer's output has: all of it, unless it is an image or a sequence.
    pub(super) channels: Vec<usize>,
    /// The parameters of each layer, among all.
    pub(super) parameter_ranges: Vec<Range<usize>>,
    /// The parameters of each layer, among the slots of the layout.
    pub(super) slot_ranges: Vec<Range<usize>>,
    /// The state of each layer, among all.
    pub(super) state_ranges: Vec<Range<usize>>,
    /// About how many multiplications and additions a row takes forwards: added up once, since a small network is quicker than the sum.
    pub(super) operations: usize,
    pub(super) memory_limit: u64,
}

impl Geometry {
    /// Nothing where both are of one shape; else an error that says what belongs elsewhere.
    pub(super) fn same_as(self: &Arc<Self>, other: &Arc<Self>, what: &'static str) -> Result<(), Error> {
        let Self { widths, names, plans, layout, .. } = &**self;
        let same =
            || *widths == other.widths && *names == other.names && *plans == other.plans && *layout == other.layout;
        if Arc::ptr_eq(self, other) || same() { Ok(()) } else { Err(Error::Foreign { what }) }
    }

    /// How many numbers a position of the next layer's output has: what its plan says, or what a position of its input has, if it keeps the
    /// width; all of it where that does not divide it.
    pub(super) fn channels_behind(&self, plan: &Plan) -> usize {
        let keeps_width = self.widths.last() == Some(&plan.n_out);
        let before = self.channels.last().copied().filter(|_| keeps_width);
        let divides = |channels: &usize| *channels > 0 && plan.n_out.is_multiple_of(*channels);
        plan.channels.or(before).filter(divides).unwrap_or(plan.n_out)
    }

    /// The output of a layer, every position of it a row.
    pub(super) fn by_position<'a, T: Float>(&self, layer: usize, output: Rows<'a, T>) -> Rows<'a, T> {
        Rows::of(output.data(), self.channels[layer])
    }

    /// How many numbers the state of all layers has.
    pub(super) fn state_len(&self) -> usize {
        self.state_ranges.last().map_or(0, |range| range.end)
    }

    /// The index of the layer of that name.
    pub(super) fn layer(&self, name: &str) -> Result<usize, Error> {
        self.names.iter().position(|known| known == name).ok_or_else(|| Error::Unknown {
            kind: "layer",
            name: name.to_owned(),
            known: self.names.join(", "),
        })
    }
}
