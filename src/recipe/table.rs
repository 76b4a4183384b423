//! A file of plain numbers.

use std::path::Path;

use super::RecipeError;

/// Rows of finite numbers, all equally long.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NumberTable {
    pub(super) numbers: Vec<f64>,
    pub(super) cols: usize,
    /// The line of each row, counted from 1: empty lines hold none.
    pub(super) lines: Vec<usize>,
}

impl NumberTable {
    /// Reads a file of comma-separated numbers, a row a line. Empty lines do not count.
    pub(super) fn read(path: &Path) -> Result<Self, RecipeError> {
        let shown = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &shown),
            Err(error) => Err(RecipeError::File { path: shown, reason: error.to_string() }),
        }
    }

    fn parse(text: &str, path: &str) -> Result<Self, RecipeError> {
        let (mut numbers, mut cols, mut lines) = (Vec::with_capacity(text.len() / 4), 0, Vec::new());
        for (line, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
            let before = numbers.len();
            for (column, field) in row.split(',').enumerate() {
                let number = field.trim().parse::<f64>().ok();
                // What is beyond f32 would be infinite in the network.
                let Some(number) = number.filter(|number| (*number as f32).is_finite()) else {
                    return Err(RecipeError::Number {
                        key: "data.file",
                        path: path.to_owned(),
                        row: line + 1,
                        column: column + 1,
                        found: format!("{:?}", field.trim()),
                        must: "a finite number".to_owned(),
                    });
                };
                numbers.push(number);
            }
            let found = numbers.len() - before;
            if cols != 0 && found != cols {
                let what = format!("the columns of row {}", line + 1);
                return Err(RecipeError::Shape {
                    key: "data.file",
                    path: path.to_owned(),
                    what,
                    expected: cols.to_string(),
                    found,
                });
            }
            cols = found;
            lines.push(line + 1);
        }
        Ok(Self { numbers, cols, lines })
    }

    pub(super) fn rows(&self) -> usize {
        self.numbers.len().checked_div(self.cols).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_what_is_none_is_named() {
        let table = NumberTable::parse("1,2.5\r\n\n-3e2, 0\n\n", "x").unwrap();
        assert_eq!((table.numbers, table.cols, table.lines), (vec![1.0, 2.5, -300.0, 0.0], 2, vec![1, 3]));
        for (text, row, column) in
            [("1,2\n3,x", 2, 2), ("a,b", 1, 1), ("1,nan", 1, 2), ("1\ninf", 2, 1), ("1e39", 1, 1), ("1,,2", 1, 2)]
        {
            let error = NumberTable::parse(text, "x").unwrap_err();
            assert!(
                matches!(error, RecipeError::Number { row: r, column: c, .. } if (r, c) == (row, column)),
                "{error}"
            );
        }
        let error = NumberTable::parse("1,2\n3", "x").unwrap_err();
        assert!(matches!(error, RecipeError::Shape { found: 1, .. }), "{error}");
        assert_eq!(NumberTable::parse("\n", "x").unwrap().rows(), 0);
    }
}
