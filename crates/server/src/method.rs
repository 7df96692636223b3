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
        R: Serialize + 'static,
    {
        Self {
            arity: A::ARITY,
            handler: Box::new(move |connection, args| match A::read(args) {
                Ok(args) => {
                    let running = function(connection, args);
                    Box::pin(async move { result(running.await?) })
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

/// One result, but none for `()`, which says that there is nothing to tell.
fn result<R: Serialize + 'static>(result: R) -> Answer {
    if (&result as &dyn Any).is::<()>() {
        return Ok(Vec::new());
    }
    match mdsf::to_value(&result)? {
        Value::Undefined => Ok(Vec::new()),
        value => Ok(vec![value]),
    }
}

/// An event handler, whatever its arguments. It gets the event's name.
pub(crate) type EventHandler = Box<dyn Fn(&Connection, &str, Vec<Value>) + Send + Sync>;
