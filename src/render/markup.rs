//! `Markup`: elements that are closed because of how they are written, and text that cannot break out of its place.

use std::fmt::{self, Display};

/// The attributes of an element. Their values are escaped.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a dyn Display)];

/// XML, of which HTML in this crate uses the common part, as it grows.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// An element with something inside.
    pub(super) fn element(&mut self, tag: &str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Self)) {
        self.begin(tag, attributes);
        self.0.push('>');
        inside(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// An element with text inside.
    pub(super) fn leaf(&mut self, tag: &str, attributes: Attributes<'_>, text: &str) {
        self.element(tag, attributes, |markup| markup.text(text));
    }

    /// An element with nothing inside. In HTML only for those that never have anything.
    pub(super) fn void(&mut self, tag: &str, attributes: Attributes<'_>) {
        self.begin(tag, attributes);
        self.0.push_str("/>");
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars().map(harmless) {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(character),
            }
        }
    }

    /// Markup that is well-formed already, as it stands.
    pub(super) fn insert(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn begin(&mut self, tag: &str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(&value.to_string());
            self.0.push('"');
        }
    }
}

/// The character itself, or one that stands for it where it could steer a terminal, reorder what is read, or is none in XML.
pub(super) fn harmless(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => ' ',
        // Marks, embeddings, overrides and isolates of the writing direction; and what Unicode calls no character.
        '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}' => {
            '\u{FFFD}'
        }
        _ if character.is_control() => '\u{FFFD}',
        _ => character,
    }
}

/// A coordinate, to a tenth: less than a screen shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub(super) f64);

impl Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Scales give only finite places; whatever else came here must not make the file unreadable.
        let tenths = if self.0.is_finite() { (self.0 * 10.0).round() } else { 0.0 };
        write!(f, "{}", if tenths == 0.0 { 0.0 } else { tenths / 10.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_text_or_an_attribute() {
        let mut markup = Markup::default();
        let name = "<a href='x'>\"&\u{1b}[31m\u{202e}\u{0}\n";
        markup.leaf("b", &[("title", &name)], name);
        let escaped = "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}[31m\u{fffd}\u{fffd} ";
        assert_eq!(markup.finish(), format!("<b title=\"{escaped}\">{escaped}</b>"));
    }

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        for (value, text) in [(1.0, "1"), (-0.01, "0"), (12.345, "12.3"), (f64::NAN, "0"), (f64::INFINITY, "0")] {
            assert_eq!(At(value).to_string(), text);
        }
    }
}
