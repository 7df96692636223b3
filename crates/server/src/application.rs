//! Applications: what a server offers, by name, version, interface and method.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use jstp_proto::error::code;
use jstp_proto::mdsf::Value;
use jstp_proto::{Refused, check_method};

use crate::connection::Connection;
use crate::error::{MethodError, OptionsError};
use crate::method::{Arguments, EventHandler, Method, MethodResult, values};
use crate::storage::{SessionStorageProvider, SharedStorageProvider, Storage};

/// A named set of interfaces in one version.
///
/// ```
/// use jstp_server::{Application, Connection, Interface};
///
/// let calculator = Interface::new("calculator")
///     .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b));
/// let application = Application::new("calculator").version("1.2.0").interface(calculator);
/// ```
#[derive(Debug)]
pub struct Application {
    name: String,
    version: String,
    interfaces: HashMap<String, Interface>,
    storage: Option<Storage>,
}

impl Application {
    /// An application without interfaces, of version 1.0.0. A version after an `@` in the name
    /// wins over that, and over [`version`](Self::version).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: "1.0.0".to_owned(),
            interfaces: HashMap::new(),
            storage: None,
        }
    }

    /// Where sessions of this application are kept, rather than with the
    /// [server's provider](crate::ServerOptions::session_storage_provider).
    #[must_use]
    pub fn session_storage_provider(mut self, provider: impl SessionStorageProvider) -> Self {
        self.storage = Some(Storage::Single(Arc::new(provider)));
        self
    }

    /// Where sessions of this application are kept for several servers, rather than with the
    /// [server's provider](crate::ServerOptions::shared_storage_provider).
    #[must_use]
    pub fn shared_storage_provider(mut self, provider: impl SharedStorageProvider) -> Self {
        self.storage = Some(Storage::Shared(Arc::new(provider)));
        self
    }

    pub(crate) fn storage(&self) -> Option<&Storage> {
        self.storage.as_ref()
    }

    /// Sets the version, which [`create_server`](crate::create_server) checks.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds an interface, in place of any older one of that name.
    #[must_use]
    pub fn interface(mut self, interface: Interface) -> Self {
        self.interfaces.insert(interface.name.clone(), interface);
        self
    }

    /// The name, and the version if the name holds one after its last `@` (Q28).
    pub(crate) fn split_name(&self) -> (&str, &str) {
        match self.name.rfind('@') {
            Some(at) if at > 0 => {
                let (name, version) = self.name.split_at(at);
                (name, version.strip_prefix('@').unwrap_or(version))
            }
            _ => (&self.name, &self.version),
        }
    }

    /// Its name as clients ask for it.
    pub fn name(&self) -> &str {
        self.split_name().0
    }

    /// Its version.
    pub fn version_text(&self) -> &str {
        self.split_name().1
    }

    /// Whether what it offers has names that clients can use.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        for interface in self.interfaces.values() {
            if interface.name.is_empty() {
                let application = self.name().to_owned();
                return Err(OptionsError::InterfaceName { application });
            }
            for (method, _) in &interface.methods {
                if let Err(Refused::Name { why, .. }) = check_method(method) {
                    return Err(OptionsError::MethodName {
                        application: self.name().to_owned(),
                        interface: interface.name.clone(),
                        method: method.clone(),
                        why,
                    });
                }
            }
        }
        Ok(())
    }

    /// The method names of an interface in the order of definition, or `None` without such an
    /// interface.
    pub fn methods(&self, interface: &str) -> Option<impl Iterator<Item = &str>> {
        let interface = self.interfaces.get(interface)?;
        Some(interface.methods.iter().map(|(name, _)| name.as_str()))
    }

    /// The method to call, or the code of the error to answer with (protocol.md 6).
    pub(crate) fn method(
        &self,
        interface: &str,
        method: &str,
        arguments: usize,
    ) -> Result<&Method, i64> {
        let interface = self
            .interfaces
            .get(interface)
            .ok_or(code::INTERFACE_NOT_FOUND)?;
        let method = interface.find(method).ok_or(code::METHOD_NOT_FOUND)?;
        if method.arity != arguments {
            return Err(code::INVALID_SIGNATURE);
        }
        Ok(method)
    }

    pub(crate) fn event_handler(&self, interface: &str, event: &str) -> Option<&EventHandler> {
        let interface = self.interfaces.get(interface)?;
        interface.events.get(event).or(interface.any_event.as_ref())
    }
}

