//! The lines and numbers about a drawing.

use super::markup::{At, Markup};
use super::picture::RIGHT;
use super::scale::{Scale, Tick};

/// Lines across at the round values of a scale that goes upwards, with their numbers left of `left`.
pub(super) fn left_axis(markup: &mut Markup, scale: &Scale, left: f64) {
    for Tick { at, label } in scale.ticks() {
        line(markup, "grid", (left, at), (RIGHT, at));
        markup.leaf("text", &[("class", &"quiet end"), ("x", &At(left - 6.0)), ("y", &At(at + 4.0))], &label);
    }
}

/// Lines down from `top` at the round values of a scale that goes to the right, with their numbers and what they are below `bottom`.
pub(super) fn bottom_axis(markup: &mut Markup, scale: &Scale, (top, bottom): (f64, f64), what: &str) {
    lines_down(markup, &scale.ticks(), (top, bottom), what);
}

/// As [`bottom_axis`], for whole numbers such as steps.
pub(super) fn whole_axis(markup: &mut Markup, scale: &Scale, (top, bottom): (f64, f64), what: &str) {
    lines_down(markup, &scale.whole_ticks(), (top, bottom), what);
}

fn lines_down(markup: &mut Markup, ticks: &[Tick], (top, bottom): (f64, f64), what: &str) {
    for Tick { at, label } in ticks {
        line(markup, "grid", (*at, top), (*at, bottom + 3.0));
        markup.leaf("text", &[("class", &"quiet middle"), ("x", &At(*at)), ("y", &At(bottom + 16.0))], label);
    }
    markup.leaf("text", &[("class", &"quiet end"), ("x", &At(RIGHT)), ("y", &At(bottom + 32.0))], what);
}

/// How much room the numbers below a drawing take.
pub(super) const BELOW: f64 = 40.0;

/// A straight line.
pub(super) fn line(markup: &mut Markup, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    markup.void("path", &[("class", &class), ("d", &format!("M{} {}L{} {}", At(x1), At(y1), At(x2), At(y2)))]);
}

/// A line through some points.
pub(super) fn line_through(markup: &mut Markup, class: &str, points: &[(f64, f64)]) {
    if points.len() > 1 {
        markup.void("path", &[("class", &class), ("d", &outline(points))]);
    }
}

/// A path through some points.
pub(super) fn outline(points: &[(f64, f64)]) -> String {
    let corner =
        |(index, &(x, y)): (usize, &(f64, f64))| format!("{}{} {}", if index == 0 { 'M' } else { 'L' }, At(x), At(y));
    points.iter().enumerate().map(corner).collect()
}
