//! Arguments and options as they arrive from JavaScript, checked before anything is opened.

use std::slice;
use std::time::Duration;

use js_sys::{Array, Function, JsString, Reflect};
use jstp_proto::version::{AppName, Range};
use wasm_bindgen::prelude::*;

use crate::error::{plain, range_error, type_error, wrong_type};
use crate::payload::Sending;
use crate::session::PageSession;
use crate::waiting::Signal;

/// The application a page connects to.
pub(crate) struct App {
    /// As the page gave it, for its connect policy.
    pub(crate) given: JsValue,
    pub(crate) name: String,
    pub(crate) range: Option<String>,
}

/// How a transport is opened, and what it may carry.
pub(crate) struct TransportOptions {
    /// The configuration and the URL, in the form in which the page gave them.
    pub(crate) given: Array,
    pub(crate) url: String,
    /// Whether several messages in one are offered (extensions.md).
    pub(crate) batch: bool,
    /// Stands in for the global `WebSocket`.
    pub(crate) constructor: Option<Function>,
    pub(crate) sending: Sending,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) max_received_message_size: Option<usize>,
}

/// The client object's settings; the object itself is never changed (Q47).
pub(crate) struct ClientOptions {
    /// As the page gave it, or null.
    pub(crate) given: JsValue,
    pub(crate) application: Option<JsValue>,
    /// A function, and what it is called on.
    pub(crate) policy: Option<(Function, JsValue)>,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) call_timeout: Option<Duration>,
    pub(crate) heartbeat_interval: Option<Duration>,
    pub(crate) heartbeat_timeout: Option<Duration>,
    pub(crate) resume_check: Option<Duration>,
    pub(crate) in_doubt_timeout: Option<Duration>,
    pub(crate) buffer_messages: Option<usize>,
    pub(crate) buffer_bytes: Option<usize>,
    /// The page's own, in place of the default.
    pub(crate) reconnector: Option<Function>,
    /// Whether a session the server does not know any more is replaced by a new one.
    pub(crate) renews: bool,
    /// Whether that holds for the first connect too: the page has to ask for it.
    pub(crate) renews_at_first: bool,
    /// Whether the events of protocol.md 10 go to a logger of the page's.
    pub(crate) has_logger: bool,
    /// To go on with.
    pub(crate) session: Option<PageSession>,
}

/// What may end the wait for a call's answer, and whether a lost one is made again.
#[derive(Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) signal: Option<Signal>,
    pub(crate) resend: bool,
}

/// The arguments of `connect` or `connectAndInspect`.
pub(crate) struct ConnectArguments {
    pub(crate) app: App,
    pub(crate) client: ClientOptions,
    pub(crate) interfaces: Vec<String>,
    pub(crate) transport: TransportOptions,
}

/// Takes the callback off the arguments: the last one, if it is a function.
pub(crate) fn take_callback(args: &mut Vec<JsValue>) -> Option<Function> {
    let callback = args.last()?.dyn_ref::<Function>()?.clone();
    args.pop();
    Some(callback)
}

impl ConnectArguments {
    /// Reads `(app, client, [interfaces,] [webSocketConfig,] requestUrl)`; the callback has been
    /// taken off.
    pub(crate) fn read(args: &[JsValue], with_interfaces: bool) -> Result<Self, JsValue> {
        let mut args = args.iter();
        let mut next = || args.next().cloned().unwrap_or_default();
        let app = App::read(next())?;
        let client = ClientOptions::read(next())?;
        let interfaces = if with_interfaces {
            read_interfaces(&next())?
        } else {
            Vec::new()
        };
        let transport = TransportOptions::read(&mut args)?;
        Ok(Self {
            app,
            client,
            interfaces,
            transport,
        })
    }
}

impl CallOptions {
    /// Reads what stands last in a call: a callback, options, or nothing.
    pub(crate) fn read(last: &JsValue) -> Result<(Option<Function>, Self), JsValue> {
        if !last.is_object() || last.is_function() {
            return Ok((read_callback(last)?, Self::default()));
        }
        let signal = match present(get(last, "signal")?) {
            None => None,
            Some(signal) => match Signal::from_value(&signal) {
                Some(signal) => Some(signal),
                None => return Err(wrong_type("options.signal", "an AbortSignal", &signal)),
            },
        };
        let options = Self {
            timeout: read_millis(last, "options", "timeout")?,
            signal,
            resend: read_flag(last, "options", "resend")?,
        };
        Ok((None, options))
    }
}

