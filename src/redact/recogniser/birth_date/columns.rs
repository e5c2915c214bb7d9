//! Tables in a text, whose headings say what stands below them: CSV, tabs, Markdown.

use std::ops::Range;

use super::super::super::text::Text;

/// What separates the cells of a table.
const SEPARATORS: [char; 4] = [';', '\t', '|', ','];
/// Most bytes of a row that are read.
const MAX_ROW: usize = 1024;
/// Longest heading, in bytes.
const MAX_HEADING: usize = 40;

/// Tables that have a column about one thing.
#[derive(Debug)]
pub(super) struct Columns {
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    /// From its headings to its last row.
    range: Range<usize>,
    separator: char,
    /// How many separators its headings have.
    count: usize,
    /// A bit for each of the columns in question.
    columns: u64,
}

impl Columns {
    /// Reads the lines of `text`; `is_heading` tells the columns that are looked for.
    pub(super) fn of(text: &str, is_heading: impl Fn(&str) -> bool) -> Self {
        let mut tables: Vec<Table> = Vec::new();
        let mut open = false;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            if let Some(table) = tables.last_mut().filter(|_| open) {
                open = line.contains(table.separator);
                if open {
                    table.range.end = at;
                    continue;
                }
            }
            let table = headings(line, &is_heading);
            open = table.is_some();
            tables.extend(table.map(|(separator, count, columns)| Table {
                range: start..at,
                separator,
                count,
                columns,
            }));
        }
        Self { tables }
    }

    /// Whether the cell at `at` stands in one of the columns.
    pub(super) fn hold(&self, text: &str, at: usize) -> bool {
        let next = self.tables.partition_point(|table| table.range.end <= at);
        let Some(table) = self.tables.get(next).filter(|table| table.range.start < at) else {
            return false;
        };
        let above = text.get(table.range.start..at).unwrap_or("");
        let Some(row) = above.rfind('\n').map(|end| &above[end + 1..]) else {
            return false;
        };
        if row.len() > MAX_ROW {
            return false;
        }
        let rest = text.get(at..).unwrap_or("");
        let behind = rest.bytes().take(MAX_ROW).take_while(|b| *b != b'\n');
        let behind = rest.get(..behind.count()).unwrap_or("");
        let column = cells(row, table.separator);
        // Prose has commas too.
        let same = column + cells(behind, table.separator) == table.count;
        (same || table.separator != ',') && column < 64 && table.columns >> column & 1 == 1
    }
}

/// Whether `range` is all of its cell.
pub(super) fn is_cell(text: &Text<'_>, range: &Range<usize>) -> bool {
    let blank = |c: char| matches!(c, ' ' | '"' | '\r');
    let before = text.slice(0..range.start).trim_end_matches(blank);
    let after = text
        .slice(range.end..text.str.len())
        .trim_start_matches(blank);
    let (left, right) = (before.chars().next_back(), after.chars().next());
    let ends = |c: Option<char>| c.is_none_or(|c| c == '\n' || SEPARATORS.contains(&c));
    ends(left) && ends(right) && !(left == right && left.is_none_or(|c| c == '\n'))
}

/// The separator of a line of headings, how many there are, and which columns are looked for.
fn headings(line: &str, is_heading: impl Fn(&str) -> bool) -> Option<(char, usize, u64)> {
    if line.len() > MAX_ROW || line.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let separator = SEPARATORS.into_iter().find(|s| line.contains(*s))?;
    let is_sentence = |cell: &str| cell.trim_end().ends_with(['.', '!', '?']) && cell.contains(' ');
    // Prose is told by its length, before its words are looked up.
    if line
        .split(separator)
        .any(|cell| cell.len() > MAX_HEADING || is_sentence(cell))
        || !is_heading(line)
    {
        return None;
    }
    let mut columns = 0;
    for (at, cell) in line.split(separator).take(64).enumerate() {
        if is_heading(cell) {
            columns |= 1 << at;
        }
    }
    (columns != 0).then(|| (separator, cells(line, separator), columns))
}

/// How many separators there are outside of quotation marks.
fn cells(row: &str, separator: char) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for c in row.chars() {
        quoted ^= c == '"';
        count += usize::from(c == separator && !quoted);
    }
    count
}