/// A named set of methods and event handlers.
pub struct Interface {
    name: String,
    /// In the order of definition, which an inspect shows.
    methods: Vec<(String, Method)>,
    positions: HashMap<String, usize>,
    events: HashMap<String, EventHandler>,
    any_event: Option<EventHandler>,
}

impl Interface {
    /// An interface without methods.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            methods: Vec::new(),
            positions: HashMap::new(),
            events: HashMap::new(),
            any_event: None,
        }
    }

    /// Adds a method over typed arguments, one tuple element each, with one result: `()` answers
    /// without any, [`Results`](crate::Results) with several. Names that a message cannot carry, such as `call`
    /// and digits alone, are refused by [`create_server`](crate::create_server) (Q40).
    ///
    /// What runs until the first `.await` that has to wait runs in the order in which calls came;
    /// after that, calls run side by side and are answered as they end. A method that panics
    /// answers with error 16.
    #[must_use]
    pub fn method<A, F, Fut, R>(self, name: impl Into<String>, function: F) -> Self
    where
        A: Arguments,
        F: Fn(Connection, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, MethodError>> + Send + 'static,
        R: MethodResult,
    {
        self.add(name.into(), Method::typed(function))
    }

    /// Adds a method over plain values, with any number of results. The arity is checked before
    /// the call.
    #[must_use]
    pub fn raw_method<F, Fut>(self, name: impl Into<String>, arity: usize, function: F) -> Self
    where
        F: Fn(Connection, Vec<Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Value>, MethodError>> + Send + 'static,
    {
        self.add(name.into(), Method::raw(arity, function))
    }

    /// Handles an event that clients emit on this interface. Events whose arguments do not fit
    /// are ignored.
    ///
    /// Handlers run one after the other in the order in which events came, and hold up the
    /// connection's next message; what takes longer belongs into a task of its own.
    #[must_use]
    pub fn event<A, F>(mut self, name: impl Into<String>, handler: F) -> Self
    where
        A: Arguments,
        F: Fn(&Connection, A) + Send + Sync + 'static,
    {
        let handler: EventHandler = Box::new(move |connection, _, args| {
            if args.elements() == Some(A::ARITY)
                && let Ok(args) = A::read(args)
            {
                handler(connection, args);
            }
        });
        self.events.insert(name.into(), handler);
        self
    }

    /// Handles every event that has no handler of its own. The handler gets the event's name.
    #[must_use]
    pub fn any_event<F>(mut self, handler: F) -> Self
    where
        F: Fn(&Connection, &str, Vec<Value>) + Send + Sync + 'static,
    {
        self.any_event = Some(Box::new(move |connection, name, args| {
            handler(connection, name, values(args));
        }));
        self
    }

    fn add(mut self, name: String, method: Method) -> Self {
        match self
            .positions
            .get(&name)
            .and_then(|&position| self.methods.get_mut(position))
        {
            Some(slot) => slot.1 = method,
            None => {
                self.positions.insert(name.clone(), self.methods.len());
                self.methods.push((name, method));
            }
        }
        self
    }

    fn find(&self, method: &str) -> Option<&Method> {
        let position = *self.positions.get(method)?;
        self.methods.get(position).map(|(_, method)| method)
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.methods.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Interface")
            .field("name", &self.name)
            .field("methods", &methods)
            .finish_non_exhaustive()
    }
}
