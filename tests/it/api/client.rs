//! A small HTTP/1.1 client over a plain socket, so that a test sees and sends every byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// No read of a test waits longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// An open connection and what was read from it too far.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// The first part of a response.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

/// A request to be written.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: vec![("host".to_owned(), "node".to_owned())],
            body: None,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).body(body.to_string())
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends it on a connection of its own and reads the whole answer.
    pub(crate) fn send(self, to: SocketAddr) -> Response {
        let mut connection = Connection::open(to);
        connection.write(&self.header("connection", "close").bytes());
        connection.response()
    }
}

impl Connection {
    pub(crate) fn open(to: SocketAddr) -> Self {
        Self::try_open(to).unwrap()
    }

    pub(crate) fn try_open(to: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::new(),
        })
    }

    /// Sends `bytes`. A server that has already answered may have closed its side: no error here.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads more; `false` at the end, also where the server reset the connection.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.read.extend_from_slice(&buffer[..n]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came: {error}"),
        }
    }

    /// Whether the server has closed its side, or does within the patience.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.more()
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        let rest = self.read.split_off(n);
        std::mem::replace(&mut self.read, rest)
    }

    /// Takes up to and including `end`; `None` when the connection ends before.
    fn take_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self.read.windows(end.len()).position(|at| at == end);
            if let Some(at) = found {
                return Some(self.take(at + end.len()));
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn take_exactly(&mut self, n: usize) -> Vec<u8> {
        while self.read.len() < n {
            assert!(self.more(), "the body ended early");
        }
        self.take(n)
    }

    pub(crate) fn head(&mut self) -> Head {
        self.try_head().unwrap()
    }

    /// The next response's head; `None` when the connection ends.
    pub(crate) fn try_head(&mut self) -> Option<Head> {
        let bytes = self.take_until(b"\r\n\r\n")?;
        let text = String::from_utf8(bytes).unwrap();
        let mut lines = text.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Some(Head {
            status,
            headers: lines.filter_map(header).collect(),
        })
    }

    /// The body that goes with `head`.
    pub(crate) fn body(&mut self, head: &Head) -> Vec<u8> {
        if head.is_chunked() {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk() {
                body.extend(chunk);
            }
            return body;
        }
        if let Some(length) = head.header("content-length") {
            return self.take_exactly(length.parse().unwrap());
        }
        while self.more() {}
        std::mem::take(&mut self.read)
    }

    /// The next chunk of a chunked body; `None` after the last one, or where the body breaks off.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = String::from_utf8(self.take_until(b"\r\n")?).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = self.take_exactly(length + 2);
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }

    /// The body, or `None` where the connection ends before it does.
    pub(crate) fn try_body(&mut self, head: &Head) -> Option<Vec<u8>> {
        if head.is_chunked() {
            let mut body = Vec::new();
            loop {
                let line = self.take_until(b"\r\n")?;
                let length =
                    usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
                while self.read.len() < length + 2 {
                    self.more().then_some(())?;
                }
                let chunk = self.take(length + 2);
                if length == 0 {
                    return Some(body);
                }
                body.extend_from_slice(&chunk[..length]);
            }
        }
        let length = head.header("content-length")?.parse().ok()?;
        while self.read.len() < length {
            self.more().then_some(())?;
        }
        Some(self.take(length))
    }

    pub(crate) fn response(&mut self) -> Response {
        let head = self.head();
        let body = self.body(&head);
        Response { head, body }
    }
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding") == Some("chunked")
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The events of a stream, `[DONE]` included.
    pub(crate) fn events(&self) -> Vec<String> {
        events(&self.text())
    }

    /// Checks that this is an error in OpenAI's form, and gives its message.
    pub(crate) fn expect_error(&self, status: u16, code: &str) -> String {
        let body = self.text();
        assert_eq!(self.status(), status, "{body}");
        let error = &self.json()["error"];
        let keys: Vec<&str> = error
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys, ["message", "type", "param", "code"], "{body}");
        assert_eq!(error["code"], json!(code), "{body}");
        error["message"].as_str().unwrap().to_owned()
    }

    pub(crate) fn param(&self) -> Value {
        self.json()["error"]["param"].clone()
    }
}

/// The data of the server-sent events in `text`.
pub(crate) fn events(text: &str) -> Vec<String> {
    text.split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
        .collect()
}
