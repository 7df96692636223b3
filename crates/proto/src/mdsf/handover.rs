//! Values that pass through serde as they are.
//!
//! Between our own types and our own formats, serde would take a value apart only for it to be put together
//! again. It cannot be told that it need not; so whoever has the value leaves it here, and whoever is asked to
//! make one looks here first. Both happen in one call of serde, on one thread.

use std::cell::{Cell, RefCell};

use super::raw::RawValue;
use super::value::Value;

pub(super) enum Parcel {
    Value(Value),
    Raw(RawValue),
}

thread_local! {
    static PARCEL: RefCell<Option<Parcel>> = const { RefCell::new(None) };
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Leaves something for whoever is asked next.
pub(super) fn leave(parcel: Parcel) {
    PARCEL.with(|slot| slot.replace(Some(parcel)));
}

/// Takes what was left.
pub(super) fn take() -> Option<Parcel> {
    PARCEL.with(|slot| slot.borrow_mut().take())
}

/// Says that whoever serializes next is to leave itself here instead.
pub(super) fn ask() {
    IS_ASKED.with(|asked| asked.set(true));
}

/// Whether that was said.
pub(super) fn is_asked() -> bool {
    IS_ASKED.with(|asked| asked.replace(false))
}
