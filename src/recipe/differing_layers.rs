//! What is different between two lists of layers, in words.

use super::LayerKind;
use super::tree::{Entry, Value, described};

/// What happens to the layer of a place, in words around its name. Changes that differ in the place alone are told as one.
#[derive(Debug, PartialEq)]
struct Change {
    before: String,
    place: String,
    after: String,
}

/// A line for each change from one list to the other.
pub(super) fn layers(from: &[LayerKind], to: &[LayerKind]) -> Vec<String> {
    let mut changes = Vec::new();
    lists(&mut changes, "", &values(from), &values(to));
    let mut told: Vec<(Change, Vec<String>)> = Vec::new();
    for change in changes {
        match told.iter_mut().find(|(known, _)| known.before == change.before && known.after == change.after) {
            Some((_, places)) => places.push(change.place),
            None => {
                let place = change.place.clone();
                told.push((change, vec![place]));
            }
        }
    }
    told.into_iter().map(|(change, places)| format!("{}{}{}", change.before, listed(&places), change.after)).collect()
}

/// How many places are named; of more the rest is counted.
const NAMED: usize = 4;

fn listed(places: &[String]) -> String {
    if places.len() <= NAMED + 1 {
        return places.join(", ");
    }
    if places.iter().all(|place| *place == places[0]) {
        return format!("{}, {} times", places[0], places.len());
    }
    format!("{} and {} more", places[..NAMED].join(", "), places.len() - NAMED)
}

fn values(layers: &[LayerKind]) -> Vec<Value> {
    layers.iter().map(Value::from).collect()
}

fn kind(layer: &Value) -> &str {
    match layer {
        Value::Table(entries) => {
            match entries.iter().find(|entry| entry.key == "kind").map(|entry| &entry.node.value) {
                Some(Value::Text(kind)) => kind,
                _ => "",
            }
        }
        _ => "",
    }
}

/// A layer of the one list beside one of the other, as far as they correspond.
#[derive(Debug, Clone, Copy)]
enum Step {
    Both,
    LeftOut,
    PutIn,
}

fn lists(changes: &mut Vec<Change>, within: &str, from: &[Value], to: &[Value]) {
    let name = |at: usize| format!("{within}{at}.{}", kind(&from[at]));
    let (mut at, mut other) = (0, 0);
    let mut steps = aligned(from, to).into_iter().peekable();
    while let Some(step) = steps.next() {
        match step {
            Step::Both => {
                one(changes, &name(at), &from[at], &to[other]);
                (at, other) = (at + 1, other + 1);
            }
            Step::LeftOut => {
                let first = at;
                at += 1;
                while steps.next_if(|step| matches!(step, Step::LeftOut)).is_some() {
                    at += 1;
                }
                let last = at - 1;
                let place = if first == last { name(first) } else { format!("{} to {}", name(first), name(last)) };
                changes.push(Change { before: "leave out ".to_owned(), place, after: String::new() });
            }
            Step::PutIn => {
                let new = described(&to[other]);
                let (before, place) = match at.checked_sub(1) {
                    Some(in_front) => (format!("put {new} behind "), name(in_front)),
                    None => (format!("put {new} in front of "), format!("{within}all")),
                };
                changes.push(Change { before, place, after: String::new() });
                other += 1;
            }
        }
    }
}

/// The steps of the alignment in which most layers stand beside their like.
fn aligned(from: &[Value], to: &[Value]) -> Vec<Step> {
    /// Longer lists, beyond what is the same at both ends, are told from end to end.
    const MOST: usize = 1_000_000;
    let same = |pair: &(&Value, &Value)| pair.0 == pair.1;
    let front = from.iter().zip(to).take_while(same).count();
    let (rest, others) = (&from[front..], &to[front..]);
    let back = rest.iter().rev().zip(others.iter().rev()).take_while(same).count();
    let (rest, others) = (&rest[..rest.len() - back], &others[..others.len() - back]);
    let mut steps = vec![Step::Both; front];
    if rest.len().saturating_mul(others.len()) > MOST {
        let both = rest.len().min(others.len());
        let beside = rest.iter().zip(others).take_while(|(one, other)| likeness(one, other) > 0).count().min(both);
        steps.extend(vec![Step::Both; beside]);
        steps.extend(vec![Step::LeftOut; rest.len() - beside]);
        steps.extend(vec![Step::PutIn; others.len() - beside]);
    } else {
        steps.extend(best(rest, others));
    }
    steps.extend(vec![Step::Both; back]);
    steps
}

/// How alike two layers are: 0 where they are not to stand beside each other.
fn likeness(one: &Value, other: &Value) -> u32 {
    if one == other {
        4
    } else if kind(one) == kind(other) {
        3
    } else {
        // A kind without numbers of its own is a function: one may take the place of the other.
        let plain = |layer: &Value| matches!(layer, Value::Table(entries) if entries.len() == 1);
        if plain(one) && plain(other) { 2 } else { 0 }
    }
}

