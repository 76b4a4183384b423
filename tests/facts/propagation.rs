//! Theory of signals and gradients: `propagation.json`, whose numbers stand here, or beside other tests, at the place that it names.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::fact::{Evaluate, Fact};
use super::{forecasts, theory};

/// Where numbers stand beside other tests.
const FILES: [(&str, &str); 2] = [
    ("forecast/reference.json", include_str!("../forecast/reference.json")),
    ("moments/theory.json", include_str!("../moments/theory.json")),
];

/// What is no number to evaluate, but tells of one: settings, and kept as the other tests read them.
const SETTINGS: [&str; 4] = ["act", "sigma_w2", "sigma_b2", "width"];

fn rows() -> &'static [Value] {
    static ROWS: OnceLock<Vec<Value>> = OnceLock::new();
    ROWS.get_or_init(|| serde_json::from_str(include_str!("propagation.json")).unwrap())
}

fn text<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    row.get(key).map(|text| text.as_str().unwrap())
}

fn file(name: &str) -> Value {
    let (_, text) = FILES.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("no file {name}"));
    serde_json::from_str(text).unwrap()
}

/// Of objects, also in a list, some entries.
fn only(value: &Value, keys: &[Value]) -> Value {
    match value {
        Value::Array(all) => all.iter().map(|value| only(value, keys)).collect(),
        Value::Object(all) => {
            let entry = |key: &Value| key.as_str().and_then(|key| Some((key.to_owned(), all.get(key)?.clone())));
            keys.iter()
                .map(|key| entry(key).unwrap_or_else(|| panic!("no {key} in {value}")))
                .collect::<Map<_, _>>()
                .into()
        }
        _ => panic!("{value} has no entries"),
    }
}

/// All facts that are evaluated here, with the numbers from where they stand.
fn facts() -> Vec<Fact> {
    let evaluated = rows().iter().filter(|row| row.get("covered").is_none());
    let resolved = evaluated.map(|row| {
        let mut row = row.clone();
        if let Some(name) = text(&row, "file") {
            let at = text(&row, "at").unwrap();
            let found = file(name).pointer(at).unwrap_or_else(|| panic!("nothing at {at} of {name}")).clone();
            let found = row.get("keys").map_or(found.clone(), |keys| only(&found, keys.as_array().unwrap()));
            row["expected"] = found;
        }
        Fact::of(&row)
    });
    resolved.collect()
}

#[test]
fn theory() {
    super::hold(&facts(), theory::KINDS);
}

#[test]
fn forecasts() {
    super::hold(&facts(), forecasts::KINDS);
}

/// A row is evaluated by one function here, or names a test that there is.
#[test]
fn every_fact_has_one_place() {
    let kinds: Vec<&str> =
        [theory::KINDS, forecasts::KINDS].concat().iter().map(|(kind, _): &(_, Evaluate)| *kind).collect();
    assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), kinds.len(), "a kind has two functions");
    let mut ids = HashSet::new();
    let (mut evaluated, mut covered) = (0, 0);
    for row in rows() {
        let id = text(row, "id").unwrap();
        assert!(ids.insert(id), "{id} is there twice");
        match (text(row, "kind"), text(row, "covered")) {
            (Some(kind), None) => {
                assert!(kinds.contains(&kind), "{id}: no function evaluates {kind}");
                evaluated += 1;
            }
            (None, Some(test)) => {
                let (module, function) = test.rsplit_once("::").unwrap();
                let path = format!("{}/tests/{}.rs", env!("CARGO_MANIFEST_DIR"), module.replace("::", "/"));
                let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{id}: {path}: {error}"));
                assert!(source.contains(&format!("#[test]\nfn {function}() {{")), "{id}: no test {test}");
                // It reads that part of the file.
                let part = text(row, "at").map(|at| format!("\"{}\"", at.split('/').nth(1).unwrap()));
                assert!(part.is_none_or(|part| source.contains(&part)), "{id}: {test} does not read it");
                covered += 1;
            }
            both => panic!("{id} has {both:?}"),
        }
    }
    println!("{evaluated} evaluated here, {covered} by the tests that they name");
    assert!(evaluated >= 190, "{evaluated}");
}

/// No number beside the other tests is without a row.
#[test]
fn no_number_is_left_out() {
    for (name, _) in FILES {
        let places: Vec<String> = rows()
            .iter()
            .filter(|row| text(row, "file") == Some(name))
            .flat_map(|row| {
                let at = text(row, "at").unwrap();
                // Some entries of an object; of a list of objects the whole stands for them.
                let keys = row.get("keys").filter(|_| file(name).pointer(at).is_some_and(Value::is_object));
                let keys = keys.map_or(vec![String::new()], |keys| {
                    keys.as_array().unwrap().iter().map(|key| format!("/{}", key.as_str().unwrap())).collect()
                });
                keys.into_iter().map(move |key| format!("{at}{key}"))
            })
            .collect();
        let mut missing = Vec::new();
        leaves(&file(name), String::new(), &mut |path| {
            let last = path.rsplit('/').next().unwrap();
            let told = SETTINGS.contains(&last)
                || places.iter().any(|place| path == place || path.starts_with(&format!("{place}/")));
            if !told {
                missing.push(path.to_owned());
            }
        });
        assert!(missing.is_empty(), "{name}: {} without a row: {missing:?}", missing.len());
    }
}

fn leaves(value: &Value, path: String, tell: &mut impl FnMut(&str)) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(all) => {
            all.iter().for_each(|(key, value)| leaves(value, format!("{path}/{}", escaped(key)), tell))
        }
        Value::Array(all) => all.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), tell)),
        _ => tell(&path),
    }
}
