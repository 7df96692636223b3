//! The fixture: what conformance tests call, the same on every server that implements it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jstp_server::{
    Application, AuthRequest, CallError, Connection, Interface, MethodError, RemoteError,
    ServerOptions, Value, code, mdsf,
};
use tokio::time::{sleep, timeout};

use crate::faults::Faults;
use crate::stores::Stores;

/// How long the answer of a method that ends its own transport gets to be queued before that.
const AFTER_ANSWER: Duration = Duration::from_millis(20);

/// The fixture's state.
#[derive(Clone)]
pub(crate) struct Fixture {
    state: Arc<State>,
    stores: Stores,
    faults: Option<Faults>,
}

#[derive(Default)]
struct State {
    /// By session id, beside the session's own storage.
    memories: Mutex<HashMap<String, Memory>>,
}

#[derive(Default)]
struct Memory {
    counts: HashMap<String, u64>,
    late: Vec<Value>,
}

impl Fixture {
    /// A fixture, with the application `faults` if there are to be any.
    pub(crate) fn new(stores: Stores, faults: Option<Faults>) -> Self {
        Self {
            state: Arc::default(),
            stores,
            faults,
        }
    }

    /// Forgets all sessions.
    pub(crate) fn clear(&self) {
        self.memories().clear();
        self.stores.clear();
    }

    pub(crate) fn options(&self) -> ServerOptions {
        ServerOptions::new(self.applications()).auth_policy(authenticate)
    }

    fn applications(&self) -> Vec<Application> {
        let other = Application::new("other")
            .interface(Interface::new("calc").method("answer", async |_: Connection, (): ()| Ok(7)))
            .interface(session());
        let other = self.stores.keep_other(other);
        [("1.0.0", 42), ("1.2.3", 42), ("2.0.0", 24)]
            .map(|(version, answer)| {
                Application::new("fixture")
                    .version(version)
                    .interface(calc(answer))
                    .interface(self.echo())
                    .interface(fail())
                    .interface(session())
                    .interface(Self::events())
                    .interface(back())
                    .interface(self.admin())
            })
            .into_iter()
            .chain([other])
            .chain(self.faults.iter().map(Faults::application))
            .collect()
    }

    fn echo(&self) -> Interface {
        let fixture = self.clone();
        Interface::new("echo")
            .raw_method("one", 1, async |_, args| Ok(args))
            .raw_method("many", 3, async |_, args| Ok(args))
            .method("none", async |_: Connection, (): ()| Ok(()))
            .method("later", async |_: Connection, (millis, x): (u64, Value)| {
                sleep(Duration::from_millis(millis)).await;
                Ok(x)
            })
            .method("never", async |_: Connection, (): ()| {
                std::future::pending::<Result<(), MethodError>>().await
            })
            .method("count", move |client: Connection, (key,): (String,)| {
                let count = fixture.with_memory(&client, |memory| {
                    let count = memory.counts.entry(key).or_default();
                    *count += 1;
                    *count
                });
                async move { Ok(count) }
            })
    }

    fn events() -> Interface {
        Interface::new("events")
            .method(
                "emit",
                async |client: Connection, (name, args): (String, Vec<Value>)| {
                    client.emit("events", &name, args)?;
                    Ok(())
                },
            )
            .method("flood", flood)
            .method(
                "broadcast",
                async |client: Connection, (name, args): (String, Vec<Value>)| {
                    let server = client.server().ok_or(CallError::Closed)?;
                    Ok(server.broadcast("events", &name, args)?)
                },
            )
            .any_event(|client, name, args| {
                // A client that is gone already misses nothing.
                let _ = client.emit("events", "got", (name, args));
            })
    }