fn best(from: &[Value], to: &[Value]) -> Vec<Step> {
    // The likeness of what is still to come, from either place on.
    let mut ahead = vec![vec![0_u32; to.len() + 1]; from.len() + 1];
    let beside = |ahead: &[Vec<u32>], at: usize, other: usize| {
        let likeness = likeness(&from[at], &to[other]);
        (likeness > 0).then(|| likeness + ahead[at + 1][other + 1])
    };
    for at in (0..from.len()).rev() {
        for other in (0..to.len()).rev() {
            let apart = ahead[at + 1][other].max(ahead[at][other + 1]);
            ahead[at][other] = beside(&ahead, at, other).unwrap_or(0).max(apart);
        }
    }
    let (mut at, mut other) = (0, 0);
    let mut steps = Vec::new();
    while at < from.len() && other < to.len() {
        if beside(&ahead, at, other) == Some(ahead[at][other]) {
            steps.push(Step::Both);
            (at, other) = (at + 1, other + 1);
        } else if ahead[at + 1][other] == ahead[at][other] {
            steps.push(Step::LeftOut);
            at += 1;
        } else {
            steps.push(Step::PutIn);
            other += 1;
        }
    }
    steps.extend(vec![Step::LeftOut; from.len() - at]);
    steps.extend(vec![Step::PutIn; to.len() - other]);
    steps
}

/// What changes in one layer.
fn one(changes: &mut Vec<Change>, name: &str, from: &Value, to: &Value) {
    let (Value::Table(old), Value::Table(new)) = (from, to) else { return };
    if kind(from) != kind(to) {
        let after = format!(" by {}", described(to));
        changes.push(Change { before: "replace ".to_owned(), place: name.to_owned(), after });
        return;
    }
    let of = |entries: &[Entry], key: &str| {
        entries.iter().find(|entry| entry.key == key).map(|entry| entry.node.value.clone())
    };
    let also = new.iter().filter(|entry| of(old, &entry.key).is_none());
    for key in old.iter().chain(also).map(|entry| entry.key.as_str()) {
        let (old, new) = (of(old, key), of(new, key));
        if old == new {
            continue;
        }
        match (&old, &new) {
            (Some(Value::List(old)), Some(Value::List(new))) if key == "layers" => {
                let values =
                    |nodes: &[super::tree::Node]| nodes.iter().map(|node| node.value.clone()).collect::<Vec<_>>();
                lists(changes, &format!("{name}."), &values(old), &values(new));
            }
            (Some(old), Some(new)) if matches!(key, "layer" | "projection") => {
                one(changes, &format!("{name}.{}", kind(old)), old, new);
            }
            _ => {
                // What is not said begins as usual.
                let words = |value: &Option<Value>| match (value, key) {
                    (Some(value), _) => described(value),
                    (None, "bias") => "zeros".to_owned(),
                    (None, _) => "the usual".to_owned(),
                };
                let after = format!(" to {} instead of {}", words(&new), words(&old));
                changes.push(Change { before: format!("set {key} of "), place: name.to_owned(), after });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{ActivationKind, Start};

    fn linear(units: usize, weights: Start) -> LayerKind {
        LayerKind::linear(units, weights)
    }

    const SIGMOID: LayerKind = LayerKind::Activation(ActivationKind::Sigmoid);
    const RELU: LayerKind = LayerKind::Activation(ActivationKind::Relu);

    #[test]
    fn what_changes_alike_is_told_once() {
        let block = |start, activation: &LayerKind| LayerKind::Residual {
            layers: vec![linear(8, start), activation.clone()],
            scale: 1.0,
            learned: false,
            projection: None,
        };
        let before: Vec<_> = (0..12).map(|_| block(Start::Normal { mean: 0.0, std: 2.0 }, &SIGMOID)).collect();
        let after: Vec<_> = (0..12).map(|_| block(Start::HeUniform, &RELU)).collect();
        assert_eq!(
            layers(&before, &after),
            [
                "set weights of 0.residual.0.linear, 1.residual.0.linear, 2.residual.0.linear, 3.residual.0.linear and 8 more \
                 to he_uniform instead of normal (mean 0, std 2)",
                "replace 0.residual.1.sigmoid, 1.residual.1.sigmoid, 2.residual.1.sigmoid, 3.residual.1.sigmoid and 8 more \
                 by relu",
            ]
        );
    }

    #[test]
    fn layers_are_left_out_and_put_in_where_they_are() {
        let (wide, narrow) = (linear(8, Start::HeUniform), linear(2, Start::HeUniform));
        let before = [wide.clone(), SIGMOID, wide.clone(), SIGMOID, wide.clone(), SIGMOID, narrow.clone()];
        let shorter = [wide.clone(), SIGMOID, narrow.clone()];
        assert_eq!(layers(&before, &shorter), ["leave out 2.linear to 5.sigmoid"]);
        assert_eq!(
            layers(&[wide.clone(), narrow.clone()], &[wide.clone(), RELU, narrow.clone()]),
            ["put relu behind 0.linear"]
        );
        assert_eq!(layers(std::slice::from_ref(&wide), &[RELU, wide.clone()]), ["put relu in front of all"]);
        assert_eq!(layers(&[], &[]), Vec::<String>::new());
        assert_eq!(layers(&[LayerKind::Dropout { rate: 0.9 }, wide.clone()], &[wide]), ["leave out 0.dropout"]);
    }

    /// Lists too long to be aligned: what differs is told all the same.
    #[test]
    fn long_lists_are_told_from_end_to_end() {
        let before: Vec<_> = (0..1500).map(|_| RELU).collect();
        let after: Vec<_> = (0..1400).map(|_| linear(1, Start::Zeros)).collect();
        assert_eq!(layers(&before, &after).len(), 2);
    }
}
