//! Text in lines of a limited width.

use super::markup::harmless;
use super::words::{columns, width};

/// Breaks text between words, and within one that is longer than a line, into lines of at most so many columns of a terminal, all of them
/// indented. No letter of it can steer the terminal.
pub(super) fn wrapped(text: &str, indent: usize, most: usize) -> Vec<String> {
    let text: String = text.chars().map(harmless).collect();
    let margin = " ".repeat(indent);
    let room = most.saturating_sub(indent).max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        for piece in pieces(word, room) {
            if !line.is_empty() && width(&line) + 1 + width(&piece) > room {
                lines.push(format!("{margin}{line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
    }
    if !line.is_empty() {
        lines.push(format!("{margin}{line}"));
    }
    lines
}

/// A word in pieces of at most so many columns.
fn pieces(word: &str, most: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for letter in word.chars() {
        if taken + columns(letter) > most {
            pieces.push(String::new());
            taken = 0;
        }
        taken += columns(letter);
        pieces.last_mut().into_iter().for_each(|piece| piece.push(letter));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_nothing_is_lost() {
        assert_eq!(wrapped("one two three", 2, 9), ["  one two", "  three"]);
        assert_eq!(wrapped("abcdefgh i", 0, 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrapped("\u{1b}[2J", 1, 80), [" \u{fffd}[2J"]);
        assert!(wrapped("", 2, 80).is_empty());
    }
}