impl App {
    /// Reads `'name'`, `'name@range'` or `{ name, version }`.
    pub(crate) fn read(given: JsValue) -> Result<Self, JsValue> {
        if let Some(text) = given.as_string() {
            let app =
                AppName::parse(&text).map_err(|error| type_error(&format!("app: {error}")))?;
            let range = app.range().map(str::to_owned);
            if let Some(range) = &range {
                check_range(range)?;
            }
            return Ok(Self {
                name: app.name().to_owned(),
                range,
                given,
            });
        }
        if !given.is_object() {
            return Err(wrong_type("app", "a string or { name, version }", &given));
        }
        let name = get(&given, "name")?;
        let name = match name.as_string() {
            Some(text) if !text.is_empty() => text,
            _ => return Err(wrong_type("app.name", "a string that is not empty", &name)),
        };
        let version = get(&given, "version")?;
        let range = match version.as_string() {
            Some(range) => (!range.is_empty()).then_some(range),
            None if is_absent(&version) => None,
            None => return Err(wrong_type("app.version", "a string", &version)),
        };
        if let Some(range) = &range {
            check_range(range)?;
        }
        Ok(Self { given, name, range })
    }
}

fn check_range(text: &str) -> Result<(), JsValue> {
    if Range::is_valid(text) {
        return Ok(());
    }
    let message = format!("Invalid semver version range: app asks for '{text}'");
    Err(plain(&message))
}

impl ClientOptions {
    fn read(given: JsValue) -> Result<Self, JsValue> {
        if is_absent(&given) {
            return Ok(Self {
                given: JsValue::NULL,
                application: None,
                policy: None,
                handshake_timeout: None,
                call_timeout: None,
                heartbeat_interval: None,
                heartbeat_timeout: None,
                resume_check: None,
                in_doubt_timeout: None,
                buffer_messages: None,
                buffer_bytes: None,
                reconnector: None,
                renews: true,
                renews_at_first: false,
                has_logger: false,
                session: None,
            });
        }
        if !given.is_object() || given.is_array() {
            return Err(wrong_type("client", "an object, null or undefined", &given));
        }
        let application = present(get(&given, "application")?);
        if let Some(application) = &application {
            for method in ["callMethod", "getMethods", "handleEvent"] {
                if !application.is_object() || !get(application, method)?.is_function() {
                    return Err(wrong_type(
                        "client.application",
                        "an Application",
                        application,
                    ));
                }
            }
        }
        let policy = match present(get(&given, "connectPolicy")?) {
            None => None,
            Some(policy) => Some(read_policy(policy)?),
        };
        let handshake_timeout = read_millis(&given, "client", "handshakeTimeout")?;
        let call_timeout = read_millis(&given, "client", "callTimeout")?;
        // As upstream: zero is no heartbeat.
        let heartbeat_interval = read_millis(&given, "client", "heartbeatInterval")?
            .filter(|interval| !interval.is_zero());
        let heartbeat_timeout = read_millis(&given, "client", "heartbeatTimeout")?;
        let resume_check = read_millis(&given, "client", "resumeCheck")?;
        let in_doubt_timeout = read_millis(&given, "client", "inDoubtTimeout")?;
        let (buffer_messages, buffer_bytes) = read_buffer_limit(&get(&given, "bufferLimit")?)?;
        let reconnector = match present(get(&given, "reconnector")?) {
            None => None,
            Some(reconnector) => match reconnector.dyn_ref::<Function>() {
                Some(function) => Some(function.clone()),
                None => return Err(wrong_type("client.reconnector", "a function", &reconnector)),
            },
        };
        let on_lost = get(&given, "onSessionLost")?;
        let renews = match on_lost.as_string().as_deref() {
            Some("renew") => true,
            Some("stop") => false,
            _ if on_lost.is_undefined() => true,
            _ => {
                return Err(wrong_type(
                    "client.onSessionLost",
                    "'renew' or 'stop'",
                    &on_lost,
                ));
            }
        };
        let has_logger = match present(get(&given, "logger")?) {
            None => false,
            Some(logger) if get(&logger, "emit").is_ok_and(|emit| emit.is_function()) => true,
            Some(logger) => return Err(wrong_type("client.logger", "an emitter", &logger)),
        };
        let session = match present(get(&given, "session")?) {
            None => None,
            Some(session) => match PageSession::from_value(&session) {
                Some(session) => Some(session),
                None => return Err(wrong_type("client.session", "a Session", &session)),
            },
        };
        Ok(Self {
            application,
            policy,
            handshake_timeout,
            call_timeout,
            heartbeat_interval,
            heartbeat_timeout,
            resume_check,
            in_doubt_timeout,
            buffer_messages,
            buffer_bytes,
            reconnector,
            renews,
            has_logger,
            renews_at_first: renews && !on_lost.is_undefined(),
            session,
            given,
        })
    }
}

