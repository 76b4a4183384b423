//! A recipe as a tree of values: what lies between its text and its types, each with its line.

use std::fmt::Write;

/// A value and the line it stands in, counted from 1; 0 where it comes from no text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Whole(i128),
    Number(f64),
    Flag(bool),
    /// A date or a time, which no recipe needs.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "only text has one"))]
    Time(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key, its line, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) node: Node,
}

impl Value {
    /// What it is, for a person who wrote something else than was expected.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Time(text) => text.clone(),
            simple => {
                let mut text = String::new();
                write_inline(simple, &mut text);
                text
            }
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { line: 0, value }
    }
}

/// A table in the making, for writing.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Entry>);

impl Table {
    /// One that says what kind of thing it describes.
    pub(super) fn of_kind(kind: &str) -> Self {
        Self::default().with("kind", Value::Text(kind.to_owned()))
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.push(Entry { key: key.to_owned(), line: 0, node: Node::from(value.into()) });
        self
    }

    /// With the key only where the value is not the default.
    pub(super) fn unless<V: Into<Value> + PartialEq>(self, default: V, key: &str, value: V) -> Self {
        if value == default { self } else { self.with(key, value) }
    }

    pub(super) fn maybe<V: Into<Value>>(self, key: &str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl From<Table> for Value {
    fn from(table: Table) -> Self {
        Self::Table(table.0)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Whole(count as i128)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Whole(i128::from(count))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::List(list.into_iter().map(Node::from).collect())
    }
}

/// Writes a table as a TOML document: tables under headings of their own, lists of tables as well.
pub(super) fn write_document(table: &[Entry]) -> String {
    let mut text = String::new();
    write_table("", table, &mut text);
    text
}

fn write_table(path: &str, table: &[Entry], text: &mut String) {
    let of_tables = |value: &Value| matches!(value, Value::List(list) if matches!(list[..], [Node { value: Value::Table(_), .. }, ..]));
    let heads = |value: &Value| (path.is_empty() && matches!(value, Value::Table(_))) || of_tables(value);
    for Entry { key, node, .. } in table.iter().filter(|entry| !heads(&entry.node.value)) {
        let _ = write!(text, "{} = ", bare(key));
        write_inline(&node.value, text);
        text.push('\n');
    }
    for Entry { key, node, .. } in table {
        let path = if path.is_empty() { bare(key) } else { format!("{path}.{}", bare(key)) };
        match &node.value {
            value if !heads(value) => {}
            Value::Table(entries) => {
                let _ = writeln!(text, "\n[{path}]");
                write_table(&path, entries, text);
            }
            Value::List(list) => {
                for node in list {
                    let _ = writeln!(text, "\n[[{path}]]");
                    if let Value::Table(entries) = &node.value {
                        write_table(&path, entries, text);
                    }
                }
            }
            _ => {}
        }
    }
}

fn write_inline(value: &Value, text: &mut String) {
    let _ = match value {
        Value::Text(value) => {
            quote(value, text);
            Ok(())
        }
        Value::Whole(value) => write!(text, "{value}"),
        Value::Number(value) if value.is_nan() => write!(text, "nan"),
        // The shortest digits that give the number again.
        Value::Number(value) => write!(text, "{value:?}"),
        Value::Flag(value) => write!(text, "{value}"),
        Value::Time(value) => write!(text, "{value}"),
        Value::List(list) => {
            text.push('[');
            for (at, node) in list.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                write_inline(&node.value, text);
            }
            write!(text, "]")
        }
        Value::Table(entries) => {
            text.push('{');
            for (at, Entry { key, node, .. }) in entries.iter().enumerate() {
                let _ = write!(text, "{}{} = ", if at == 0 { " " } else { ", " }, bare(key));
                write_inline(&node.value, text);
            }
            write!(text, " }}")
        }
    };
}

/// A value as a person would say it: a table that describes a thing by its kind, with its numbers behind it.
pub(super) fn described(value: &Value) -> String {
    let listed = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => rounded(*number),
        Value::List(list) => format!("[{}]", listed(list.iter().map(|node| described(&node.value)).collect())),
        Value::Table(entries) => {
            let (kinds, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.key == "kind");
            let kind = kinds.first().map_or(String::new(), |entry| described(&entry.node.value));
            let numbers = others.iter().map(|entry| format!("{} {}", entry.key, described(&entry.node.value)));
            if others.is_empty() { kind } else { format!("{kind} ({})", listed(numbers.collect())) }
        }
        simple => simple.in_words(),
    }
}

/// A number of which rounding is not told.
fn rounded(number: f64) -> String {
    let short = format!("{number:.8e}").parse().unwrap_or(number);
    if short != 0.0 && short.abs() < 1e-4 { format!("{short:e}") } else { short.to_string() }
}

/// A key, quoted where it must be.
fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if plain {
        return key.to_owned();
    }
    let mut quoted = String::new();
    quote(key, &mut quoted);
    quoted
}

fn quote(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        let _ = match character {
            '"' | '\\' => write!(text, "\\{character}"),
            '\n' => write!(text, "\\n"),
            '\t' => write!(text, "\\t"),
            '\r' => write!(text, "\\r"),
            control if control.is_control() => write!(text, "\\u{:04x}", u32::from(control)),
            other => write!(text, "{other}"),
        };
    }
    text.push('"');
}
