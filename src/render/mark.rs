//! `Mark`: the signs that stand for numbers. They differ in shape, so that nobody needs their colours.

use super::axes::line;
use super::markup::{At, Markup};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Dot,
    Ring,
    Diamond,
    /// For what is NaN or infinite.
    Cross,
    /// For what is zero on a scale that has no zero.
    Zero,
    Line,
    Band,
    Spread,
    Limit,
}

/// Half the height of a mark.
const SIZE: f64 = 3.5;

impl Mark {
    /// Draws it about a place.
    pub(super) fn draw(self, markup: &mut Markup, (x, y): (f64, f64)) {
        let across = |reach: f64| ((x - reach, y), (x + reach, y));
        match self {
            Self::Dot => circle(markup, "dot", (x, y)),
            Self::Ring => circle(markup, "ring", (x, y)),
            Self::Diamond => {
                let r = SIZE + 1.0;
                let path = format!("M{} {}l{r} {r}l-{r} {r}l-{r} -{r}z", At(x), At(y - r));
                markup.void("path", &[("class", &"diamond"), ("d", &path)]);
            }
            Self::Cross => {
                let d = 2.0 * SIZE;
                let path = format!("M{} {}l{d} {d}m0 -{d}l-{d} {d}", At(x - SIZE), At(y - SIZE));
                markup.void("path", &[("class", &"bad"), ("d", &path)]);
            }
            Self::Zero => markup.leaf("text", &[("class", &"middle"), ("x", &At(x)), ("y", &At(y + 4.0))], "0"),
            Self::Line => line(markup, "one", across(8.0).0, across(8.0).1),
            Self::Spread => line(markup, "spread", across(8.0).0, across(8.0).1),
            Self::Limit => line(markup, "limit", across(8.0).0, across(8.0).1),
            Self::Band => {
                let place: [(&str, &dyn std::fmt::Display); 5] = [
                    ("class", &"band"),
                    ("x", &At(x - 8.0)),
                    ("y", &At(y - 5.0)),
                    ("width", &At(16.0)),
                    ("height", &At(10.0)),
                ];
                markup.void("rect", &place);
            }
        }
    }
}

fn circle(markup: &mut Markup, class: &str, (x, y): (f64, f64)) {
    markup.void("circle", &[("class", &class), ("cx", &At(x)), ("cy", &At(y)), ("r", &SIZE)]);
}

/// What the marks of a picture mean, in a row at a height.
pub(super) fn legend(markup: &mut Markup, left: f64, y: f64, entries: &[(Mark, &str)]) {
    let mut x = left;
    for &(mark, meaning) in entries {
        mark.draw(markup, (x + 10.0, y));
        markup.leaf("text", &[("x", &At(x + 24.0)), ("y", &At(y + 4.0))], meaning);
        // As wide as the letters are at most, on average.
        x += 40.0 + 5.8 * meaning.chars().count() as f64;
    }
}