/// Reads `{ messages, bytes }`, either of which may be left out.
fn read_buffer_limit(limit: &JsValue) -> Result<(Option<usize>, Option<usize>), JsValue> {
    if is_absent(limit) {
        return Ok((None, None));
    }
    if !limit.is_object() {
        return Err(wrong_type("client.bufferLimit", "an object", limit));
    }
    let read = |key: &str| match read_number(limit, "client.bufferLimit", key)? {
        Some(count) if count < 1.0 => {
            let message = format!("client.bufferLimit.{key} must be at least 1");
            Err(range_error(&message))
        }
        count => Ok(count.map(|count| count as usize)),
    };
    Ok((read("messages")?, read("bytes")?))
}

fn read_policy(policy: JsValue) -> Result<(Function, JsValue), JsValue> {
    if let Some(function) = policy.dyn_ref::<Function>() {
        return Ok((function.clone(), JsValue::UNDEFINED));
    }
    if policy.is_object()
        && let Some(connect) = get(&policy, "connect")?.dyn_ref::<Function>()
    {
        return Ok((connect.clone(), policy));
    }
    let wanted = "a function or an object with a method `connect`";
    Err(wrong_type("client.connectPolicy", wanted, &policy))
}

impl TransportOptions {
    /// Reads `[webSocketConfig,] requestUrl` and what may follow: a string or URL in the place of
    /// the configuration means the short form.
    pub(crate) fn read(args: &mut slice::Iter<'_, JsValue>) -> Result<Self, JsValue> {
        let first = args.next().cloned().unwrap_or_default();
        if let Some(url) = url_text(&first) {
            nothing_more(args.as_slice())?;
            return Self::of(&JsValue::UNDEFINED, &url, Array::of1(&first));
        }
        let second = args.next().cloned().unwrap_or_default();
        let Some(url) = url_text(&second) else {
            // What stands first is the URL, or the configuration before it.
            let before = first.is_object() || is_absent(&first);
            let blamed = if before { &second } else { &first };
            return Err(wrong_type("requestUrl", "a string or a URL", blamed));
        };
        // Upstream's long form goes on with origin, headers and request options, on which a
        // browser has no say.
        nothing_more(args.as_slice().get(3..).unwrap_or_default())?;
        Self::of(&first, &url, Array::of2(&first, &second))
    }

    fn of(config: &JsValue, url: &str, given: Array) -> Result<Self, JsValue> {
        let url = check_url(url)?;
        let mut options = Self {
            given,
            url,
            batch: true,
            constructor: None,
            sending: Sending::default(),
            connect_timeout: None,
            close_timeout: None,
            max_received_message_size: None,
        };
        if !is_absent(config) {
            if !config.is_object() || config.is_array() {
                return Err(wrong_type("webSocketConfig", "an object", config));
            }
            options.read_config(config)?;
        }
        if options.constructor.is_none() && !get(&js_sys::global(), "WebSocket")?.is_function() {
            return Err(plain(
                "there is no WebSocket here: pass a constructor as webSocketConfig.WebSocket, \
                 for example the default export of the package `ws`; Node.js has its own from 22 on",
            ));
        }
        Ok(options)
    }

    fn read_config(&mut self, config: &JsValue) -> Result<(), JsValue> {
        let name = "webSocketConfig";
        if let Some(constructor) = present(get(config, "WebSocket")?) {
            let Some(function) = constructor.dyn_ref::<Function>() else {
                return Err(wrong_type(
                    "webSocketConfig.WebSocket",
                    "a constructor",
                    &constructor,
                ));
            };
            self.constructor = Some(function.clone());
        }
        self.sending.allow_non_finite = read_flag(config, name, "allowNonFinite")?;
        self.sending.honour_to_mdsf = read_flag(config, name, "honourToMDSF")?;
        self.batch = get(config, "batch")?.is_undefined() || read_flag(config, name, "batch")?;
        self.connect_timeout = read_millis(config, name, "connectTimeout")?;
        self.close_timeout = read_millis(config, name, "closeTimeout")?;
        self.max_received_message_size = match read_number(config, name, "maxReceivedMessageSize")?
        {
            None => None,
            Some(bytes) if bytes >= 1.0 => Some(bytes as usize),
            Some(_) => {
                return Err(range_error(
                    "webSocketConfig.maxReceivedMessageSize must be a number of bytes, at least 1",
                ));
            }
        };
        Ok(())
    }
}

fn nothing_more(args: &[JsValue]) -> Result<(), JsValue> {
    match args.iter().find(|extra| !is_absent(extra)) {
        Some(extra) => Err(wrong_type("callback", "a function", extra)),
        None => Ok(()),
    }
}

