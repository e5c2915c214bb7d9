//! As much of an HTTP client as the demo needs; the server's packages have none.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the demo is the client, and calls the server on this machine"
)]

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server and the key to call it with.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
}

/// The head of an answer, and what follows it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    chunked: bool,
    length: usize,
    reader: BufReader<TcpStream>,
}

impl Client {
    /// Sends a request and reads the head of the answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            self.key,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: status.context("no HTTP answer")?,
            chunked: false,
            length: 0,
            reader,
        };
        loop {
            line.clear();
            answer.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                return Ok(answer);
            };
            match name.to_ascii_lowercase().as_str() {
                "transfer-encoding" => answer.chunked = value.trim() == "chunked",
                "content-length" => answer.length = value.trim().parse()?,
                _ => {}
            }
        }
    }

    /// Whether the server takes requests.
    pub(crate) fn is_ready(&self) -> bool {
        let answer = self.send("GET", "/health/ready", None);
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Streams a chat completion: calls `each` with every object of the stream, in order.
    pub(crate) fn stream(
        &self,
        body: &Value,
        mut each: impl FnMut(&Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut answer = self.send("POST", "/v1/chat/completions", Some(body))?;
        if answer.status != 200 {
            let body = answer.text()?;
            bail!("HTTP {}: {body}", answer.status);
        }
        let mut pending = String::new();
        while let Some(bytes) = answer.chunk()? {
            pending.push_str(&String::from_utf8(bytes)?);
            while let Some((event, rest)) = pending.split_once("\n\n") {
                let data = event.strip_prefix("data: ").context("not an event")?;
                if data == "[DONE]" {
                    return Ok(());
                }
                let object: Value = serde_json::from_str(data)?;
                ensure!(object.get("error").is_none(), "the stream failed: {data}");
                each(&object)?;
                pending = rest.to_owned();
            }
        }
        bail!("the stream ended without [DONE]")
    }
}

impl Answer {
    /// All of the body.
    pub(crate) fn text(&mut self) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        if self.chunked {
            while let Some(chunk) = self.chunk()? {
                bytes.extend(chunk);
            }
        } else {
            bytes.resize(self.length, 0);
            self.reader.read_exact(&mut bytes)?;
        }
        Ok(String::from_utf8(bytes)?)
    }

    /// The next chunk of a chunked body; `None` at its end.
    fn chunk(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).context("not a chunk")?;
        let mut bytes = vec![0; length + 2];
        self.reader.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok((length > 0).then_some(bytes))
    }
}
