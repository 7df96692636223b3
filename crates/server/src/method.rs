//! Methods: async functions over typed arguments, and what stands behind them.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use jstp_proto::error::code;
use jstp_proto::mdsf::{self, Value, ValueError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::error::MethodError;

/// Arguments as a method takes them: a tuple, one element for each argument.
///
/// The number of elements is the method's arity; a call with another number, or with a value that
/// does not fit, is answered with error 17.
pub trait Arguments: Sized + Send + 'static {
    /// How many there are.
    const ARITY: usize;

    /// Reads them.
    ///
    /// # Errors
    /// A value is not what the type says.
    fn read(args: Vec<Value>) -> Result<Self, ValueError>;
}

impl Arguments for () {
    const ARITY: usize = 0;

    fn read(_: Vec<Value>) -> Result<Self, ValueError> {
        Ok(())
    }
}

macro_rules! arguments {
    ($($count:literal: $($name:ident)+;)+) => { $(
        impl<$($name: DeserializeOwned + Send + 'static),+> Arguments for ($($name,)+) {
            const ARITY: usize = $count;

            fn read(args: Vec<Value>) -> Result<Self, ValueError> {
                mdsf::from_value(Value::Array(args))
            }
        }
    )+ };
}

arguments! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}

/// How a call ends: several results, or none, or an error.
pub(crate) type Answer = Result<Vec<Value>, MethodError>;
pub(crate) type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A method, whatever its arguments.
pub(crate) struct Method {
    pub(crate) arity: usize,
    handler: Box<dyn Fn(Connection, Vec<Value>) -> AnswerFuture + Send + Sync>,
}

impl Method {
    pub(crate) fn typed<A, F, Fut, R>(function: F) -> Self
    where
        A: Arguments,
        F: Fn(Connection, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, MethodError>> + Send + 'static,
        R: MethodResult,
    {
        Self {
            arity: A::ARITY,
            handler: Box::new(move |connection, args| match A::read(args) {
                Ok(args) => {
                    let running = function(connection, args);
                    Box::pin(async move { running.await?.into_results() })
                }
                Err(_) => Box::pin(async { Err(MethodError::code(code::INVALID_SIGNATURE)) }),
            }),
        }
    }

    pub(crate) fn raw<F, Fut>(arity: usize, function: F) -> Self
    where
        F: Fn(Connection, Vec<Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self {
            arity,
            handler: Box::new(move |connection, args| Box::pin(function(connection, args))),
        }
    }

    /// Begins a call. The function itself may run a part, or panic, right here.
    pub(crate) fn call(&self, connection: Connection, args: Vec<Value>) -> AnswerFuture {
        (self.handler)(connection, args)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method")
            .field("arity", &self.arity)
            .finish_non_exhaustive()
    }
}

/// What a method returns: anything serde can write is one result, `()` is none, and [`Results`] are
/// several.
pub trait MethodResult {
    /// The results as they travel.
    ///
    /// # Errors
    /// They cannot be written; the client is answered with error 16.
    fn into_results(self) -> Result<Vec<Value>, MethodError>;
}

impl<R: Serialize + 'static> MethodResult for R {
    fn into_results(self) -> Result<Vec<Value>, MethodError> {
        if (&self as &dyn Any).is::<()>() {
            return Ok(Vec::new());
        }
        match mdsf::to_value(&self)? {
            Value::Undefined => Ok(Vec::new()),
            value => Ok(vec![value]),
        }
    }
}

/// Several results of a method, as a tuple or a list.
///
/// ```
/// use jstp_server::{Connection, Interface, Results};
///
/// let calculator = Interface::new("calculator").method(
///     "divmod",
///     async |_: Connection, (a, b): (f64, f64)| Ok(Results(((a / b).floor(), a % b))),
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results<T>(pub T);

impl<T: Serialize> MethodResult for Results<T> {
    fn into_results(self) -> Result<Vec<Value>, MethodError> {
        match mdsf::to_value(&self.0)? {
            Value::Array(results) => Ok(results),
            Value::Undefined | Value::Null => Ok(Vec::new()),
            _ => Err(MethodError::internal(
                "Results hold neither a tuple nor a list",
            )),
        }
    }
}

/// An event handler, whatever its arguments. It gets the event's name.
pub(crate) type EventHandler = Box<dyn Fn(&Connection, &str, Vec<Value>) + Send + Sync>;
