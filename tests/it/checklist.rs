//! The table of what is shown where names every row, and tests that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many rows of each kind there are.
const ROWS: [(&str, u32); 5] = [("S0", 77), ("S1", 104), ("S2", 61), ("S3", 101), ("S4", 86)];

#[test]
fn every_row_stands_in_the_table() {
    let table = read("docs/checklist.md");
    let mut told = BTreeSet::new();
    for (line, text) in table.lines().enumerate() {
        let cell = text.strip_prefix("| ").map_or(text, |row| row.split('|').next().unwrap());
        told.extend(rows(cell).unwrap_or_else(|why| panic!("line {}: {why}", line + 1)));
    }

    for (kind, last) in ROWS {
        let missing: Vec<_> =
            (1..=last).filter(|row| !told.contains(&(kind.to_owned(), *row))).collect();
        assert!(missing.is_empty(), "{kind}: {missing:?}");
    }
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let table = read("docs/checklist.md");
    let mut named = 0;
    for word in table.split('`').skip(1).step_by(2) {
        let Some((module, test)) = word.split_once("::") else { continue };
        let code = read(&format!("tests/it/{module}.rs"));
        assert!(code.contains(&format!("fn {test}(")), "there is no {word}");
        named += 1;
    }
    assert!(named > 90, "the table names {named} tests");
}

/// The rows in a list such as `S1-001, S1-003 to S1-005`.
fn rows(list: &str) -> Result<Vec<(String, u32)>, String> {
    let mut rows = Vec::<(String, u32)>::new();
    let mut is_range = false;
    for word in list.split([' ', ',', ':']).filter(|word| !word.is_empty()) {
        let row = word
            .split_once('-')
            .filter(|(kind, number)| kind.len() == 2 && kind.starts_with('S') && number.len() == 3);
        let row = row.and_then(|(kind, number)| Some((kind, number.parse::<u32>().ok()?)));
        match row {
            Some((kind, number)) if is_range => {
                let (from_kind, from) = rows.last().cloned().ok_or("a range begins nowhere")?;
                if from_kind != kind || from >= number {
                    return Err(format!("{from_kind}-{from} to {word} is no range"));
                }
                rows.extend((from + 1..=number).map(|row| (kind.to_owned(), row)));
            }
            Some((kind, number)) => rows.push((kind.to_owned(), number)),
            None => {}
        }
        is_range = word == "to" && !rows.is_empty();
    }
    Ok(rows)
}

fn read(path: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
