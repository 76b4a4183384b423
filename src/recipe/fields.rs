//! `Fields`: a table being read, key by key, until none is left.

use super::RecipeError;
use super::tree::{Entry, Node, Value};

/// What can be read from a node of the tree.
pub(super) trait Read: Sized {
    /// Reads it; `key` says where it stands.
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError>;
}

/// A table being read. Every key that is asked for counts as known; [`finish`](Self::finish) refuses what is left.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    path: String,
    line: usize,
    entries: &'a [Entry],
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(node: &'a Node, path: &str) -> Result<Self, RecipeError> {
        match &node.value {
            Value::Table(entries) => Ok(Self { path: path.to_owned(), line: node.line, entries, known: Vec::new() }),
            _ => Err(mismatch(node, path, "a table")),
        }
    }

    /// The full name of one of its keys.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The line of one of its keys, or that of the table.
    pub(super) fn line(&self, key: &str) -> usize {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.line, |entry| entry.line)
    }

    /// The node of a key, if there is one.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(super) fn optional<V: Read>(&mut self, key: &'static str) -> Result<Option<V>, RecipeError> {
        let path = self.path(key);
        self.node(key).map(|node| V::read(node, &path)).transpose()
    }

    pub(super) fn required<V: Read>(&mut self, key: &'static str) -> Result<V, RecipeError> {
        let found = self.optional(key)?;
        found.ok_or_else(|| RecipeError::MissingKey { key: self.path(key), line: self.line })
    }

    pub(super) fn or<V: Read>(&mut self, key: &'static str, default: V) -> Result<V, RecipeError> {
        Ok(self.optional(key)?.unwrap_or(default))
    }

    /// The `kind` of what the table describes, by its name.
    pub(super) fn kind<V: Copy>(&mut self, kinds: &[(&'static str, V)]) -> Result<V, RecipeError> {
        let path = self.path("kind");
        let node = self.node("kind");
        let node = node.ok_or_else(|| RecipeError::MissingKey { key: path.clone(), line: self.line })?;
        one_of(node, &path, kinds)
    }

    /// Refuses the first key that nobody has asked for.
    pub(super) fn finish(self) -> Result<(), RecipeError> {
        match self.entries.iter().find(|entry| !self.known.contains(&entry.key.as_str())) {
            None => Ok(()),
            Some(entry) => Err(RecipeError::UnknownKey {
                key: self.path(&entry.key),
                line: entry.line,
                known: self.known.join(", "),
            }),
        }
    }

    /// The value of a key is one that makes no sense.
    pub(super) fn refuse(&self, key: &str, must: &str) -> RecipeError {
        let found = self.entries.iter().find(|entry| entry.key == key);
        RecipeError::Value {
            key: self.path(key),
            line: self.line(key),
            found: found.map_or_else(|| "missing".to_owned(), |entry| entry.node.value.in_words()),
            must: must.to_owned(),
        }
    }

    /// What was built from the table was refused.
    pub(super) fn refused(&self, source: crate::Error) -> RecipeError {
        RecipeError::Refused { key: self.path.clone(), line: self.line, source }
    }
}

/// A value is not what it must be.
pub(super) fn mismatch(node: &Node, key: &str, must: &str) -> RecipeError {
    RecipeError::Value { key: key.to_owned(), line: node.line, found: node.value.in_words(), must: must.to_owned() }
}

/// One of some names.
pub(super) fn one_of<V: Copy>(node: &Node, key: &str, names: &[(&'static str, V)]) -> Result<V, RecipeError> {
    let found = match &node.value {
        Value::Text(text) => names.iter().find(|(name, _)| name == text),
        _ => None,
    };
    let all = || names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.map(|&(_, value)| value).ok_or_else(|| mismatch(node, key, &format!("one of: {}", all())))
}

impl Read for String {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match &node.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(mismatch(node, key, "a string")),
        }
    }
}

impl Read for bool {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match node.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(mismatch(node, key, "true or false")),
        }
    }
}

impl Read for f64 {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match node.value {
            Value::Number(number) => Ok(number),
            Value::Whole(number) => Ok(number as f64),
            _ => Err(mismatch(node, key, "a number")),
        }
    }
}

impl Read for u64 {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let whole = match node.value {
            Value::Whole(number) => u64::try_from(number).ok(),
            _ => None,
        };
        whole.ok_or_else(|| mismatch(node, key, "a whole number, not below 0"))
    }
}

impl Read for usize {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let whole = u64::read(node, key)?;
        usize::try_from(whole).map_err(|_| mismatch(node, key, "a whole number that a size can have"))
    }
}

impl<V: Read> Read for Vec<V> {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match &node.value {
            Value::List(list) => {
                list.iter().enumerate().map(|(at, node)| V::read(node, &format!("{key}[{at}]"))).collect()
            }
            _ => Err(mismatch(node, key, "a list")),
        }
    }
}

impl<V: Read> Read for Box<V> {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        V::read(node, key).map(Box::new)
    }
}