fn read_interfaces(given: &JsValue) -> Result<Vec<String>, JsValue> {
    if !given.is_array() {
        return Err(wrong_type(
            "interfaces",
            "an array of interface names",
            given,
        ));
    }
    let array: &Array = given.unchecked_ref();
    let mut names = Vec::with_capacity(array.length() as usize);
    for (index, name) in array.iter().enumerate() {
        match name.as_string() {
            Some(name) if !name.is_empty() => names.push(name),
            _ => {
                let what = format!("interfaces[{index}]");
                return Err(wrong_type(&what, "a string that is not empty", &name));
            }
        }
    }
    Ok(names)
}

/// The text of a string or of a URL object.
fn url_text(value: &JsValue) -> Option<String> {
    if let Some(text) = value.as_string() {
        return Some(text);
    }
    if value.is_object() {
        get(value, "href").ok()?.as_string()
    } else {
        None
    }
}

/// The URL in full, if a WebSocket can be opened there.
fn check_url(text: &str) -> Result<String, JsValue> {
    let base = get(&js_sys::global(), "location")
        .and_then(|location| get(&location, "href"))
        .ok()
        .and_then(|href| href.as_string());
    let url = match &base {
        Some(base) => web_sys::Url::new_with_base(text, base),
        None => web_sys::Url::new(text),
    };
    let Ok(url) = url else {
        return Err(type_error(&format!("requestUrl '{text}' is not a URL")));
    };
    match url.protocol().as_str() {
        "ws:" | "wss:" => {}
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        other => {
            return Err(type_error(&format!(
                "requestUrl '{text}' must begin with ws: or wss:, not {other}"
            )));
        }
    }
    if !url.hash().is_empty() {
        return Err(type_error(&format!(
            "requestUrl '{text}' must not have a fragment"
        )));
    }
    Ok(url.href())
}

fn read_flag(object: &JsValue, name: &str, key: &str) -> Result<bool, JsValue> {
    let value = get(object, key)?;
    match value.as_bool() {
        Some(flag) => Ok(flag),
        None if value.is_undefined() => Ok(false),
        None => Err(wrong_type(&format!("{name}.{key}"), "a boolean", &value)),
    }
}

fn read_number(object: &JsValue, name: &str, key: &str) -> Result<Option<f64>, JsValue> {
    let value = get(object, key)?;
    match value.as_f64() {
        Some(number) if number.is_nan() => {
            Err(range_error(&format!("{name}.{key} must not be NaN")))
        }
        Some(number) => Ok(Some(number)),
        None if value.is_undefined() => Ok(None),
        None => Err(wrong_type(&format!("{name}.{key}"), "a number", &value)),
    }
}

/// An interval that is an argument of its own.
pub(crate) fn read_interval(value: &JsValue, what: &str) -> Result<Duration, JsValue> {
    match value.as_f64() {
        Some(millis) if millis > 0.0 => Ok(Duration::from_millis(
            millis.min(f64::from(i32::MAX)).ceil() as u64,
        )),
        Some(_) => Err(range_error(&format!(
            "{what} must be a number of milliseconds above 0"
        ))),
        None => Err(wrong_type(what, "a number", value)),
    }
}

/// A time in milliseconds; `Infinity` means as long as a timer can wait.
fn read_millis(object: &JsValue, name: &str, key: &str) -> Result<Option<Duration>, JsValue> {
    match read_number(object, name, key)? {
        None => Ok(None),
        Some(millis) if millis >= 0.0 => Ok(Some(Duration::from_millis(
            millis.min(f64::from(i32::MAX)) as u64,
        ))),
        Some(_) => {
            let message = format!("{name}.{key} must be a number of milliseconds, at least 0");
            Err(range_error(&message))
        }
    }
}

/// A name that a message carries.
pub(crate) fn read_name(value: &JsValue, what: &str) -> Result<String, JsValue> {
    value
        .as_string()
        .ok_or_else(|| wrong_type(what, "a string", value))
}

/// A callback that may be left out.
pub(crate) fn read_callback(value: &JsValue) -> Result<Option<Function>, JsValue> {
    if is_absent(value) {
        return Ok(None);
    }
    match value.dyn_ref::<Function>() {
        Some(callback) => Ok(Some(callback.clone())),
        None => Err(wrong_type("callback", "a function", value)),
    }
}

pub(crate) fn get(object: &JsValue, key: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &JsString::from(key))
}

pub(crate) fn is_absent(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}

fn present(value: JsValue) -> Option<JsValue> {
    (!is_absent(&value)).then_some(value)
}
