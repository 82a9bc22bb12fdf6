//! Results in Markdown, aligned, so that they read well on a terminal and in a document.

use std::io::Write as _;

pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&column| column.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Prints it below a line that says what it shows.
    pub(crate) fn print(&self, above: &str) {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        say(&format!("{above}\n"));
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<_> = (row.iter().enumerate())
                .map(|(column, cell)| match (column, width(column)) {
                    (0, width) => format!("{cell:<width$}"),
                    (_, width) => format!("{cell:>width$}"),
                })
                .collect();
            say(&format!("| {} |", cells.join(" | ")));
            if number == 0 {
                let rules: Vec<_> = (0..row.len())
                    .map(|column| match (column, width(column)) {
                        (0, width) => "-".repeat(width),
                        (_, width) => format!("{}:", "-".repeat(width.saturating_sub(1))),
                    })
                    .collect();
                say(&format!("| {} |", rules.join(" | ")));
            }
        }
        say("");
    }
}

/// Prints a line for the reader.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line for who waits.
pub(crate) fn progress(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
