//! The log for other systems: JSON lines as they are, CSV, and OCSF (API Activity, class 6003).

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value as Json, json};

use super::files::AUDIT_DIR;
use super::show::for_each_line;
use super::verify::VerifyError;

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180) with a header, one line an entry.
    Csv,
    /// The entries, byte for byte.
    JsonLines,
    /// Open Cybersecurity Schema Framework 1.3, class 6003, one JSON object a line.
    Ocsf,
}

/// Why the log can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log can't be read.
    #[error(transparent)]
    Log(#[from] VerifyError),
    /// The export can't be written.
    #[error("the export can't be written")]
    Write(#[source] io::Error),
}

/// The columns of the CSV form, by path within an entry.
const COLUMNS: &[(&str, &str)] = &[
    ("index", "/index"),
    ("time", "/time"),
    ("node", "/node"),
    ("kind", "/kind"),
    ("request", "/request"),
    ("opens", "/opens"),
    ("key", "/key"),
    ("key_name", "/key_name"),
    ("endpoint", "/endpoint"),
    ("use_case", "/use_case/name"),
    ("use_case_version", "/use_case/version"),
    ("purpose", "/purpose"),
    ("legal_basis", "/legal_basis"),
    ("model", "/model/name"),
    ("model_digest", "/model/digest"),
    ("residency", "/residency"),
    ("classes", "/classes"),
    ("subjects", "/subjects"),
    ("verdict", "/verdict"),
    ("status", "/status"),
    ("error", "/error"),
    ("finish", "/finish"),
    ("prompt_tokens", "/tokens/prompt"),
    ("completion_tokens", "/tokens/completion"),
    ("entities", "/entities"),
    ("screened", "/screened"),
    ("fields_dropped", "/fields_dropped"),
    ("total_ms", "/total_ms"),
    ("reason", "/reason"),
    ("rule", "/rule"),
    ("count", "/count"),
    ("change", "/change"),
    ("held", "/held"),
    ("asked_by", "/asked_by"),
];

/// Writes every entry of the log in `data_dir` to `to`. Checks nothing; `verify` does.
///
/// # Errors
///
/// [`ExportError`].
pub fn export(data_dir: &Path, format: Format, to: &mut dyn Write) -> Result<(), ExportError> {
    let mut outcome = match format {
        Format::Csv => {
            let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
            write!(to, "{}\r\n", names.join(","))
        }
        Format::JsonLines | Format::Ocsf => Ok(()),
    };
    for_each_line(&data_dir.join(AUDIT_DIR), |line| {
        if outcome.is_ok() {
            outcome = write_entry(format, line, to);
        }
    })?;
    outcome
        .and_then(|()| to.flush())
        .map_err(ExportError::Write)
}

fn write_entry(format: Format, line: &[u8], to: &mut dyn Write) -> io::Result<()> {
    if format == Format::JsonLines {
        to.write_all(line)?;
        return to.write_all(b"\n");
    }
    let entry: Json = serde_json::from_slice(line)?;
    match format {
        Format::Ocsf => {
            serde_json::to_writer(&mut *to, &ocsf(&entry))?;
            to.write_all(b"\n")
        }
        Format::Csv | Format::JsonLines => {
            let cells: Vec<String> = COLUMNS
                .iter()
                .map(|(_, path)| cell(entry.pointer(path)))
                .collect();
            write!(to, "{}\r\n", cells.join(","))
        }
    }
}

/// One cell. What a spreadsheet would take for a formula is marked as text.
fn cell(value: Option<&Json>) -> String {
    let text = match value {
        None | Some(Json::Null) => return String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// An entry as an event of class 6003. The whole entry stays under `unmapped`.
fn ocsf(entry: &Json) -> Json {
    // 99: an activity that the class has no number for; its name is ours.
    const OTHER: u32 = 99;
    const CLASS: u32 = 6003;
    let text = |path: &str| entry.pointer(path).and_then(Json::as_str);
    let kind = text("/kind").unwrap_or("unknown");
    let time = text("/time")
        .and_then(|time| time.parse::<jiff::Timestamp>().ok())
        .map_or(0, jiff::Timestamp::as_millisecond);
    let failed = kind == "refusal" || text("/verdict").is_some_and(|v| v != "answered");
    let succeeded = text("/verdict") == Some("answered");
    let status_id = if succeeded {
        1
    } else if failed {
        2
    } else {
        0
    };
    json!({
        "activity_id": OTHER,
        "activity_name": kind,
        "category_uid": 6,
        "class_uid": CLASS,
        "class_name": "API Activity",
        "type_uid": CLASS * 100 + OTHER,
        "time": time,
        // 1: informational, 3: medium.
        "severity_id": if kind == "refusal" { 3 } else { 1 },
        "status_id": status_id,
        "metadata": {
            "version": "1.3.0",
            "product": {
                "name": "Bailiwick",
                "vendor_name": "Bailiwick",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "uid": entry.pointer("/index").map(Json::to_string),
            "correlation_uid": text("/request"),
            "log_name": text("/node"),
        },
        "actor": { "user": { "uid": text("/key"), "name": text("/key_name"), "type_id": 3 } },
        "src_endpoint": { "name": text("/key_name").or_else(|| text("/key")).unwrap_or("unknown") },
        "api": {
            "operation": text("/endpoint").unwrap_or(kind),
            "service": { "name": text("/use_case/name").or_else(|| text("/use_case")) },
            "request": { "uid": text("/request") },
            "response": { "code": entry.pointer("/status") },
        },
        "unmapped": entry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        for (value, expected) in [
            (json!("plain"), "plain"),
            (json!("a,b"), "\"a,b\""),
            (json!("a\"b"), "\"a\"\"b\""),
            (json!("=1+1"), "'=1+1"),
            (json!(["x", "y"]), "\"[\"\"x\"\",\"\"y\"\"]\""),
            (json!(7), "7"),
            (json!(null), ""),
        ] {
            assert_eq!(cell(Some(&value)), expected);
        }
    }

    #[test]
    fn an_event_names_its_class() {
        let event = ocsf(
            &json!({"index": 3, "kind": "close", "verdict": "answered", "status": 200,
            "time": "2023-11-14T22:13:20.123Z", "request": "req_1"}),
        );
        assert_eq!(event["type_uid"], 600_399);
        assert_eq!(event["time"], 1_700_000_000_123_i64);
        assert_eq!(
            (&event["status_id"], &event["api"]["response"]["code"]),
            (&json!(1), &json!(200))
        );
    }
}
