//! Heap: the module's allocator, for linear memory without threads. A quarter of the size of any that is to be had.
//!
//! What is free is a list in the order of addresses, where pieces that touch are one. The first that is large enough
//! is taken. A page holds some dozens of pieces for each connection, since texts stay in JavaScript, so the list is
//! short. Whoever gives a piece back knows its size, so none needs a head.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::ptr;

const PAGE: usize = 1 << 16;

/// A piece is a multiple of this long, which is room for a [`Free`].
const UNIT: usize = 8;

/// The beginning of a free piece.
struct Free {
    size: usize,
    next: *mut Free,
}

/// The allocator. It begins with no memory.
pub(crate) struct Heap {
    /// Of no size, before all others.
    first: UnsafeCell<Free>,
}

// SAFETY: there is one thread.
unsafe impl Sync for Heap {}

impl Heap {
    pub(crate) const fn new() -> Self {
        Self {
            first: UnsafeCell::new(Free {
                size: 0,
                next: ptr::null_mut(),
            }),
        }
    }

    /// The last free piece before `address`.
    #[inline(never)]
    fn before(&self, address: *mut u8) -> *mut Free {
        let mut before = self.first.get();
        // SAFETY: all in the list are free pieces, or the one that is before all.
        unsafe {
            while !(*before).next.is_null() && (*before).next.cast() < address {
                before = (*before).next;
            }
        }
        before
    }

    /// Takes `size` bytes from the beginning of the piece after `before`, which has them.
    unsafe fn take(&self, before: *mut Free, size: usize) -> *mut u8 {
        // SAFETY: as the caller says, and the rest of the piece is free as it was.
        unsafe {
            let free = (*before).next;
            let Free { size: all, next } = free.read();
            (*before).next = if all == size {
                next
            } else {
                let rest: *mut Free = free.byte_add(size);
                rest.write(Free {
                    size: all - size,
                    next,
                });
                rest
            };
            free.cast()
        }
    }

    /// Gives a piece back.
    #[inline(never)]
    unsafe fn give(&self, start: *mut u8, mut size: usize) {
        let before = self.before(start);
        // SAFETY: the piece was taken from here, or is new, and nobody uses it any more.
        unsafe {
            let mut next = (*before).next;
            if start.add(size) == next.cast() {
                size += (*next).size;
                next = (*next).next;
            }
            if before.byte_add((*before).size).cast() == start && (*before).size > 0 {
                (*before).size += size;
                (*before).next = next;
            } else {
                let free: *mut Free = start.cast();
                free.write(Free { size, next });
                (*before).next = free;
            }
        }
    }
}

fn rounded(size: usize) -> usize {
    (size + UNIT - 1) & !(UNIT - 1)
}

// SAFETY: pieces do not overlap, and are aligned to `UNIT`; nothing in the module asks for more.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > UNIT {
            return ptr::null_mut();
        }
        let size = rounded(layout.size());
        loop {
            let mut before = self.first.get();
            // SAFETY: as in `before`.
            unsafe {
                while !(*before).next.is_null() {
                    if (*(*before).next).size >= size {
                        return self.take(before, size);
                    }
                    before = (*before).next;
                }
            }
            // What is new goes on where the last piece ends, if that is at the end of memory.
            let end = (memory_size(0) * PAGE) as *mut u8;
            // SAFETY: `before` is the last free piece, and smaller than `size`.
            let has = unsafe {
                match before.byte_add((*before).size).cast() == end {
                    true => (*before).size,
                    false => 0,
                }
            };
            let pages = (size - has).div_ceil(PAGE);
            if memory_grow(0, pages) == usize::MAX {
                return ptr::null_mut();
            }
            // SAFETY: the memory is new.
            unsafe { self.give(end, pages * PAGE) };
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller says so.
        unsafe { self.give(start, rounded(layout.size())) };
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (old, new) = (rounded(layout.size()), rounded(size));
        // SAFETY: what follows the piece is taken only where it is free; and what the caller says.
        unsafe {
            if new >= old {
                let end = start.add(old);
                let before = self.before(end);
                let next = (*before).next;
                let more = new - old;
                if more == 0 || (next.cast() == end && (*next).size >= more) {
                    if more > 0 {
                        self.take(before, more);
                    }
                    return start;
                }
            } else {
                self.give(start.add(new), old - new);
                return start;
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(start, moved, layout.size());
                self.give(start, old);
            }
            moved
        }
    }
}
