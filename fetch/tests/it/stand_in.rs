//! A stand-in for a model hub: HTTP/1.1 on a local socket, with the hub's addresses.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

/// How the stand-in behaves.
#[derive(Default)]
pub(crate) struct Behaviour {
    /// Path in the repository `owner/tiny` at `main` → content.
    pub(crate) files: BTreeMap<&'static str, Vec<u8>>,
    /// Asked for in `Authorization`; without it 401.
    pub(crate) token: Option<&'static str>,
    /// Sends to another address first, as the hub does for large files: this, with `/cdn` behind it.
    pub(crate) redirects: Option<String>,
    /// Ignores `Range`.
    pub(crate) no_ranges: bool,
    /// For the first answers with a body of more: cut off after so many bytes.
    pub(crate) cuts: Mutex<Vec<usize>>,
    /// Answers everything with this status.
    pub(crate) status: Option<u16>,
}

/// A running stand-in; it ends with the process.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                // A client that goes away is no reason to stop.
                drop(answer(&stream, &stream, &behaviour, &seen));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests with a body in the answer: `PATH RANGE`, and whether a token came along.
    pub(crate) fn gets(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let gets = requests.iter().filter_map(|line| line.strip_prefix("GET "));
        gets.map(str::to_owned).collect()
    }
}

fn answer(
    reader: impl Read,
    mut out: impl Write,
    behaviour: &Behaviour,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(reader).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let range = headers.get("range").cloned().unwrap_or_default();
    seen.lock().unwrap().push(format!(
        "{method} {path} {range} {}",
        headers.contains_key("authorization")
    ));

    let refuse = |out: &mut dyn Write, status: u16, more: &str| {
        write!(
            out,
            "HTTP/1.1 {status} X\r\nconnection: close\r\n{more}content-length: 0\r\n\r\n"
        )
    };
    if let Some(status) = behaviour.status {
        return refuse(&mut out, status, "x-error-message: closed today\r\n");
    }
    let wanted = behaviour.token.map(|token| format!("Bearer {token}"));
    if wanted.is_some() && headers.get("authorization") != wanted.as_ref() {
        return refuse(&mut out, 401, "");
    }
    if let Some(to) = &behaviour.redirects
        && path.starts_with("/owner/")
    {
        return refuse(&mut out, 302, &format!("location: {to}/cdn{path}\r\n"));
    }
    let file = path
        .trim_start_matches("/cdn")
        .strip_prefix("/owner/tiny/resolve/main/");
    let Some(content) = file.and_then(|file| behaviour.files.get(file)) else {
        return refuse(&mut out, 404, "x-error-code: EntryNotFound\r\n");
    };
    let start = match range.strip_prefix("bytes=").and_then(|r| r.split_once('-')) {
        Some((start, _)) if !behaviour.no_ranges => start.parse().unwrap(),
        _ => 0,
    };
    let body = &content[start..];
    let status = if start > 0 {
        "206 Partial Content"
    } else {
        "200 OK"
    };
    write!(
        out,
        "HTTP/1.1 {status}\r\nconnection: close\r\netag: \"tag\"\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    if method == "HEAD" {
        return Ok(());
    }
    let mut cuts = behaviour.cuts.lock().unwrap();
    match cuts.first() {
        Some(cut) if body.len() > *cut => out.write_all(&body[..cuts.remove(0)]),
        _ => out.write_all(body),
    }
}