    fn admin(&self) -> Interface {
        let (calling, late, updating) = (self.clone(), self.clone(), self.clone());
        Interface::new("admin")
            .method("close", async |client: Connection, (): ()| {
                tokio::spawn(async move {
                    sleep(AFTER_ANSWER).await;
                    client.close();
                });
                Ok(())
            })
            .method("forget", async |client: Connection, (): ()| {
                tokio::spawn(async move {
                    sleep(AFTER_ANSWER).await;
                    client.forget_session();
                });
                Ok(())
            })
            .method(
                "invokeLater",
                move |client: Connection,
                      (millis, iface, method, args): (u64, String, String, Vec<Value>)| {
                    let fixture = calling.clone();
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(millis)).await;
                        let answer = outcome(client.call(&iface, &method, args).await);
                        fixture.with_memory(&client, |memory| memory.late.push(answer));
                    });
                    async { Ok(()) }
                },
            )
            .method("lateAnswers", move |client: Connection, (): ()| {
                let late = late.with_memory(&client, |memory| memory.late.clone());
                async move { Ok(late) }
            })
            .method("apps", move |client: Connection, (which,): (String,)| {
                let updated = updating.update(&client, &which);
                async move { updated }
            })
            .method("adopt", |client: Connection, (): ()| {
                if let Some(server) = client.server() {
                    server.update_connections_api();
                }
                async { Ok(()) }
            })
    }

    fn update(&self, client: &Connection, which: &str) -> Result<(), MethodError> {
        let answering = |version, answer: u32| {
            let update = Interface::new("update").method(
                "method",
                move |_: Connection, (): ()| async move { Ok(answer) },
            );
            Application::new("update")
                .version(version)
                .interface(update)
        };
        let updates = match which {
            "old" => vec![answering("1.0.0", 42)],
            "new" => vec![answering("1.0.0", 42), answering("1.1.0", 420)],
            "breaking" => {
                let other =
                    Interface::new("update").method("other", async |_: Connection, (): ()| Ok(()));
                vec![Application::new("update").version("2.0.0").interface(other)]
            }
            _ => Vec::new(),
        };
        let server = client.server().ok_or(CallError::Closed)?;
        let applications = self.applications().into_iter().chain(updates);
        Ok(server.update_applications(applications)?)
    }

    fn with_memory<R>(&self, client: &Connection, work: impl FnOnce(&mut Memory) -> R) -> R {
        let session = client.session_id().unwrap_or_default();
        work(self.memories().entry(session).or_default())
    }

    fn memories(&self) -> MutexGuard<'_, HashMap<String, Memory>> {
        self.state
            .memories
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn authenticate(request: AuthRequest) -> Result<String, MethodError> {
    let refused = || MethodError::text("wrong user name, password or token");
    match request.strategy.as_str() {
        "login" if is_blocked(&request.credentials) => {
            Err(RemoteError::with_message(1100, "Account blocked").into())
        }
        "login" => {
            let (user, password): (String, String) = mdsf::from_value(request.credentials)?;
            match (user.as_str(), password.as_str()) {
                ("marcus", "secret") | ("julia", "") => Ok(user),
                ("slow", "slow") => {
                    sleep(Duration::from_millis(500)).await;
                    Ok(user)
                }
                _ => Err(refused()),
            }
        }
        "token" if request.credentials == Value::String("letmein".to_owned()) => {
            Ok("tokenuser".to_owned())
        }
        _ => Err(refused()),
    }
}

/// Whether these are the user's that is refused with any password.
fn is_blocked(credentials: &Value) -> bool {
    let Value::Array(credentials) = credentials else {
        return false;
    };
    matches!(credentials.first(), Some(Value::String(user)) if user == "blocked")
}

fn calc(answer: u32) -> Interface {
    Interface::new("calc")
        .method(
            "answer",
            move |_: Connection, (): ()| async move { Ok(answer) },
        )
        .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b))
        .method(
            "divide",
            async |_: Connection, (a, b): (f64, f64)| match b {
                0.0 => Err(MethodError::text("Error: Zero division")),
                b => Ok(a / b),
            },
        )
}

