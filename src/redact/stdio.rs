//! Redaction of a file or a pipe: `bailiwick redact`.
//!
//! Plain text is one conversation: one value has one placeholder from the first line to the last, and a
//! name that an early line introduces is known in the later ones. It is read in blocks of whole lines, so
//! memory is bounded however long it is. JSON lines are records: each stands alone, its placeholders are
//! numbered from one, and one that can't be read is reported while the others go on.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::{RedactError, Redactor, Span};

/// Longest line in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;
/// How much plain text is read at once, in bytes; a block ends with a line, before a blank one if it can.
const BLOCK: usize = 1024 * 1024;

/// What the lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One `{"id", "text"}` per line.
    JsonLines,
    /// Text.
    Text,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    /// Values that were replaced.
    pub values: usize,
    /// Records that could not be read or redacted, with their lines; nothing was written for them.
    pub failed: Vec<LineError>,
}

/// A line that was left out. Says nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// From 1.
    pub line: usize,
    /// Why.
    pub reason: LineReason,
}

/// Why a line was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineReason {
    /// No object with a text.
    #[error("not `{{\"id\": …, \"text\": \"…\"}}`")]
    NotJson,
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The redaction failed.
    #[error(transparent)]
    Redact(#[from] RedactError),
    /// Too long.
    #[error("over {MAX_LINE} bytes")]
    TooLong,
}

/// Why it stopped.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// Reading or writing failed.
    #[error("reading or writing failed: {0}")]
    Io(#[from] io::Error),
    /// Plain text can't be left out in the middle: nothing of the block with this line was written.
    #[error(transparent)]
    Line(#[from] LineError),
}

/// Redacts `reader` to `writer`.
///
/// # Errors
///
/// [`StdioError`]; what was written before is whole lines, and redacted.
pub fn run<R: BufRead>(
    redactor: &Redactor,
    mode: Mode,
    reader: &mut R,
    writer: &mut dyn Write,
) -> Result<Report, StdioError> {
    let report = match mode {
        Mode::JsonLines => records(redactor, reader, writer)?,
        Mode::Text => text(redactor, reader, writer)?,
    };
    writer.flush()?;
    Ok(report)
}

fn text<R: BufRead>(
    redactor: &Redactor,
    reader: &mut R,
    writer: &mut dyn Write,
) -> Result<Report, StdioError> {
    let mut conversation = redactor.conversation();
    let mut values = 0;
    let mut block = String::new();
    let mut number = 0;
    // The first line of the block.
    let mut first = 1;
    loop {
        number += 1;
        let line = match next_line(reader)? {
            Some(Ok(line)) => line,
            Some(Err(reason)) => {
                return Err(LineError {
                    line: number,
                    reason,
                }
                .into());
            }
            None => String::new(),
        };
        let last = line.is_empty();
        block.push_str(&line);
        let full = block.len() >= 2 * BLOCK || block.len() >= BLOCK && line.trim().is_empty();
        if !last && !full {
            continue;
        }
        let (masked, spans) = conversation.mask(&block).map_err(|reason| LineError {
            line: first,
            reason: reason.into(),
        })?;
        values += spans.len();
        writer.write_all(masked.as_bytes())?;
        if last {
            return Ok(Report {
                values,
                failed: Vec::new(),
            });
        }
        block.clear();
        first = number + 1;
    }
}

fn records<R: BufRead>(
    redactor: &Redactor,
    reader: &mut R,
    writer: &mut dyn Write,
) -> Result<Report, StdioError> {
    let mut report = Report::default();
    for number in 1.. {
        let Some(line) = next_line(reader)? else {
            break;
        };
        if line.as_ref().is_ok_and(|line| line.trim().is_empty()) {
            continue;
        }
        match line.and_then(|line| record(redactor, &line)) {
            Ok((values, redacted)) => {
                report.values += values;
                writeln!(writer, "{redacted}")?;
            }
            Err(reason) => report.failed.push(LineError {
                line: number,
                reason,
            }),
        }
    }
    Ok(report)
}

/// How many values a record held, and the record without them.
fn record(redactor: &Redactor, line: &str) -> Result<(usize, Value), LineReason> {
    let Ok(Value::Object(mut object)) = serde_json::from_str(line) else {
        return Err(LineReason::NotJson);
    };
    let Some(Value::String(text)) = object.remove("text") else {
        return Err(LineReason::NotJson);
    };
    let (masked, spans, _) = redactor.mask_text(&text)?;
    let id = object.remove("id").unwrap_or(Value::Null);
    let body = json!({"id": id, "text": masked, "spans": in_code_points(&text, &spans)});
    Ok((spans.len(), body))
}

/// The next line with its end; `None` after the last. Of a line that is too long the rest is skipped.
fn next_line<R: BufRead>(reader: &mut R) -> io::Result<Option<Result<String, LineReason>>> {
    let mut bytes = Vec::new();
    io::Read::take(&mut *reader, MAX_LINE + 1).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_LINE {
        if !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n')?;
        }
        return Ok(Some(Err(LineReason::TooLong)));
    }
    Ok(Some(
        String::from_utf8(bytes).map_err(|_| LineReason::NotUtf8),
    ))
}

