//! What the flat numbers of a network mean: `Param`, `Layout`, `Gradients`.

use std::ops::Range;

use crate::linalg::{Norm, first_non_finite, norm};
use crate::{Error, Float, Rows};

/// What a parameter is for; decides, for instance, which initializer fills it and whether weight decay applies.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Role {
    /// Multiplies its inputs: what initializers with fans are for.
    Weight,
    /// Is added to its inputs; starts at zero unless told otherwise.
    Bias,
    /// Scales each unit; starts at one unless told otherwise.
    Gain,
}

/// How many numbers a weight sums over: forwards (`fan_in`) and backwards (`fan_out`). Stated by the layer, never guessed from a
/// shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fans {
    /// How many inputs one output sums over.
    pub fan_in: usize,
    /// How many outputs one input takes part in.
    pub fan_out: usize,
}

/// One parameter of a layer: a named matrix of `rows` x `cols` numbers.
///
/// ```
/// use evenkeel::{Fans, Param, Role};
/// let weight = Param::weight(64, 10);
/// assert_eq!((weight.rows, weight.cols), (64, 10));
/// assert_eq!(weight.fans, Fans { fan_in: 64, fan_out: 10 });
/// assert_eq!(Param::bias(10).role, Role::Bias);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name: within a layer's plan a plain word (`weight`), within a network preceded by the layer's (`0.linear.weight`).
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How many rows: for a weight, one an input.
    pub rows: usize,
    /// How many columns: one a unit.
    pub cols: usize,
    /// The axis along which units are counted: 0 where a unit is a row, 1 where it is a column (as in `y = x W + b`).
    pub unit_axis: usize,
    /// How many numbers it sums over, forwards and backwards.
    pub fans: Fans,
}

impl Param {
    /// The weight of `y = x W + b`: `n_in` rows, one an input; `n_out` columns, one a unit.
    pub fn weight(n_in: usize, n_out: usize) -> Self {
        let fans = Fans { fan_in: n_in, fan_out: n_out };
        Self { name: "weight".to_owned(), role: Role::Weight, rows: n_in, cols: n_out, unit_axis: 1, fans }
    }

    /// The weight of `y = x W^T + b`, as candle, PyTorch and their relatives keep it: `n_out` rows, one a unit; `n_in` columns, one an input.
    ///
    /// ```
    /// use evenkeel::Param;
    /// let (ours, theirs) = (Param::weight(3, 2), Param::weight_by_rows(3, 2));
    /// assert_eq!((theirs.rows, theirs.cols), (ours.cols, ours.rows));
    /// assert_eq!(theirs.fans, ours.fans);
    /// ```
    pub fn weight_by_rows(n_in: usize, n_out: usize) -> Self {
        Self { rows: n_out, cols: n_in, unit_axis: 0, ..Self::weight(n_in, n_out) }
    }

    /// A bias of `n_out` units: one row.
    pub fn bias(n_out: usize) -> Self {
        Self::per_unit("bias", Role::Bias, n_out)
    }

    /// A gain of `n_out` units: one row.
    pub fn gain(n_out: usize) -> Self {
        Self::per_unit("gain", Role::Gain, n_out)
    }

    fn per_unit(name: &str, role: Role, n_out: usize) -> Self {
        let fans = Fans { fan_in: 1, fan_out: 1 };
        Self { name: name.to_owned(), role, rows: 1, cols: n_out, unit_axis: 1, fans }
    }

    /// How many numbers it has; `None` where that is beyond `usize`.
    pub fn count(&self) -> Option<usize> {
        self.rows.checked_mul(self.cols)
    }
}

/// A parameter's place among the flat numbers of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The parameter, under its full name.
    pub param: Param,
    /// The index of its layer in the network.
    pub layer: usize,
    /// Where its numbers stand.
    pub range: Range<usize>,
}

/// What the flat parameters (and gradients) of a network mean: which numbers belong to which parameter of which layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    slots: Vec<Slot>,
    len: usize,
}

impl Layout {
    /// Adds a parameter of the layer with that index and name behind those already there.
    pub(crate) fn push(&mut self, layer: usize, layer_name: &str, mut param: Param) -> Result<(), Error> {
        if param.rows == 0 || param.cols == 0 {
            return Err(Error::Empty { what: "a parameter" });
        }
        let end = param.count().and_then(|len| self.len.checked_add(len));
        let end = end.ok_or(Error::TooLarge { what: "the parameters", bytes: u64::MAX, limit: isize::MAX as u64 })?;
        param.name = format!("{layer_name}.{}", param.name);
        self.slots.push(Slot { param, layer, range: self.len..end });
        self.len = end;
        Ok(())
    }

