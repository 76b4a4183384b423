//! Where in its text stands what makes a recipe impossible to prepare or to build.

use super::culprit::keys_of;
use super::tree::{Node, Value};
use super::{LayerKind, Recipe, RecipeError};
use crate::Error;

/// The error with the key, the line and the value that it is about.
pub(super) fn located(error: RecipeError, recipe: &Recipe, tree: &Node) -> RecipeError {
    let key = match &error {
        RecipeError::File { .. } => "data.file".to_owned(),
        RecipeError::Number { key, .. } | RecipeError::Shape { key, .. } => (*key).to_owned(),
        RecipeError::Outputs { .. } => output_key(recipe),
        RecipeError::Run(Error::Layer { layer, source }) => layer_key(layer, source, recipe, tree),
        RecipeError::Run(Error::TooLarge { .. } | Error::OutOfMemory { .. }) => "training.batch".to_owned(),
        RecipeError::Run(_) => "data.file".to_owned(),
        // They know it already.
        _ => return error,
    };
    let (node, line) = find(tree, &key);
    let simple = node.filter(|node| !matches!(node.value, Value::List(_) | Value::Table(_)));
    let found = simple.map(|node| node.value.in_words());
    RecipeError::At { key, line, found, source: Box::new(error) }
}

/// The key that says how many outputs there are: that of the last layer, or of the one whose numbers it only changes.
fn output_key(recipe: &Recipe) -> String {
    let changes_numbers = |layer: &LayerKind| matches!(layer, LayerKind::Activation(_) | LayerKind::Dropout { .. });
    let last = recipe.layers.iter().rposition(|layer| !changes_numbers(layer));
    let at = last.unwrap_or(recipe.layers.len().saturating_sub(1));
    match recipe.layers.get(at) {
        Some(LayerKind::Linear { .. } | LayerKind::Conv2d { .. }) => format!("layers[{at}].units"),
        _ => format!("layers[{at}]"),
    }
}

/// The key of a layer, or of its argument that was refused, by what the network calls both.
fn layer_key(name: &str, mut source: &Error, recipe: &Recipe, tree: &Node) -> String {
    let place = |name: &str| name.split('.').next().and_then(|number| number.parse::<usize>().ok());
    let Some(at) = place(name) else { return "layers".to_owned() };
    let (mut key, mut layer) = (format!("layers[{at}]"), recipe.layers.get(at));
    // Down to the layer inside layers that it happened in.
    while let (Some(kind), Error::Layer { layer: name, source: inner }) = (layer, source) {
        layer = match kind {
            LayerKind::PerStep { layer, .. } => {
                key.push_str(".layer");
                Some(layer)
            }
            LayerKind::Residual { projection: Some(projection), .. } if place(name).is_none() => {
                key.push_str(".projection");
                // The network knows it as the only layer of a list.
                if let Error::Layer { source: inside, .. } = &**inner {
                    source = inside;
                    layer = Some(projection);
                    continue;
                }
                Some(projection)
            }
            LayerKind::Residual { layers, .. } | LayerKind::Sequential { layers } => match place(name) {
                Some(at) if at < layers.len() => {
                    key.push_str(&format!(".layers[{at}]"));
                    layers.get(at)
                }
                _ => None,
            },
            _ => None,
        };
        source = inner;
    }
    let of_argument = keys_of(source).iter().map(|argument| format!("{key}.{argument}"));
    of_argument.into_iter().find(|key| find(tree, key).0.is_some()).unwrap_or(key)
}

/// The line of a key, or of as much of it as there is.
pub(super) fn line(tree: &Node, key: &str) -> usize {
    find(tree, key).1
}

/// What a key such as `layers[2].units` leads to, if it leads anywhere, and the line of it or of as much of it as there is.
fn find<'a>(tree: &'a Node, key: &str) -> (Option<&'a Node>, usize) {
    let (mut node, mut line) = (tree, tree.line);
    for part in key.split('.') {
        let (name, at) = match part.split_once('[') {
            Some((name, at)) => (name, at.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Value::Table(entries) = &node.value else { return (None, line) };
        let Some(entry) = entries.iter().find(|entry| entry.key == name) else { return (None, line) };
        (node, line) = (&entry.node, entry.line);
        if let (Some(at), Value::List(list)) = (at, &node.value) {
            let Some(inside) = list.get(at) else { return (None, line) };
            (node, line) = (inside, inside.line);
        }
    }
    (Some(node), line)
}
