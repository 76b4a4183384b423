//! From TOML to a tree of values.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::RecipeError;
use super::tree::{Entry, Node, Value};

/// The tree of a TOML document.
pub(super) fn parse(text: &str) -> Result<Node, RecipeError> {
    let lines = Lines::of(text);
    let document = DeTable::parse(text).map_err(|error| RecipeError::Syntax {
        line: lines.at(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(Node { line: 1, value: Value::Table(entries(document.get_ref(), &lines)?) })
}

/// Where lines begin, in bytes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line that a byte stands in, counted from 1.
    fn at(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|&end| end < byte)
    }
}

fn entries(table: &DeTable<'_>, lines: &Lines) -> Result<Vec<Entry>, RecipeError> {
    let mut entries = table
        .iter()
        .map(|(key, value)| {
            let line = lines.at(key.span().start);
            Ok((key.span().start, Entry { key: key.get_ref().to_string(), line, node: node(value, lines)? }))
        })
        .collect::<Result<Vec<_>, RecipeError>>()?;
    // In the order of the text, so that of two errors the first is told.
    entries.sort_by_key(|&(start, _)| start);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Result<Node, RecipeError> {
    let line = lines.at(value.span().start);
    let syntax = |message: &str| RecipeError::Syntax { line, message: message.to_owned() };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => Value::Whole(
            i128::from_str_radix(digits.as_str(), digits.radix())
                .map_err(|_| syntax("the number has too many digits"))?,
        ),
        DeValue::Float(digits) => Value::Number(digits.as_str().parse().map_err(|_| syntax("this is no number"))?),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(time) => Value::Time(time.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|value| node(value, lines)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => Value::Table(entries(table, lines)?),
    };
    Ok(Node { line, value })
}
