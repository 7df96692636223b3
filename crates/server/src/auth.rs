//! AuthPolicy: who a client is, by the strategy and the credentials of its handshake.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jstp_proto::mdsf::Value;

use crate::application::Application;
use crate::connection::Connection;
use crate::error::MethodError;

/// What a policy is asked.
#[derive(Debug)]
pub struct AuthRequest {
    /// The client, its handshake not done yet.
    pub connection: Connection,
    /// The application it asks for.
    pub application: Arc<Application>,
    /// `login`, or another name the client chose.
    pub strategy: String,
    /// What came with it: any value at all, so check before use.
    pub credentials: Value,
}

/// What a policy's answer comes in.
pub type AuthFuture = Pin<Box<dyn Future<Output = Result<String, MethodError>> + Send>>;

/// Decides on handshakes that are neither anonymous nor resume a session.
///
/// An async closure from [`AuthRequest`] to a username is a policy. A [`RemoteError`](crate::RemoteError) reaches
/// the client as it is: with its message if the code is the application's own, the code alone if it is one of
/// the protocol's (Q26). One with a negative code, every other error, a panic and an empty username become error
/// 11.
pub trait AuthPolicy: Send + Sync + 'static {
    /// Returns who the client is.
    fn authenticate(&self, request: AuthRequest) -> AuthFuture;
}

impl<F, Fut> AuthPolicy for F
where
    F: Fn(AuthRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, MethodError>> + Send + 'static,
{
    fn authenticate(&self, request: AuthRequest) -> AuthFuture {
        Box::pin(self(request))
    }
}

impl fmt::Debug for dyn AuthPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthPolicy")
    }
}
