//! The listener: the one place that binds a socket, and the accept loop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;

/// How long to wait after the system refused a connection (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound socket, made before the sandbox closes: afterwards no other can be.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// Why no socket could be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address.
    address: SocketAddr,
    /// What the system said.
    source: std::io::Error,
}

impl Bound {
    /// Binds the configured address.
    ///
    /// # Errors
    ///
    /// [`BindError`] when the system refuses.
    pub fn new(config: &ServerConfig) -> Result<Self, BindError> {
        let failed = |source| BindError {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that the system chose where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The descriptor, for the sandbox to keep open.
    #[cfg(unix)]
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.listener)
    }

    /// Serves `router` until `stop`, then lets running requests end within the drain time.
    ///
    /// # Errors
    ///
    /// The listener can't be handed to the runtime.
    pub async fn serve(
        self,
        router: Router,
        config: &ServerConfig,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let slots = Arc::new(Semaphore::new(config.max_connections));
        let graceful = GracefulShutdown::new();
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(64 * 1024);
        loop {
            // A slot first: connections over the limit wait in the kernel's queue.
            let accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                (slot, listener.accept().await)
            };
            let (slot, stream) = tokio::select! {
                () = stop.cancelled() => break,
                (slot, accepted) = accepted => match accepted {
                    Ok((stream, _peer)) => (slot, stream),
                    Err(error) => {
                        tracing::warn!(kind = %error.kind(), "no connection could be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            // Streamed tokens are small writes: don't hold them back.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            let connection = server.serve_connection(TokioIo::new(stream), service);
            let watched = graceful.watch(connection);
            tokio::spawn(async move {
                // An error here is the client's: it went away or spoke no HTTP.
                let _ = watched.await;
                drop(slot);
            });
        }
        drop(listener);
        if tokio::time::timeout(config.drain_timeout, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("the drain time is over: the remaining requests are cut off");
        }
        Ok(())
    }
}
