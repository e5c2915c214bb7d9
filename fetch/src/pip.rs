//! Wheels through pip, which knows the site's package index, proxy and credentials.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bailiwick::types::Digest;
use sha2::{Digest as _, Sha256};

use crate::SourceError;
use crate::error::cut;

/// The ways to call pip, best first.
const PIP: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// Downloads the wheel of `package==version` into `folder` and gives its path.
///
/// `program` is the operator's own pip.
pub(crate) fn download(
    program: Option<&Path>,
    package: &str,
    version: &str,
    folder: &Path,
) -> Result<PathBuf, SourceError> {
    let output = run(program, package, version, folder)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(SourceError::Pip {
            words: last_error(&words),
        });
    }
    let wheel = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ext| ext == "whl"));
    wheel.ok_or_else(|| SourceError::Pip {
        words: "it left no wheel".to_owned(),
    })
}

/// Checks the digest of a whole wheel.
pub(crate) fn check_wheel(wheel: &Path, expected: Digest) -> Result<(), SourceError> {
    let io_error = |source| SourceError::Io {
        path: wheel.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(wheel).map_err(io_error)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error(error)),
        }
    }
    let found = Digest::from_bytes(hash.finalize().into());
    if found == expected {
        Ok(())
    } else {
        Err(SourceError::Digest { expected, found })
    }
}

/// Runs the first pip that can be started and is one.
fn run(
    program: Option<&Path>,
    package: &str,
    version: &str,
    folder: &Path,
) -> Result<Output, SourceError> {
    let commands: Vec<Vec<&OsStr>> = match program {
        Some(program) => vec![vec![program.as_os_str()]],
        None => PIP
            .iter()
            .map(|command| command.iter().map(OsStr::new).collect())
            .collect(),
    };
    for command in &commands {
        let [name, before @ ..] = command.as_slice() else {
            continue;
        };
        match start(name, before, package, version, folder) {
            // A Python without pip is no pip.
            Ok(output) if has_no_pip(&output) => {}
            Ok(output) => return Ok(output),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let path = PathBuf::from(name);
                return Err(SourceError::Io { path, source });
            }
        }
    }
    let words =
        |command: &Vec<&OsStr>| command.join(OsStr::new(" ")).to_string_lossy().into_owned();
    let tried: Vec<String> = commands.iter().map(words).collect();
    Err(SourceError::NoPip {
        tried: tried.join(", "),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "pip is the one program that is started"
)]
fn start(
    name: &OsStr,
    before: &[&OsStr],
    package: &str,
    version: &str,
    folder: &Path,
) -> io::Result<Output> {
    Command::new(name)
        .args(before)
        .args(["download", "--no-deps", "--only-binary", ":all:"])
        .args(["--disable-pip-version-check", "--no-input", "--quiet"])
        .arg("--dest")
        .arg(folder)
        .arg(format!("{package}=={version}"))
        .stdin(Stdio::null())
        .output()
}

fn has_no_pip(output: &Output) -> bool {
    !output.status.success()
        && String::from_utf8_lossy(&output.stderr).contains("No module named pip")
}

/// pip's last error lines, or whatever it said last.
fn last_error(words: &str) -> String {
    let lines: Vec<&str> = words
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let errors: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|l| l.starts_with("ERROR"))
        .collect();
    let told = if errors.is_empty() { &lines } else { &errors };
    cut(&told
        .get(told.len().saturating_sub(2)..)
        .unwrap_or_default()
        .join("; "))
}
