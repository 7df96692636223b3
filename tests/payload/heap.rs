//! The module's own allocator.

use std::arch::wasm32::memory_size;

use wasm_bindgen_test::*;

/// Numbers without a pattern, the same each time.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit
    }

    /// Most are small, some are not.
    fn length(&mut self) -> usize {
        match self.below(20) {
            0 => self.below(200_000),
            1..5 => self.below(5000),
            _ => self.below(100),
        }
    }
}

fn filled(length: usize, byte: u8) -> Vec<u8> {
    vec![byte; length]
}

fn is_whole(piece: &[u8], byte: u8) -> bool {
    piece.iter().all(|&other| other == byte)
}

/// Takes, lengthens, shortens and gives back pieces, all of which have to keep what is in them.
fn churn(random: &mut Random) {
    let mut pieces: Vec<(Vec<u8>, u8)> = Vec::new();
    for step in 0..20_000_usize {
        let byte = step as u8;
        match random.below(5) {
            0 | 1 => pieces.push((filled(random.length(), byte), byte)),
            what if !pieces.is_empty() => {
                let at = random.below(pieces.len());
                let (piece, byte) = &mut pieces[at];
                assert!(is_whole(piece, *byte), "step {step}");
                match what {
                    2 => piece.resize(random.length(), *byte),
                    3 => piece.shrink_to_fit(),
                    _ => drop(pieces.swap_remove(at)),
                }
            }
            _ => {}
        }
        if pieces.len() > 300 {
            let half = pieces.split_off(150);
            assert!(half.iter().all(|(piece, byte)| is_whole(piece, *byte)));
        }
    }
    assert!(pieces.iter().all(|(piece, byte)| is_whole(piece, *byte)));
}

#[wasm_bindgen_test]
fn pieces_keep_what_is_in_them_and_memory_does_not_grow_for_ever() {
    let mut random = Random(1);
    for _ in 0..3 {
        churn(&mut random);
    }
    let before = memory_size(0);
    for _ in 0..12 {
        churn(&mut random);
    }
    let grown = memory_size(0) - before;
    assert!(grown <= before / 4, "{grown} pages more than {before}");
}

#[wasm_bindgen_test]
fn room_for_a_large_message_serves_the_next() {
    let large = || {
        let mut text = Vec::new();
        while text.len() < 8 << 20 {
            text.extend_from_slice(&[7; 1000]);
        }
        let small = filled(100, 1);
        drop(text);
        small
    };
    let mut kept = vec![large()];
    let before = memory_size(0);
    kept.extend((0..50).map(|_| large()));
    assert_eq!(memory_size(0), before);
    assert!(kept.iter().all(|small| is_whole(small, 1)));
}
