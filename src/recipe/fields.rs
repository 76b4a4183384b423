//! `Fields`: a table being read, key by key.

use super::RecipeError;
use super::culprit::keys_of;
use super::nearest::nearest;
use super::tree::{Entry, Node, Value};
use crate::Error;

/// What can be read from a node of the tree.
pub(super) trait Read: Sized {
    /// Reads it; `key` says where it stands.
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError>;
}

/// A table being read. Which keys it may have is told by [`only`](Self::only), before any is read: so that of a mistyped key it is said what was
/// typed, and not that the one that was meant is missing.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    path: String,
    line: usize,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    pub(super) fn of(node: &'a Node, path: &str) -> Result<Self, RecipeError> {
        match &node.value {
            Value::Table(entries) => Ok(Self { path: path.to_owned(), line: node.line, entries }),
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
    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub(super) fn optional<V: Read>(&self, key: &str) -> Result<Option<V>, RecipeError> {
        let path = self.path(key);
        self.node(key).map(|node| V::read(node, &path)).transpose()
    }

    pub(super) fn required<V: Read>(&self, key: &str) -> Result<V, RecipeError> {
        let found = self.optional(key)?;
        found.ok_or_else(|| RecipeError::MissingKey { key: self.path(key), line: self.line })
    }

    pub(super) fn or<V: Read>(&self, key: &str, default: V) -> Result<V, RecipeError> {
        Ok(self.optional(key)?.unwrap_or(default))
    }

    /// A size, which is at least 1.
    pub(super) fn count(&self, key: &str) -> Result<usize, RecipeError> {
        self.required(key).map(|Count(count)| count)
    }

    /// A size, which is at least 1 where it is given.
    pub(super) fn optional_count(&self, key: &str) -> Result<Option<usize>, RecipeError> {
        Ok(self.optional(key)?.map(|Count(count)| count))
    }

    /// The `kind` of what the table describes, by its name.
    pub(super) fn kind<V: Copy>(&self, kinds: &[(&'static str, V)]) -> Result<V, RecipeError> {
        let path = self.path("kind");
        if let Some(node) = self.node("kind") {
            return one_of(node, &path, kinds);
        }
        // Which other keys there may be depends on it, so nothing is unknown yet but what is near it.
        match self.entries.iter().find(|entry| nearest(&entry.key, &["kind"]).is_some()) {
            Some(entry) => Err(self.unknown(entry, &["kind"])),
            None => Err(RecipeError::MissingKey { key: path, line: self.line }),
        }
    }

    /// Refuses the first key that is none of these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), RecipeError> {
        match self.entries.iter().find(|entry| !known.contains(&entry.key.as_str())) {
            None => Ok(()),
            Some(entry) => Err(self.unknown(entry, known)),
        }
    }

    fn unknown(&self, entry: &Entry, known: &[&str]) -> RecipeError {
        RecipeError::UnknownKey {
            key: self.path(&entry.key),
            line: entry.line,
            known: known.join(", "),
            nearest: nearest(&entry.key, known).map(str::to_owned),
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

    /// What was built from the table was refused: for one of its keys, where that is known.
    pub(super) fn refused(&self, source: Error) -> RecipeError {
        let told = keys_of(&source).iter().find_map(|key| self.entries.iter().find(|entry| entry.key == *key));
        let (key, line) = told.map_or((self.path.clone(), self.line), |entry| (self.path(&entry.key), entry.line));
        RecipeError::Refused { key, line, source }
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
        whole.ok_or_else(|| mismatch(node, key, &format!("a whole number from 0 to {}", Self::MAX)))
    }
}

impl Read for usize {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        let whole = u64::read(node, key)?;
        usize::try_from(whole).map_err(|_| mismatch(node, key, &format!("a whole number from 0 to {}", Self::MAX)))
    }
}

/// How many of something there are: at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count(pub(super) usize);

impl Read for Count {
    fn read(node: &Node, key: &str) -> Result<Self, RecipeError> {
        match usize::read(node, key)? {
            0 => Err(mismatch(node, key, "at least 1")),
            count => Ok(Self(count)),
        }
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
