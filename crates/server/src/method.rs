//! Methods: async functions over typed arguments, and what stands behind them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use jstp_proto::error::code;
use jstp_proto::mdsf::{RawValue, Value, ValueError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, Ended};
use crate::connection::Connection;
use crate::error::MethodError;

/// Arguments as a method takes them: a tuple, one element for each argument.
///
/// The number of elements is the method's arity; a call with another number, or with a value that
/// does not fit, is answered with error 17.
pub trait Arguments: Sized + Send + 'static {
    /// How many there are.
    const ARITY: usize;

    /// Reads them: an array, as it came.
    ///
    /// # Errors
    /// A value is not what the type says.
    fn read(args: &RawValue) -> Result<Self, ValueError>;
}

impl Arguments for () {
    const ARITY: usize = 0;

    fn read(_: &RawValue) -> Result<Self, ValueError> {
        Ok(())
    }
}

macro_rules! arguments {
    ($($count:literal: $($name:ident)+;)+) => { $(
        impl<$($name: DeserializeOwned + Send + 'static),+> Arguments for ($($name,)+) {
            const ARITY: usize = $count;

            fn read(args: &RawValue) -> Result<Self, ValueError> {
                args.to()
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

/// Waits for a call's end.
pub(crate) type EndFuture = Pin<Box<dyn Future<Output = Ended> + Send>>;
type Handler = dyn Fn(Connection, i64, RawValue) -> EndFuture + Send + Sync;

/// A method, whatever its arguments.
pub(crate) struct Method {
    pub(crate) arity: usize,
    handler: Box<Handler>,
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
            handler: Box::new(move |connection, id, args| match A::read(&args) {
                Ok(read) => {
                    drop(args);
                    let running = function(connection, read);
                    Box::pin(async move { running.await?.write(Answer::to(id)) })
                }
                Err(_) => Box::pin(async { Err(MethodError::code(code::INVALID_SIGNATURE)) }),
            }),
        }
    }

    pub(crate) fn raw<F, Fut>(arity: usize, function: F) -> Self
    where
        F: Fn(Connection, Vec<Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Value>, MethodError>> + Send + 'static,
    {
        Self {
            arity,
            handler: Box::new(move |connection, id, args| {
                let running = function(connection, values(&args));
                drop(args);
                Box::pin(async move { Answer::to(id).values(&running.await?) })
            }),
        }
    }

    /// Begins a call with this id. The function itself may run a part, or panic, right here.
    pub(crate) fn call(&self, connection: Connection, id: i64, args: RawValue) -> EndFuture {
        (self.handler)(connection, id, args)
    }
}

/// The elements of an array.
pub(crate) fn values(array: &RawValue) -> Vec<Value> {
    match array.to_value() {
        Value::Array(elements) => elements,
        _ => Vec::new(),
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
    /// Writes the results as they travel.
    ///
    /// # Errors
    /// They cannot be written; the client is answered with error 16.
    fn write(self, answer: Answer) -> Result<Answer, MethodError>;
}

impl<R: Serialize + 'static> MethodResult for R {
    fn write(self, answer: Answer) -> Ended {
        answer.result(self)
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
    fn write(self, answer: Answer) -> Ended {
        answer.results(&self.0)
    }
}

/// An event handler, whatever its arguments. It gets the event's name.
pub(crate) type EventHandler = Box<dyn Fn(&Connection, &str, &RawValue) + Send + Sync>;
