//! Rows that differ in the input hardly differ behind the hidden layers, or the gradient hardly reaches the first one.

use super::super::facts::Facts;
use super::super::limits::GONE;
use super::super::notice::{Notice, notice};
use crate::stability::short;
use crate::{Cause, Symptom};

pub(super) fn look(facts: &Facts<'_>) -> Option<Notice> {
    let fade = facts.fade()?;
    if !facts.short() || fade.signal.min(fade.gradient) > GONE {
        return None;
    }
    let message = format!(
        "before training {} of what tells rows apart is left behind the hidden layers, and {} of the gradient in front of them",
        part(fade.signal),
        part(fade.gradient)
    );
    let start = facts.start.as_ref()?;
    let names: Vec<String> = start.trained().map(|layer| layer.name.clone()).collect();
    let found = notice(Symptom::VanishingGradients, true, Cause::Unknown, message);
    let found = found.shown_by("signal_last_to_first", fade.signal).shown_by("gradient_first_to_last", fade.gradient);
    Some(found.in_layers(names[..names.len() / 2].to_vec()))
}

/// A share, in words where it is nothing or all of it.
fn part(share: f64) -> String {
    match share {
        0.0 => "nothing".to_owned(),
        share if share >= 0.995 => "all".to_owned(),
        share => short(share),
    }
}
