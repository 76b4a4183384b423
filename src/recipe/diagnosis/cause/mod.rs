//! Attribution: from what was noticed to the one cause that explains it.

mod data;
mod network;
mod start;
mod steps;
mod training;

use super::Confidence;
use super::facts::Facts;
use crate::{Cause, Finding, Remedy, Symptom};
use Ground::{Elimination, Numbers, Trial};

/// A cause, with what may help.
pub(super) type Attribution = (Cause, Vec<Remedy>);

type Ask = fn(&Facts<'_>, &[Finding]) -> Option<Attribution>;

/// What a yes rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// What was measured of this run, and of the control.
    Numbers,
    /// The recipe was run again without the cause, and works.
    Trial,
    /// Every other question was answered with no.
    Elimination,
}

/// The questions, in the order in which they are asked. Data come before the pairing of output and loss, that before where weights start,
/// that before depth and activation, those before the learning rate, and that before patience and size: what comes first explains
/// what comes later. What costs a run of its own is asked last.
const QUESTIONS: &[(&str, Ground, Ask)] = &[
    ("are the rows that validate of another kind than those that train?", Numbers, data::in_order),
    ("do the inputs tell anything about the targets?", Numbers, data::uninformative),
    ("do output, loss and targets belong together?", Numbers, data::pairing),
    ("do numbers overflow in an activation without bounds?", Numbers, network::unbounded),
    ("do all units start the same?", Numbers, start::constant),
    ("are units switched off by where their biases start?", Numbers, start::biases),
    ("does the penalty outweigh the loss?", Trial, training::penalty),
    ("is too much dropped?", Trial, training::dropout),
    ("is the gradient clipped to nothing?", Trial, training::clipping),
    ("is each step divided by a number far too large?", Trial, training::epsilon),
    ("are errors summed instead of averaged?", Numbers, training::summed),
    ("are inputs or targets out of scale?", Numbers, data::unscaled),
    ("do weights start too large?", Numbers, start::large),
    ("does the state grow from step to step?", Trial, start::state),
    ("do signal or gradient fade through the layers?", Numbers, network::fading),
    ("does it learn with fewer layers?", Trial, network::deep),
    ("is the network linear?", Numbers, network::linear),
    ("is a layer, or the network, too small?", Trial, network::narrow),
    ("are the steps too large?", Trial, steps::fast),
    ("does it need more steps, or larger ones?", Trial, steps::slow),
    ("does it need more units?", Trial, network::small),
    ("is it much smaller than the plain network that learns?", Elimination, network::smaller),
];

/// The first cause that explains it, how sure it is, and the questions that were answered with no before. A question that a trial left
/// open was not answered.
pub(super) fn attribute(
    facts: &Facts<'_>,
    findings: &[Finding],
) -> (Attribution, Option<Confidence>, Vec<&'static str>) {
    let mut ruled_out = Vec::new();
    for (question, ground, ask) in QUESTIONS {
        let open = facts.trials.unanswered();
        match ask(facts, findings) {
            Some(found) => {
                let confidence = match ground {
                    _ if found.0 == Cause::Unknown => None,
                    Numbers => Some(Confidence::Reasoned),
                    Trial => Some(Confidence::Shown),
                    Elimination => Some(Confidence::Presumed),
                };
                return (found, confidence, ruled_out);
            }
            None if facts.trials.unanswered() == open => ruled_out.push(*question),
            None => {}
        }
    }
    ((Cause::Unknown, Vec::new()), None, ruled_out)
}

fn seen(findings: &[Finding], symptom: Symptom) -> Option<&Finding> {
    findings.iter().find(|finding| finding.symptom == symptom)
}