/// Spans with offsets in Unicode code points of the original text.
fn in_code_points(text: &str, spans: &[Span]) -> Vec<Value> {
    let ranges = Span::in_code_points(spans, text);
    spans
        .iter()
        .zip(ranges)
        .map(|(span, range)| {
            let score = (f64::from(span.score) * 1000.0).round() / 1000.0;
            json!({"start": range.start, "end": range.end, "label": span.entity, "score": score})
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::RedactorOptions;

    fn redact(mode: Mode, input: &[u8]) -> (String, Result<Report, StdioError>) {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let mut out = Vec::new();
        let report = run(&redactor, mode, &mut &input[..], &mut out);
        (String::from_utf8(out).unwrap(), report)
    }

    #[test]
    fn a_file_is_one_conversation() {
        let input = "Dear Anna Berger,\n\nwrite to a@x.de or b@x.de\n\nBest regards,\nJürgen Weiß\nPS: b@x.de, Anna";
        let (out, report) = redact(Mode::Text, input.as_bytes());
        assert_eq!(
            out,
            "Dear [PERSON_1],\n\nwrite to [EMAIL_1] or [EMAIL_2]\n\nBest regards,\n[PERSON_2]\nPS: [EMAIL_2], [PERSON_1]"
        );
        assert_eq!(report.unwrap().values, 6);
    }

    #[test]
    fn a_long_file_is_one_conversation_too() {
        let filler = "The kettle leaks, and nobody knows why.\n".repeat(BLOCK / 30);
        let input = format!("Dear Anna Berger,\n{filler}\n{filler}\nAnna a@x.de\n");
        let (out, report) = redact(Mode::Text, input.as_bytes());
        assert!(out.starts_with("Dear [PERSON_1],\nThe kettle"));
        assert!(out.ends_with("why.\n\n[PERSON_1] [EMAIL_1]\n"));
        assert_eq!(report.unwrap().values, 3);
    }

    #[test]
    fn text_that_is_not_utf8_stops_with_its_line() {
        let (out, report) = redact(Mode::Text, b"a@x.de\n\xff\n");
        assert_eq!(out, "");
        let error = report.unwrap_err().to_string();
        assert_eq!(error, "line 2: not UTF-8");
    }

    #[test]
    fn records_have_spans_in_code_points_of_the_original() {
        let (out, report) = redact(
            Mode::JsonLines,
            "{\"id\":7,\"text\":\"😀 ü: a@x.de, c@y.fr\"}\n\n{\"text\":\"a@x.de\"}\n{\"id\":\"b\",\"text\":\"\"}".as_bytes(),
        );
        assert_eq!(
            out,
            "{\"id\":7,\"text\":\"😀 ü: [EMAIL_1], [EMAIL_2]\",\"spans\":[{\"start\":5,\"end\":11,\"label\":\"EMAIL\",\"score\":0.95},{\"start\":13,\"end\":19,\"label\":\"EMAIL\",\"score\":0.95}]}\n\
             {\"id\":null,\"text\":\"[EMAIL_1]\",\"spans\":[{\"start\":0,\"end\":6,\"label\":\"EMAIL\",\"score\":0.95}]}\n\
             {\"id\":\"b\",\"text\":\"\",\"spans\":[]}\n"
        );
        assert_eq!(report.unwrap().values, 3);
    }

    #[test]
    fn a_broken_record_loses_no_other() {
        let long = format!(
            "{{\"text\":\"{}\"}}\n",
            "x".repeat(usize::try_from(MAX_LINE).unwrap())
        );
        let mut input =
            b"{\"id\":1,\"text\":\"a@x.de\"}\nnot json\n{\"id\":3}\n\xff\xfe\n[1]\n".to_vec();
        input.extend(long.as_bytes());
        input.extend(b"{\"id\":7,\"text\":\"a@x.de\"}\n{\"id\":8,\"text\":\"cut");
        let (out, report) = redact(Mode::JsonLines, &input);
        let ids: Vec<_> = out.lines().map(|l| l.split(',').next().unwrap()).collect();
        assert_eq!(ids, ["{\"id\":1", "{\"id\":7"]);
        let failed: Vec<_> = report
            .unwrap()
            .failed
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            failed,
            [
                "line 2: not `{\"id\": …, \"text\": \"…\"}`",
                "line 3: not `{\"id\": …, \"text\": \"…\"}`",
                "line 4: not UTF-8",
                "line 5: not `{\"id\": …, \"text\": \"…\"}`",
                "line 6: over 4194304 bytes",
                "line 8: not `{\"id\": …, \"text\": \"…\"}`",
            ]
        );
    }
}
