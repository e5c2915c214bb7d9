//! One connection: which version of HTTP its client speaks, how it is bounded, and how it ends.
//!
//! HTTP/1.1 and HTTP/2 share the port. In clear, a client that speaks HTTP/2 says so with its first bytes
//! ("prior knowledge"); there is no upgrade from HTTP/1.1, which RFC 9113 has taken out.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::config::ServerConfig;

/// Longest head of a request in bytes.
const MAX_HEAD_BYTES: u32 = 64 * 1024;
/// What a client that speaks HTTP/2 sends first (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Most requests of one HTTP/2 connection at a time; further ones wait with the client.
const MAX_STREAMS: u32 = 100;
/// Bytes that a client may send on one stream, and on all together, before somebody reads them.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of one answer that wait for a slow client.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that a client opened and reset before we saw them, and streams that we reset for its errors:
/// one more of either ends the connection (the flood of CVE-2023-44487, and its like).
const MAX_RESETS: usize = 20;
const MAX_ERRORS: usize = 64;
/// After so much silence a client is asked whether it is there, and it has as long to answer.
const PING: Duration = Duration::from_secs(20);

/// How connections are spoken with.
#[derive(Clone, Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    /// Time for the first bytes, and for the next request of an HTTP/2 connection that has none.
    patience: Duration,
}

/// While it lives, a request of its connection is being answered.
#[derive(Clone, Debug)]
pub(super) struct Busy(#[expect(dead_code, reason = "counted by its clones")] Arc<()>);

impl Protocols {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(MAX_HEAD_BYTES as usize);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_local_error_reset_streams(MAX_ERRORS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        Self {
            http1,
            http2,
            patience: config.header_timeout,
        }
    }

    /// Answers the requests of a connection until its client leaves, it is idle for too long, or `closing`
    /// is cancelled and what runs on it has ended.
    pub(super) async fn serve(
        &self,
        mut stream: TcpStream,
        router: Router,
        closing: CancellationToken,
    ) {
        // Streamed tokens are small writes: don't hold them back.
        let _ = stream.set_nodelay(true);
        let start = tokio::select! {
            start = tokio::time::timeout(self.patience, read_start(&mut stream)) => start,
            () = closing.cancelled() => return,
        };
        let Ok(Ok(start)) = start else { return };
        let speaks_http2 = start == PREFACE;
        let io = Resumed {
            start: start.into(),
            io: TokioIo::new(stream),
        };
        let open = Arc::new(());
        let busy = Busy(Arc::clone(&open));
        let service = service_fn(move |request| answer(router.clone(), busy.clone(), request));
        if speaks_http2 {
            let connection = self.http2.serve_connection(io, service);
            // The service itself holds one.
            let is_idle = || Arc::strong_count(&open) <= 2;
            drive(connection, closing, idle(self.patience, is_idle)).await;
        } else {
            let connection = self.http1.serve_connection(io, service);
            // Its own timer runs also between two requests.
            drive(connection, closing, std::future::pending()).await;
        }
    }
}

async fn answer(
    router: Router,
    busy: Busy,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(busy);
    router.oneshot(request).await
}

/// Runs a connection to its end; asks it to end when `closing` is cancelled or `idle` comes back.
async fn drive(
    connection: impl GracefulConnection,
    closing: CancellationToken,
    idle: impl Future<Output = ()>,
) {
    tokio::pin!(connection);
    // An error here is the client's: it went away or spoke no HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = closing.cancelled() => {}
        () = idle => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Comes back when a connection was idle at two looks in a row.
async fn idle(patience: Duration, is_idle: impl Fn() -> bool) {
    let mut was_idle = false;
    loop {
        tokio::time::sleep(patience).await;
        let is_idle = is_idle();
        if was_idle && is_idle {
            return;
        }
        was_idle = is_idle;
    }
}

/// Reads until it is clear whether this is HTTP/2's preface: never more than that, often one byte.
async fn read_start(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(PREFACE.len());
    while start.len() < PREFACE.len() && PREFACE.starts_with(&start) {
        stream.readable().await?;
        let mut buffer = [0; PREFACE.len()];
        let room = PREFACE.len() - start.len();
        match stream.try_read(buffer.get_mut(..room).unwrap_or_default()) {
            Ok(0) => break,
            Ok(n) => start.extend(buffer.iter().take(n)),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(start)
}

/// A stream whose first bytes have been read already.
struct Resumed {
    start: Bytes,
    io: TokioIo<TcpStream>,
}

impl Read for Resumed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.start.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let n = self.start.len().min(buf.remaining());
        buf.put_slice(&self.start.split_to(n));
        Poll::Ready(Ok(()))
    }
}

impl Write for Resumed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_after_two_looks() {
        // Busy at the first look, idle at the second, busy at the third, idle from the fourth on.
        let (looks, is_idle) = (Cell::new(0), [false, true, false, true, true]);
        let began = tokio::time::Instant::now();
        idle(Duration::from_secs(10), || {
            is_idle[looks.replace(looks.get() + 1)]
        })
        .await;
        assert_eq!(began.elapsed(), Duration::from_secs(50));
    }
}