    /// The parameters in the order in which their numbers stand.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many numbers there are in all.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is not a single parameter.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The parameter of that full name, such as `0.linear.weight`.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn find(&self, name: &str) -> Result<&Slot, Error> {
        self.slots.iter().find(|slot| slot.param.name == name).ok_or_else(|| Error::Unknown {
            kind: "parameter",
            name: name.to_owned(),
            known: self.slots.iter().map(|slot| slot.param.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// The numbers of all parameters of each layer, as ranges: one a layer that has any, in order.
    pub fn layers(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.layer_slots().map(|slots| (self.slots[slots.start].layer, self.range_of(slots)))
    }

    /// The numbers of some parameters: neighbours stand side by side.
    pub(crate) fn range_of(&self, slots: Range<usize>) -> Range<usize> {
        match &self.slots[slots] {
            [] => 0..0,
            [first, rest @ ..] => first.range.start..rest.last().unwrap_or(first).range.end,
        }
    }

    /// The parameters of each layer that has any, as ranges of slots.
    pub(crate) fn layer_slots(&self) -> impl Iterator<Item = Range<usize>> {
        self.slots.chunk_by(|a, b| a.layer == b.layer).scan(0, |end, slots| {
            let start = *end;
            *end += slots.len();
            Some(start..*end)
        })
    }
}

/// A number that is not finite, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The index, in the layout, of the parameter it belongs to.
    pub slot: usize,
    /// Its index within that parameter, row by row.
    pub index: usize,
    /// The number: NaN or an infinity.
    pub value: f64,
}

/// The gradients of a network, with what they belong to: what a clipper sees.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    layout: &'a Layout,
    weights: &'a [T],
    values: &'a mut [T],
    /// The norm of each slot, where it is known; none where nothing is ever known.
    norms: &'a mut [Option<Norm>],
}

impl<'a, T: Float> Gradients<'a, T> {
    /// Gradients of a layout, for a caller who has them from elsewhere than [`Network::gradients`](crate::Network::gradients).
    ///
    /// # Errors
    /// [`Error::Size`] unless there are as many weights, and as many gradients, as the layout has numbers.
    pub fn new(layout: &'a Layout, weights: &'a [T], values: &'a mut [T]) -> Result<Self, Error> {
        Error::same_size("the weights of a layout", layout.len(), weights.len())?;
        Error::same_size("the gradients of a layout", layout.len(), values.len())?;
        Ok(Self { layout, weights, values, norms: &mut [] })
    }

    /// Gradients whose norms, one a slot, are known already.
    pub(crate) fn measured(
        layout: &'a Layout,
        weights: &'a [T],
        values: &'a mut [T],
        norms: &'a mut [Option<Norm>],
    ) -> Self {
        Self { layout, weights, values, norms }
    }

    /// What the numbers mean.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The parameters themselves, for clippers that compare with them.
    pub fn weights(&self) -> &'a [T] {
        self.weights
    }

    /// The gradients, flat, in the order of the layout.
    pub fn values(&self) -> &[T] {
        self.values
    }

    /// The gradients, flat, to change. Norms that are asked for afterwards are computed anew.
    pub fn values_mut(&mut self) -> &mut [T] {
        self.norms.fill(None);
        self.values
    }

    /// The gradients of some parameters, to change.
    pub(crate) fn slots_mut(&mut self, slots: Range<usize>) -> &mut [T] {
        let range = self.layout.range_of(slots.clone());
        if let Some(norms) = self.norms.get_mut(slots) {
            norms.fill(None);
        }
        &mut self.values[range]
    }

    /// The first gradient that is NaN or infinite, of the last parameter that has one: there backward met it, and from there it spread
    /// towards the input.
    pub fn first_non_finite(&self) -> Option<Place> {
        self.layout.slots.iter().enumerate().rev().find_map(|(slot, Slot { range, .. })| {
            let index = first_non_finite(&self.values[range.clone()])?;
            Some(Place { slot, index, value: self.values[range.start + index].get() })
        })
    }

    /// The Euclidean norm of all gradients together, in f64: infinite only where it is beyond `f64`, or where an entry is.
    ///
    /// Of gradients that are as backward left them it is known already, and costs no pass over them.
    pub fn norm(&self) -> f64 {
        self.norm_of_slots(0..self.layout.slots.len()).value()
    }

    /// The norm of some parameters' gradients together.
    pub(crate) fn norm_of_slots(&self, slots: Range<usize>) -> Norm {
        match self.norms.get(slots.clone()) {
            Some(known) if known.iter().all(Option::is_some) => Norm::joined(known.iter().copied().flatten()),
            _ => norm(&self.values[self.layout.range_of(slots)]),
        }
    }

    /// The gradient of one parameter by its full name.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn get(&self, name: &str) -> Result<Rows<'_, T>, Error> {
        let slot = self.layout.find(name)?;
        Ok(Rows::of(&self.values[slot.range.clone()], slot.param.cols))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        let mut layout = Layout::default();
        layout.push(0, "0.linear", Param::weight(3, 4)).unwrap();
        layout.push(0, "0.linear", Param::bias(4)).unwrap();
        layout.push(2, "2.linear", Param::weight(4, 2)).unwrap();
        layout
    }

    #[test]
    fn names_ranges_and_layers() {
        let layout = layout();
        assert_eq!(layout.len(), 24);
        assert_eq!(layout.find("0.linear.bias").unwrap().range, 12..16);
        assert_eq!(layout.layers().collect::<Vec<_>>(), [(0, 0..16), (2, 16..24)]);
        let unknown = layout.find("bias").unwrap_err().to_string();
        assert!(unknown.contains("0.linear.weight, 0.linear.bias, 2.linear.weight"), "{unknown}");
    }

    #[test]
    fn refuses_what_cannot_be_counted() {
        let mut layout = layout();
        assert!(matches!(layout.push(3, "3.linear", Param::weight(usize::MAX, 2)), Err(Error::TooLarge { .. })));
        assert!(matches!(layout.push(3, "3.linear", Param::weight(0, 2)), Err(Error::Empty { .. })));
        assert_eq!(layout.len(), 24);
    }

    #[test]
    fn finds_where_backward_met_a_bad_gradient() {
        let layout = layout();
        let mut values = vec![1.0_f32; 24];
        let weights = values.clone();
        values[3] = f32::NAN;
        values[17] = f32::INFINITY;
        values[20] = f32::NAN;
        let gradients = Gradients::new(&layout, &weights, &mut values).unwrap();
        assert_eq!(gradients.first_non_finite(), Some(Place { slot: 2, index: 1, value: f64::INFINITY }));
    }
}
