//! Host: the server that runs, and the next one after a restart.

use std::sync::{Arc, Mutex, PoisonError};

use jstp_server::{OptionsError, Server};

type Make = Box<dyn Fn() -> Result<Server, OptionsError> + Send + Sync>;

/// A server that can be replaced by another of the same making.
pub(crate) struct Host {
    make: Make,
    server: Mutex<Arc<Server>>,
}

impl Host {
    pub(crate) fn new(make: Make) -> Result<Self, OptionsError> {
        let server = Mutex::new(Arc::new(make()?));
        Ok(Self { make, server })
    }

    /// The server that runs.
    pub(crate) fn server(&self) -> Arc<Server> {
        let server = self.server.lock();
        Arc::clone(&server.unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the server that runs, and makes the next.
    pub(crate) async fn replace(&self) -> Result<Arc<Server>, OptionsError> {
        self.server().shutdown().await;
        let next = Arc::new((self.make)()?);
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = Arc::clone(&next);
        Ok(next)
    }
}
