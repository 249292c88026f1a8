//! Files of worked examples, read row by row.

use std::collections::HashMap;
use std::fmt::Debug;
use std::str::FromStr;

/// One row, by column name.
#[derive(Debug)]
pub(crate) struct Row(HashMap<String, String>);

impl Row {
    pub(crate) fn text(&self, column: &str) -> &str {
        self.0
            .get(column)
            .unwrap_or_else(|| panic!("no column {column}"))
    }

    pub(crate) fn get<T: FromStr<Err: Debug>>(&self, column: &str) -> T {
        read(self.text(column))
    }

    pub(crate) fn optional<T: FromStr<Err: Debug>>(&self, column: &str) -> Option<T> {
        Some(self.text(column))
            .filter(|text| !text.is_empty())
            .map(read)
    }

    pub(crate) fn list<T: FromStr<Err: Debug>>(&self, column: &str) -> Vec<T> {
        self.text(column).split_whitespace().map(read).collect()
    }
}

pub(crate) fn read<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
}

pub(crate) fn rows(file: &str, count: usize) -> Vec<Row> {
    let path = format!("{}/../../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(&path)
        .unwrap();
    let rows: Vec<Row> = reader.deserialize().map(|row| Row(row.unwrap())).collect();
    assert_eq!(rows.len(), count, "rows of {file}");
    rows
}