fn fail() -> Interface {
    Interface::new("fail")
        .method("code", async |_: Connection, (code,): (i64,)| {
            Err::<(), _>(MethodError::code(code))
        })
        .method("custom", async |_: Connection, (): ()| {
            let mut error = RemoteError::with_message(1025, "Custom failure");
            let info = [("b".to_owned(), Value::Number(2.0))];
            error.info = vec![
                Value::String("a".to_owned()),
                Value::Object(info.into_iter().collect()),
            ];
            Err::<(), _>(error.into())
        })
        .method("text", async |_: Connection, (text,): (String,)| {
            Err::<(), _>(MethodError::text(text))
        })
        .method(
            "throws",
            |_: Connection, (): ()| -> std::future::Ready<Result<(), MethodError>> {
                std::panic::resume_unwind(Box::new("thrown on purpose"))
            },
        )
        .method("rejects", async |_: Connection, (): ()| {
            Err::<(), _>(MethodError::internal("rejected on purpose"))
        })
}

/// How long a flood waits for a client that does not say what it has.
const PATIENCE: Duration = Duration::from_millis(50);

async fn flood(client: Connection, (n, payload): (u64, Value)) -> Result<u64, MethodError> {
    let mut text = String::new();
    mdsf::write(&payload, &mut text, mdsf::WriteOptions::default())?;
    // Now and then the client has to say that it has everything so far. Who reads is not overrun so, and who does
    // not is not waited for.
    let burst = (1024 * 1024 / (text.len() + 64)).clamp(1, 1000) as u64;
    for i in 0..n {
        if i % burst == burst - 1
            && let Ok(Err(error)) = timeout(PATIENCE, client.ping()).await
            && error != CallError::BufferFull
        {
            return Err(error.into());
        }
        while let Err(error) = client.emit("events", "tick", (i, &payload)) {
            if error != CallError::BufferFull {
                return Err(error.into());
            }
            // Only the client can make room, which has been asked what it has by then.
            sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(n)
}

fn session() -> Interface {
    Interface::new("session")
        .method("id", async |client: Connection, (): ()| {
            Ok(client.session_id())
        })
        .method("username", async |client: Connection, (): ()| {
            Ok(client.username())
        })
        .method(
            "set",
            async |client: Connection, (key, value): (String, Value)| {
                client.set(key, value);
                Ok(())
            },
        )
        .raw_method("get", 1, async |client, args| {
            let (key,): (String,) = mdsf::from_value(Value::Array(args))?;
            Ok(client.get(&key).into_iter().collect())
        })
        .method("version", async |client: Connection, (): ()| {
            Ok(client
                .application()
                .map(|application| application.version_text().to_owned()))
        })
}

fn back() -> Interface {
    Interface::new("back")
        .method(
            "invoke",
            async |client: Connection, (iface, method, args): (String, String, Vec<Value>)| {
                Ok(outcome(client.call(&iface, &method, args).await))
            },
        )
        .method(
            "invokeResend",
            async |client: Connection, (iface, method, args): (String, String, Vec<Value>)| {
                Ok(outcome(
                    client.call_with_resend(&iface, &method, args).await,
                ))
            },
        )
        .method(
            "inspect",
            async |client: Connection, (iface,): (String,)| {
                Ok(match client.inspect(&iface).await {
                    Ok(names) => Value::Array(names.into_iter().map(Value::String).collect()),
                    Err(error) => outcome(Err(error)),
                })
            },
        )
        .method("ping", async |client: Connection, (): ()| {
            Ok(client.ping().await?.as_secs_f64() * 1000.0)
        })
}

/// `{ ok: [...] }`, or `{ error: [...] }` as on the wire.
fn outcome(answer: Result<Vec<Value>, CallError>) -> Value {
    let (key, values) = match answer {
        Ok(results) => ("ok", results),
        Err(CallError::Remote(error)) => ("error", error.to_wire()),
        Err(error) => {
            // What cannot be sent, and what is no answer.
            let code = error.code().unwrap_or(code::INTERNAL_API_ERROR);
            ("error", vec![Value::Number(code as f64)])
        }
    };
    Value::Object(
        [(key.to_owned(), Value::Array(values))]
            .into_iter()
            .collect(),
    )
}
