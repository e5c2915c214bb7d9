//! The listener: the one place that binds a socket, and the accept loop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::ServerConfig;

use super::App;
use super::connection::Protocols;

/// How long to wait after the system refused a connection (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long connections have, after the last request, to write what is left.
const FLUSH_TIME: Duration = Duration::from_secs(2);

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

    /// Serves `app` until it drains. Then readiness says so and new requests are turned away, while the
    /// running ones end; when they have, or the drain time is over, the listener closes. `overdue` is
    /// called in the latter case, to end what still runs.
    ///
    /// # Errors
    ///
    /// The listener can't be handed to the runtime.
    pub async fn serve(
        self,
        app: App,
        config: &ServerConfig,
        overdue: impl FnOnce(),
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let slots = Arc::new(Semaphore::new(config.max_connections));
        let protocols = Protocols::new(config);
        let closing = CancellationToken::new();
        let router = app.clone().router();
        let drained = app.drained(config.drain_timeout);
        tokio::pin!(drained);
        let in_time = loop {
            // A slot first: connections over the limit wait in the kernel's queue.
            let accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                (slot, listener.accept().await)
            };
            let (slot, stream) = tokio::select! {
                in_time = &mut drained => break in_time,
                (slot, accepted) = accepted => match accepted {
                    Ok((stream, _peer)) => (slot, stream),
                    Err(error) => {
                        tracing::warn!(kind = %error.kind(), "no connection could be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            let (protocols, router, closing) = (protocols.clone(), router.clone(), closing.clone());
            tokio::spawn(async move {
                protocols.serve(stream, router, closing).await;
                drop(slot);
            });
        };
        drop(listener);
        if !in_time {
            tracing::warn!("the drain time is over: the remaining requests are cut off");
            overdue();
            // Background jobs have no connection that is waited for below: they keep that they failed.
            let _ = tokio::time::timeout(FLUSH_TIME, app.in_flight.none()).await;
        }
        // Idle connections close at once; what was just answered is still being written. When every slot is
        // back, no connection is left.
        closing.cancel();
        let all = u32::try_from(config.max_connections).unwrap_or(u32::MAX);
        if tokio::time::timeout(FLUSH_TIME, slots.acquire_many(all))
            .await
            .is_err()
        {
            tracing::info!("connections that sent half a request were cut off");
        }
        Ok(())
    }
}
