//! Redaction of a file or a pipe: `bailiwick redact`.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::{RedactError, Redactor, Span};

/// Longest line in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// What the lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One `{"id", "text"}` per line.
    JsonLines,
    /// Text.
    Text,
}

/// Why it stopped. Says nothing of the text.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// Reading or writing failed.
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
    /// A line is no object with a text.
    #[error("line {line} is not `{{\"id\": …, \"text\": \"…\"}}`")]
    NotJson {
        /// From 1.
        line: usize,
    },
    /// The redaction failed.
    #[error("line {line}: {source}")]
    Redact {
        /// From 1.
        line: usize,
        /// Why.
        source: RedactError,
    },
    /// A line is too long.
    #[error("line {line} has over {MAX_LINE} bytes, or is not UTF-8")]
    Unreadable {
        /// From 1.
        line: usize,
    },
}

/// Redacts `reader` line by line to `writer`; returns how many values were found. Memory is bounded by the
/// longest line; placeholders are numbered anew on each line.
///
/// # Errors
///
/// [`StdioError`]; what was written before is whole lines.
pub fn run<R: BufRead>(
    redactor: &Redactor,
    mode: Mode,
    reader: &mut R,
    writer: &mut dyn Write,
) -> Result<usize, StdioError> {
    let mut total = 0;
    let mut number = 0;
    loop {
        number += 1;
        let mut bytes = Vec::new();
        std::io::Read::take(&mut *reader, MAX_LINE + 1).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            writer.flush()?;
            return Ok(total);
        }
        let unreadable = StdioError::Unreadable { line: number };
        if bytes.len() as u64 > MAX_LINE {
            return Err(unreadable);
        }
        let Ok(line) = String::from_utf8(bytes) else {
            return Err(unreadable);
        };
        let mask = |text: &str| {
            redactor
                .mask_text(text)
                .map_err(|source| StdioError::Redact {
                    line: number,
                    source,
                })
        };
        match mode {
            Mode::Text => {
                let (masked, spans, _) = mask(&line)?;
                total += spans.len();
                writer.write_all(masked.as_bytes())?;
            }
            Mode::JsonLines if line.trim().is_empty() => {}
            Mode::JsonLines => {
                let Ok(Value::Object(mut object)) = serde_json::from_str(&line) else {
                    return Err(StdioError::NotJson { line: number });
                };
                let Some(Value::String(text)) = object.remove("text") else {
                    return Err(StdioError::NotJson { line: number });
                };
                let (masked, spans, _) = mask(&text)?;
                total += spans.len();
                let id = object.remove("id").unwrap_or(Value::Null);
                let body =
                    json!({"id": id, "text": masked, "spans": in_code_points(&text, &spans)});
                writeln!(writer, "{body}")?;
            }
        }
    }
}

/// Spans with offsets in Unicode code points of the original text.
fn in_code_points(text: &str, spans: &[Span]) -> Vec<Value> {
    let (mut byte, mut point) = (0, 0);
    let mut at = |offset: usize| {
        point += text
            .get(byte..offset)
            .map_or(0, |part| part.chars().count());
        byte = offset;
        point
    };
    spans
        .iter()
        .map(|span| {
            let (start, end) = (at(span.range.start), at(span.range.end));
            let score = (f64::from(span.score) * 1000.0).round() / 1000.0;
            json!({"start": start, "end": end, "label": span.entity, "score": score})
        })
        .collect()
}
