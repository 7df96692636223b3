//! Dispatch: calls, events and inspects to the application that answers them (protocol.md 6).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use jstp_proto::error::code;
use jstp_proto::mdsf::RawValue;
use tracing::Instrument;

use crate::answer::{Answer, Ended};
use crate::connection::Connection;
use crate::driver::{Driver, guarded};
use crate::error::MethodError;
use crate::events::ServerEvent;
use crate::server::Hub;

impl<S> Driver<S> {
    pub(crate) async fn called(
        &mut self,
        id: i64,
        interface: String,
        method: String,
        args: RawValue,
    ) {
        let connection = &self.connection;
        self.hub.tell(&ServerEvent::Call {
            connection,
            interface: &interface,
            method: &method,
            args: &args,
        });
        let Some(application) = connection.application() else {
            return;
        };
        let begun = application
            .method(&interface, &method, args.elements().unwrap_or_default())
            .map(|method| guarded(|| method.call(connection.clone(), id, args)));
        let running = match begun {
            Ok(Some(running)) => running,
            Ok(None) => {
                connection.answer(id, Err(MethodError::code(code::INTERNAL_API_ERROR)));
                return;
            }
            Err(code) => {
                connection.answer(id, Err(MethodError::code(code)));
                return;
            }
        };
        // Most methods end without waiting for anything. They run here, which keeps the order in
        // which the client called them; only what has to wait becomes a task.
        let mut running = AssertUnwindSafe(running).catch_unwind();
        let first = std::future::poll_fn(|cx| Poll::Ready(running.poll_unpin(cx))).await;
        let finish = Finish {
            hub: Arc::clone(&self.hub),
            connection: connection.clone(),
            id,
            interface,
            method,
        };
        match first {
            Poll::Ready(ended) => finish.answer(ended),
            Poll::Pending => {
                let went_on = connection.run(
                    self.hub.settings.max_running,
                    self.weight,
                    async move { finish.answer(running.await) }.in_current_span(),
                );
                if !went_on {
                    connection.answer(id, Err(MethodError::code(code::INTERNAL_API_ERROR)));
                }
            }
        }
    }

    pub(crate) fn emitted(&self, interface: &str, event: &str, args: &RawValue) {
        let connection = &self.connection;
        self.hub.tell(&ServerEvent::Event {
            connection,
            interface,
            event,
            args,
        });
        let Some(application) = connection.application() else {
            return;
        };
        if let Some(handler) = application.event_handler(interface, event)
            && guarded(|| handler(connection, event, args)).is_none()
        {
            let error = "the event handler panicked";
            self.hub.tell(&ServerEvent::HandlerFailed {
                connection,
                interface,
                name: event,
                error,
            });
        }
    }

    pub(crate) fn inspected(&self, id: i64, interface: &str) {
        let connection = &self.connection;
        self.hub.tell(&ServerEvent::Inspect {
            connection,
            interface,
        });
        let Some(application) = connection.application() else {
            return;
        };
        let answer = match application.methods(interface) {
            Some(methods) => Answer::to(id).results(&methods.collect::<Vec<_>>()),
            None => Err(MethodError::code(code::INTERFACE_NOT_FOUND)),
        };
        connection.answer(id, answer);
    }
}

/// Where the answer of a method goes.
struct Finish {
    hub: Arc<Hub>,
    connection: Connection,
    id: i64,
    interface: String,
    method: String,
}

impl Finish {
    fn answer(self, ended: std::thread::Result<Ended>) {
        let Self {
            hub,
            connection,
            id,
            interface,
            method,
        } = self;
        let (answer, panicked) = match ended {
            Ok(answer) => (answer, None),
            Err(_) => (
                Err(MethodError::code(code::INTERNAL_API_ERROR)),
                Some("the method panicked".to_owned()),
            ),
        };
        let why = connection.answer(id, answer).or(panicked);
        if let Some(error) = why {
            hub.tell(&ServerEvent::HandlerFailed {
                connection: &connection,
                interface: &interface,
                name: &method,
                error: &error,
            });
        }
    }
}
