//! Which of sixty-four bytes are what: a bit for each, the first byte's lowest.

use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8,
    _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_slli_epi16,
    _mm256_srli_epi16,
};

/// A block of text.
pub(super) type Block = [u8; 64];

/// What stands outside of strings, but for what nobody asks for.
#[derive(Clone, Copy)]
pub(super) struct Masks {
    /// What may be part of a bare key, a decimal or a word.
    pub(super) word: u64,
    pub(super) digit: u64,
    pub(super) zero: u64,
    pub(super) minus: u64,
    pub(super) dot: u64,
    pub(super) comma: u64,
    pub(super) colon: u64,
    /// Opening brackets.
    pub(super) open: u64,
    /// Closing brackets.
    pub(super) close: u64,
    /// Of the brackets, those of objects; of the rest anything.
    pub(super) curly: u64,
}

/// A block in two halves.
#[derive(Clone, Copy)]
pub(super) struct Halves(__m256i, __m256i);

impl Halves {
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn of(block: &Block) -> Self {
        let half = block.as_ptr().cast::<__m256i>();
        // SAFETY: 32 bytes are read at the beginning of 64, and 32 more after them; none need be aligned.
        unsafe { Self(_mm256_loadu_si256(half), _mm256_loadu_si256(half.add(1))) }
    }

    /// The single quotes. `None` if there is a backslash or a control character.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn quotes(self) -> Option<u64> {
        let rare = |half| {
            let controls = _mm256_cmpeq_epi8(_mm256_min_epu8(half, _mm256_set1_epi8(0x1f)), half);
            _mm256_or_si256(controls, equal(half, b'\\'))
        };
        match _mm256_movemask_epi8(_mm256_or_si256(rare(self.0), rare(self.1))) {
            0 => Some(self.bytes(b'\'')),
            _ => None,
        }
    }

    /// All the others, of the bytes that `outside` has.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn masks(self, outside: u64) -> Masks {
        let classes = Self(class(self.0), class(self.1));
        // Braces and square brackets differ in this bit alone.
        const BRACE: i8 = 0x20;
        let brace = _mm256_set1_epi8(BRACE);
        let bent = Self(
            _mm256_or_si256(self.0, brace),
            _mm256_or_si256(self.1, brace),
        );
        let minus = self.bytes(b'-') & outside;
        Masks {
            word: !classes.bytes(0) & outside,
            digit: classes.bit::<{ 7 - DIGIT.trailing_zeros() as i32 }>() & outside,
            zero: self.bytes(b'0') & outside,
            minus,
            dot: classes.bit::<{ 7 - POINT.trailing_zeros() as i32 }>() & outside & !minus,
            comma: self.bytes(b',') & outside,
            colon: self.bytes(b':') & outside,
            open: bent.bytes(b'{') & outside,
            close: bent.bytes(b'}') & outside,
            curly: self.bit::<{ 7 - BRACE.trailing_zeros() as i32 }>(),
        }
    }

    /// Where `byte` stands.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bytes(self, byte: u8) -> u64 {
        bits(equal(self.0, byte), equal(self.1, byte))
    }

    /// Where a bit is set: the highest after a shift.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bit<const SHIFT: i32>(self) -> u64 {
        bits(
            _mm256_slli_epi16::<SHIFT>(self.0),
            _mm256_slli_epi16::<SHIFT>(self.1),
        )
    }
}

/// The highest bits of the bytes of two halves.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(low: __m256i, high: __m256i) -> u64 {
    let half = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
    half(low) | half(high) << 32
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(half: __m256i, byte: u8) -> __m256i {
    _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte.cast_signed()))
}

// Parts of words, each of them all bytes made of one of some high halves and one of some low halves.
const A_TO_O: u8 = 0x01;
const P_TO_Z: u8 = 0x02;
const UNDERSCORE: u8 = 0x04;
const DOLLAR: u8 = 0x08;
const DIGIT: u8 = 0x10;
/// And the minus.
const POINT: u8 = 0x20;

/// The classes that bytes with this low half may be of.
const LOW: [u8; 16] = {
    let mut low = [0; 16];
    let mut half = 0;
    while half < 16 {
        low[half] = if half >= 0x1 { A_TO_O } else { 0 }
            | if half <= 0xa { P_TO_Z } else { 0 }
            | if half <= 0x9 { DIGIT } else { 0 };
        half += 1;
    }
    low[0xf] |= UNDERSCORE;
    low[0x4] |= DOLLAR;
    low[0xd] |= POINT;
    low[0xe] |= POINT;
    low
};

/// The classes that bytes with this high half may be of.
const HIGH: [u8; 16] = {
    let mut high = [0; 16];
    high[0x2] = DOLLAR | POINT;
    high[0x3] = DIGIT;
    high[0x4] = A_TO_O;
    high[0x5] = P_TO_Z | UNDERSCORE;
    high[0x6] = A_TO_O;
    high[0x7] = P_TO_Z;
    high
};

/// The class of each byte: none for what is no part of a word.
#[inline]
#[target_feature(enable = "avx2")]
fn class(half: __m256i) -> __m256i {
    // A byte beyond ASCII finds nothing here, its highest bit being set.
    let low = _mm256_shuffle_epi8(table(LOW), half);
    let nibble = _mm256_and_si256(_mm256_srli_epi16::<4>(half), _mm256_set1_epi8(0x0f));
    _mm256_and_si256(low, _mm256_shuffle_epi8(table(HIGH), nibble))
}

#[inline]
#[target_feature(enable = "avx2")]
fn table(table: [u8; 16]) -> __m256i {
    let [low, high] = [0, 8].map(|at| {
        let half = table[at..].first_chunk().copied().unwrap_or_default();
        i64::from_le_bytes(half)
    });
    _mm256_set_epi64x(high, low, high, low)
}

/// Which bytes stand in strings, their opening quotes included, if these are the quotes.
#[inline]
#[target_feature(enable = "pclmulqdq")]
pub(super) fn between(quotes: u64) -> u64 {
    let quotes = _mm_cvtsi64_si128(quotes.cast_signed());
    _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(quotes, _mm_set1_epi8(-1))).cast_unsigned()
}
