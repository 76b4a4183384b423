//! `LayerRows`: a row for each layer, with its name on the left.

use super::axes::line;
use super::markup::{At, Markup};
use super::picture::{RIGHT, WIDTH};
use super::words::shortened;

/// Where the names end and what is drawn begins.
pub(super) const LEFT: f64 = 150.0;

/// As many letters of a name as there is room for.
const LETTERS: usize = 22;

/// The heights of the rows of some layers, from the top down.
#[derive(Debug)]
pub(super) struct LayerRows<'a> {
    names: Vec<&'a str>,
    top: f64,
    height: f64,
}

impl<'a> LayerRows<'a> {
    /// Rows below `top`, the lower the more there are.
    pub(super) fn new(names: impl Iterator<Item = &'a str>, top: f64) -> Self {
        let names: Vec<&str> = names.collect();
        let height = (1200.0 / names.len().max(1) as f64).clamp(8.0, 20.0);
        Self { names, top, height }
    }

    /// Where the row of a layer begins.
    pub(super) fn top(&self, index: usize) -> f64 {
        self.top + index as f64 * self.height
    }

    /// The middle of the row of a layer.
    pub(super) fn middle(&self, index: usize) -> f64 {
        self.top(index) + self.height / 2.0
    }

    /// The height of a row.
    pub(super) fn height(&self) -> f64 {
        self.height
    }

    /// Where the last row ends.
    pub(super) fn bottom(&self) -> f64 {
        self.top(self.names.len())
    }

    /// A name with at most as many letters as there is room for.
    pub(super) fn name(&self, index: usize) -> String {
        shortened(self.names.get(index).copied().unwrap_or_default(), LETTERS)
    }

    /// Writes the names; where the rows are too low for letters, every second or third.
    pub(super) fn write_names(&self, markup: &mut Markup) {
        let stride = (12.0 / self.height).ceil().max(1.0) as usize;
        for (index, name) in self.names.iter().enumerate().step_by(stride) {
            let at: [(&str, &dyn std::fmt::Display); 3] =
                [("class", &"end"), ("x", &At(LEFT - 8.0)), ("y", &At(self.middle(index) + 4.0))];
            markup.element("text", &at, |markup| {
                let short = self.name(index);
                markup.text(&short);
                if short != *name {
                    markup.leaf("title", &[], name);
                }
            });
        }
    }

    /// Draws a row: a line to lead the eye, what is `inside`, and over it all what is shown on hovering.
    pub(super) fn draw(&self, markup: &mut Markup, index: usize, tells: &str, inside: impl FnOnce(&mut Markup, f64)) {
        let middle = self.middle(index);
        markup.element("g", &[], |markup| {
            markup.leaf("title", &[], &format!("{}: {tells}", self.name(index)));
            line(markup, "grid", (LEFT, middle), (RIGHT, middle));
            inside(markup, middle);
            let area: [(&str, &dyn std::fmt::Display); 5] = [
                ("class", &"hover"),
                ("x", &At(0.0)),
                ("y", &At(self.top(index))),
                ("width", &At(WIDTH)),
                ("height", &At(self.height)),
            ];
            markup.void("rect", &area);
        });
    }
}
