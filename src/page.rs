//! What the page lives through: online, offline, hidden, frozen, back from the cache.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// What a page's life means for a connection that waits for its next attempt.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum PageEvent {
    /// The network is back: everybody's, so not all at once.
    Online,
    /// There is no network to try.
    Offline,
    /// Somebody looks at the page again, or it runs again.
    Awake,
}

/// Events of the global object; a worker has the first two only, a service worker none that come.
const GLOBAL: [&str; 3] = ["online", "offline", "pageshow"];
/// Events of the document, where there is one.
const DOCUMENT: [&str; 2] = ["visibilitychange", "resume"];

/// Listens for as long as it lives.
pub(crate) struct PageLife {
    global: EventTarget,
    document: Option<EventTarget>,
    listener: Closure<dyn FnMut(Event)>,
}

impl PageLife {
    /// Tells of the page's events from now on.
    pub(crate) fn watch(tell: impl Fn(PageEvent) + 'static) -> Self {
        let global: EventTarget = js_sys::global().unchecked_into();
        let document = Reflect::get(&global, &"document".into())
            .ok()
            .filter(JsValue::is_object)
            .map(JsCast::unchecked_into::<EventTarget>);
        let looked_at = document.clone();
        let listener = Closure::new(move |event: Event| match event.type_().as_str() {
            "online" => tell(PageEvent::Online),
            "offline" => tell(PageEvent::Offline),
            "visibilitychange" if is_hidden(looked_at.as_ref()) => {}
            _ => tell(PageEvent::Awake),
        });
        let life = Self {
            global,
            document,
            listener,
        };
        life.each(|target, name, listener| {
            // Where a name means nothing the listener is never called.
            let _ = target.add_event_listener_with_callback(name, listener);
        });
        life
    }

    fn each(&self, act: impl Fn(&EventTarget, &str, &js_sys::Function)) {
        let listener = self.listener.as_ref().unchecked_ref();
        // Not every host of WebAssembly is a browser.
        let has_events = Reflect::has(&self.global, &"addEventListener".into());
        if has_events.unwrap_or(false) {
            for name in GLOBAL {
                act(&self.global, name, listener);
            }
        }
        if let Some(document) = &self.document {
            for name in DOCUMENT {
                act(document, name, listener);
            }
        }
    }
}

impl Drop for PageLife {
    fn drop(&mut self) {
        self.each(|target, name, listener| {
            let _ = target.remove_event_listener_with_callback(name, listener);
        });
    }
}

/// Whether the browser says that there is no network. What is no browser does not say.
pub(crate) fn is_offline() -> bool {
    Reflect::get(&js_sys::global(), &"navigator".into())
        .and_then(|navigator| Reflect::get(&navigator, &"onLine".into()))
        .is_ok_and(|online| online == JsValue::FALSE)
}

fn is_hidden(document: Option<&EventTarget>) -> bool {
    let Some(document) = document else {
        return false;
    };
    Reflect::get(document, &"visibilityState".into())
        .is_ok_and(|state| state.as_string().as_deref() == Some("hidden"))
}
