//! `Picture`: a drawing that stands in a file of its own or in a page.

use super::markup::{At, Markup};
use super::style;

/// The width of every picture; it is scaled to the room that there is.
pub(super) const WIDTH: f64 = 600.0;

/// Where what is drawn ends on the right.
pub(super) const RIGHT: f64 = WIDTH - 20.0;

/// The room for the title above a drawing that stands alone.
const HEAD: f64 = 22.0;

/// A drawing with its title, and with a sentence that says to those who do not see it what there is to see.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) height: f64,
    pub(super) drawing: Markup,
}

impl Picture {
    /// One that says that there is nothing to draw.
    pub(super) fn nothing(title: &str) -> Self {
        let mut drawing = Markup::default();
        let note = "Nothing of the kind was recorded.";
        drawing.leaf("text", &[("class", &"quiet"), ("x", &At(16.0)), ("y", &At(40.0))], note);
        Self { title: title.to_owned(), description: note.to_owned(), height: 64.0, drawing }
    }

    /// A whole SVG file.
    pub(super) fn alone(self) -> String {
        self.svg(true)
    }

    /// An element of a page that has the styles.
    pub(super) fn in_page(self) -> String {
        self.svg(false)
    }

    fn svg(self, alone: bool) -> String {
        let Self { title, description, height, drawing } = self;
        let mut markup = Markup::default();
        // A page has a heading for the title.
        let top = if alone { 0.0 } else { HEAD };
        let height = height - top;
        let view = format!("0 {} {} {}", At(top), At(WIDTH), At(height));
        let root: [(&str, &dyn std::fmt::Display); 7] = [
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("class", &"evenkeel"),
            ("viewBox", &view),
            ("width", &At(WIDTH)),
            ("height", &At(height)),
            ("role", &"img"),
            ("aria-label", &title),
        ];
        markup.element("svg", &root, |markup| {
            markup.leaf("title", &[], &title);
            markup.leaf("desc", &[], &description);
            if alone {
                markup.element("style", &[], |markup| markup.insert(style::PICTURES));
                markup.void("rect", &[("class", &"ground"), ("width", &At(WIDTH)), ("height", &At(height))]);
                markup.leaf("text", &[("class", &"head"), ("x", &At(16.0)), ("y", &At(18.0))], &title);
            }
            markup.insert(&drawing.finish());
        });
        let mut text = markup.finish();
        if alone {
            text.push('\n');
        }
        text
    }
}
