//! Ordinary text, sixty-four bytes at a time.
//!
//! What may stand next to what is said by a few masks: a comma follows the end of a value, a colon the end of a
//! key. What stands in an object and what in an array takes a turn for each bracket, and `true` one for itself;
//! all else is decided for all bytes of a block together. The next block begins after the last separator or bracket
//! of this one, so that no token is looked at in parts.
//!
//! Nothing here says what is wrong with a text. Where a block is out of the ordinary, reading goes on token by
//! token from its beginning.

use std::arch::is_x86_feature_detected;

use super::masks::{Block, Halves, Masks, between};
use jstp_ordinary::{Inside, Nest, Next, Place};

/// What has been passed over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) values: u32,
    /// Of what is open first.
    pub(super) elements: u32,
    pub(super) commas: usize,
    /// How many arrays and objects have ended that hold something.
    pub(super) filled: usize,
    /// The greatest depth, here or before.
    pub(super) deepest: u32,
}

/// Passes over ordinary blocks from `place` on, a comma or an opening bracket standing before it. `nest` is what
/// is open there, and may not grow beyond `depth`; it was `deepest` before. Returns where the next token begins.
pub(super) fn pass(
    bytes: &[u8],
    place: Place,
    nest: &mut Nest,
    depth: u32,
    deepest: u32,
) -> Option<(Place, Tally)> {
    if !is_able() {
        return None;
    }
    // SAFETY: the processor has what the function is compiled for.
    unsafe { pass_blocks(bytes, place, nest, depth, deepest) }
}

/// Whether the processor has all that is asked of it here.
fn is_able() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("popcnt")
}

/// How much further each block begins: its first byte is the last one of the block before, so that what stands
/// before a byte is always to be seen.
const STRIDE: usize = size_of::<Block>() - 1;

/// All bits but the one of that first byte.
const NEW: u64 = !1;

/// What a block has begun and not ended, in the lowest bit.
#[derive(Clone, Copy, Default)]
struct Carry {
    /// Something that must turn out to be a key.
    key: u64,
    number: u64,
    /// The digits after a point.
    fraction: u64,
    /// The zero that a number begins with is the last byte.
    zero: u64,
    /// A string: all bits.
    string: u64,
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
fn pass_blocks(
    bytes: &[u8],
    place: Place,
    nest: &mut Nest,
    depth: u32,
    deepest: u32,
) -> Option<(Place, Tally)> {
    let mut at = place.at.checked_sub(1)?;
    let mut tally = Tally::default();
    let mut carry = Carry::default();
    // Up to the last separator or bracket all is known to be ordinary.
    let mut end = place.at;
    // Whether a value has begun after that, and been counted.
    let mut is_begun = false;
    let mut deepest = deepest.min(depth);
    // Where a block begins that is deeper than all before it, and how deep those are.
    let mut deeper = (usize::MAX, 0);

    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let halves = Halves::of(block);
        let Some(quotes) = halves.quotes() else { break };
        if quotes & NEW == 0 && carry.string != 0 {
            at += STRIDE;
            continue;
        }
        let strings = between(quotes & NEW) ^ carry.string;
        let outside = !(strings | quotes);
        let masks = halves.masks(outside);
        let Some(levels) = Levels::of(&masks, *nest, deepest) else {
            // Few blocks are deeper than all before them: how deep is looked at for those alone.
            let reached = deepest_of(masks.open & NEW, masks.close & NEW, nest.depth()).min(depth);
            if reached <= deepest {
                break;
            }
            deeper = (at, deepest);
            deepest = reached;
            continue;
        };

        let structure = masks.comma | masks.colon | masks.open | masks.close;
        let before_key = (masks.comma & levels.objects) | (masks.open & masks.curly);
        let before_value =
            masks.colon | (masks.comma & !levels.objects) | (masks.open & !masks.curly);
        let may_be_key = before_key << 1;
        let may_be_value = before_value << 1;
        let is_early = may_be_key | may_be_value;
        let was_open = masks.open << 1;
        // The sum runs through whatever is neither, up to the next separator or bracket.
        let (reached, key) = (may_be_key | carry.key).overflowing_add(!structure);
        let needs_colon = reached & structure & !(masks.close & was_open);

        let first = masks.word & !(masks.word << 1);
        let begun = (quotes & strings) | masks.open | first;
        let values = begun & may_be_value;
        let numbers = first & may_be_value & (masks.digit | masks.minus);
        // Here the sums run through the numbers, and the digits after a point, and leave no bit of them.
        let (rest, number) = masks.word.overflowing_add(numbers | carry.number);
        let in_numbers = masks.word & !rest;
        let (rest, fraction) = masks.digit.overflowing_add(masks.dot << 1 | carry.fraction);
        let in_fractions = masks.digit & !rest;
        let was_digit = masks.digit << 1;
        let zero = (masks.zero & in_numbers & !was_digit & !in_fractions & NEW) | carry.zero;
        let point = masks.dot | masks.minus;

        let is_wrong = (outside & !(masks.word | structure))
            | (begun & !(may_be_value | (may_be_key & first & !masks.digit)))
            | ((masks.comma | masks.colon) & is_early)
            | (masks.close & is_early & !was_open)
            | (masks.colon ^ needs_colon)
            | (in_numbers & !(masks.digit | point))
            | (point & !in_numbers)
            | (masks.minus & !numbers)
            | (point << 1 & !masks.digit)
            | (masks.dot & rest)
            | (zero << 1 & masks.digit);
        let count = tally.values + values.count_ones();
        let words = first & may_be_value & !numbers;
        // A word of a whole block may be a number too large to be finite.
        if is_wrong & NEW != 0
            || masks.word == u64::MAX
            || i64::from(count) > place.values_left
            || !are_words(bytes, at, words)
        {
            break;
        }

        tally.values = count;
        tally.elements += (values & levels.first).count_ones();
        tally.commas += (masks.comma & NEW).count_ones() as usize;
        tally.filled += (masks.close & !is_early & NEW).count_ones() as usize;
        *nest = levels.nest;
        // A value begins after one of these, so if there is none, none has begun.
        if let Some(last) = structure.checked_ilog2() {
            end = at + last as usize + 1;
            is_begun = values >> last > 1;
        }
        carry = Carry {
            key: u64::from(key),
            number: u64::from(number),
            fraction: u64::from(fraction),
            zero: zero >> 63,
            string: (strings.cast_signed() >> 63).cast_unsigned(),
        };
        at += STRIDE;
    }

    if end == place.at {
        return None;
    }
    // Reading may have ended before that block.
    tally.deepest = match deeper {
        (start, before) if start == at => before,
        _ => deepest,
    };
    tally.values -= u32::from(is_begun);
    tally.elements -= u32::from(is_begun && nest.is_first());
    let inside = match nest.is_object() {
        true => Inside::Object,
        false => Inside::Array,
    };
    let next = match bytes.get(end - 1) {
        Some(b'}' | b']') => Next::Separator,
        Some(b'{') => Next::Member,
        Some(b',') if nest.is_object() => Next::Member,
        _ => Next::Value,
    };
    let place = Place {
        at: end,
        inside,
        values_left: place.values_left - i64::from(tally.values),
        next,
    };
    Some((place, tally))
}

/// What the bytes of a block stand in.
struct Levels {
    /// Directly inside an object, its closing bracket included.
    objects: u64,
    /// Directly inside what is open first.
    first: u64,
    /// What is open in the end.
    nest: Nest,
}

impl Levels {
    /// `None` if brackets do not match, or all is closed.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
    fn of(masks: &Masks, mut nest: Nest, depth: u32) -> Option<Self> {
        let all_if = |is_so: bool| u64::from(is_so).wrapping_neg();
        let (mut objects, mut first) = (0, 0);
        let mut brackets = (masks.open | masks.close) & NEW;
        let mut left = u64::MAX;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            let up_to = left & (brackets ^ (brackets - 1));
            brackets &= brackets - 1;
            left ^= up_to;
            objects |= up_to & all_if(nest.is_object());
            first |= up_to & all_if(nest.is_first());
            let is_object = masks.curly & bracket != 0;
            let fits;
            (nest, fits) = if masks.open & bracket != 0 {
                (nest.with(is_object), !nest.reaches(depth))
            } else {
                let fits = nest.is_object() == is_object && !nest.is_first();
                (nest.without(), fits)
            };
            if !fits {
                return None;
            }
        }
        objects |= left & all_if(nest.is_object());
        first |= left & all_if(nest.is_first());
        Some(Self {
            objects,
            first,
            nest,
        })
    }
}

/// The greatest depth after an opening bracket of a block, if brackets match.
#[cold]
#[inline(never)]
fn deepest_of(open: u64, close: u64, mut depth: u32) -> u32 {
    let mut deepest = 0;
    let mut brackets = open | close;
    while brackets != 0 {
        let bracket = brackets & brackets.wrapping_neg();
        brackets ^= bracket;
        depth = match open & bracket != 0 {
            true => depth + 1,
            false => depth.saturating_sub(1),
        };
        deepest = depth.max(deepest);
    }
    deepest
}

/// Whether a word of the language stands at each of these places of a block, alone.
#[inline]
fn are_words(bytes: &[u8], at: usize, mut places: u64) -> bool {
    while places != 0 {
        let rest = &bytes[at + places.trailing_zeros() as usize..];
        let is_word = matches!(
            rest,
            [b't', b'r', b'u', b'e', b',' | b'}' | b']', ..]
                | [b'n', b'u', b'l', b'l', b',' | b'}' | b']', ..]
                | [b'f', b'a', b'l', b's', b'e', b',' | b'}' | b']', ..]
        );
        if !is_word {
            return false;
        }
        places &= places - 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::{Limits, ReadError, read, scan::Scan};
    use super::{is_able, pass};
    use jstp_ordinary::{Inside, Next, Open, Place};

    /// What is known after reading, and where reading has failed.
    fn known(mut scan: Scan, text: &str, limits: Limits) -> Result<String, ReadError> {
        read(text, limits, &mut scan)?;
        let facts = scan.facts(text);
        Ok(format!("{facts:?} {}", scan.tally()))
    }

    fn assert_same(text: &str, limits: Limits) {
        let by_token = known(Scan::by_token(), text, limits);
        assert_eq!(known(Scan::default(), text, limits), by_token, "{text}");
    }

    /// A text that is ordinary for the most part.
    fn text() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            any::<i32>().prop_map(|number| number.to_string()),
            (any::<i16>(), 0_u32..1_000_000).prop_map(|(whole, rest)| format!("{whole}.{rest}")),
            r"[0-9.-]{1,6}|-?0\.0[0-9]{0,70}|1e[0-9]|0x1f|[1-9][0-9]{0,90}|[1-9][0-9]{280,400}",
        ];
        let string = r#"'[ -&(-\[\]-~]{0,20}'|'[\[{,:é}\]"]{0,20}'|'[a-z ]{50,140}'|"[ !#-\[\]-~]{0,9}"|'\\n'"#;
        let word = "true|false|null|nul|truex|undefined|";
        let leaf = prop_oneof![3 => number, 4 => string, 1 => word];
        leaf.prop_recursive(6, 120, 12, |inner| {
            let key = prop_oneof![9 => "[a-zA-Z_$][a-zA-Z0-9_$]{0,12}", 1 => r"'a'|1|é|a-b|a\.b|"];
            let member = (key, inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
            prop_oneof![
                vec(inner, 0..12).prop_map(|elements| format!("[{}]", elements.join(","))),
                vec(member, 0..12).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2048,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn blocks_tell_what_tokens_do(text in text(), limit in 1_u32..60) {
            assert_same(&text, Limits::default());
            assert_same(&format!("[{text}]"), Limits { values: limit, ..Limits::default() });
            assert_same(&format!("[{text}]"), Limits { depth: limit / 8, ..Limits::default() });
        }

        #[test]
        fn blocks_refuse_what_tokens_do(
            text in text(),
            changes in vec((any::<prop::sample::Index>(), r#"[',:\[\]{}0.a\\"t -]?"#, any::<bool>()), 1..4),
        ) {
            let mut chars: Vec<_> = format!("[{text},{text}]").chars().map(String::from).collect();
            for (place, token, is_replaced) in changes {
                let place = place.get_mut(&mut chars);
                *place = if is_replaced { token } else { place.clone() + &token };
            }
            assert_same(&chars.concat(), Limits::default());
        }
    }

    const RECORD: &str =
        "{id:-10.05,s:'a, {b}',t:[true,false,null,[],{}],o:{},n:[[0,1],[0.5,100.001]],z:'é'}";

    #[test]
    fn what_is_ordinary_is_passed_over_wherever_a_block_begins() {
        // Elsewhere nothing is to be passed over.
        assert_eq!(
            is_able(),
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq")
        );
        for before in (0..130).filter(|_| is_able()) {
            let text = format!(
                "[['{}',{}0]",
                "x".repeat(before),
                format!("{RECORD},").repeat(5)
            );
            let mut open = Open::default();
            open.push(Inside::Nothing, 9);
            open.push(Inside::Array, 9);
            let mut nest = open.nest(Inside::Array).expect("two are open");
            let place = Place {
                at: 2,
                inside: Inside::Array,
                values_left: 1000,
                next: Next::Value,
            };
            let (end, tally) =
                pass(text.as_bytes(), place, &mut nest, 9, 2).expect("there are many");
            // Less than a block remains, and the token it begins with.
            assert!(text.len() - end.at < 64 + 10, "{} of {text}", end.at);
            assert_eq!(i64::from(tally.values), 1000 - end.values_left);
            assert_eq!(
                nest.depth(),
                text[..end.at].matches(['[', '{']).count() as u32
                    - text[..end.at].matches([']', '}']).count() as u32
            );
        }
    }

    #[test]
    fn what_is_wrong_is_refused_wherever_a_block_begins() {
        let wrong = [
            "{a,b:1}",
            "{a}",
            "{abc:1,abc,d:2}",
            "{a:1.2.3}",
            "{a:1.05.0}",
            "{a:01}",
            "{a:-01}",
            "{a:1..2}",
            "{a:-}",
            "{a:1.}",
            "{a:'x'b:1}",
            "{a:'x','y':1}",
            "{'x','y':1}",
            "{a:b:c}",
            "{a:1:c}",
            "[a:1]",
            "[1:2]",
            "{1}",
            "[truefalse]",
            "[true false]",
            "{a:1,}",
            "[1,]",
            "[,]",
            "{,}",
            "[1 ]",
            "{a:[}]",
            "['x''y']",
            "[1'x']",
            "[[1][2]]",
            "[{a:1}{b:1}]",
            "{a.b:1}",
            "{a.5:1}",
            "{a-b:1}",
            "[é]",
            "{a:tru}",
            "[0x1f,1e5,+1,.5]",
            "[12-3]",
        ];
        for wrong in wrong {
            for before in 0..130 {
                let before = "x".repeat(before);
                assert_same(
                    &format!("['{before}',{wrong},{RECORD},{RECORD}]"),
                    Limits::default(),
                );
                assert_same(
                    &format!("[{{{before}:{wrong},b:{RECORD}}},1]"),
                    Limits::default(),
                );
            }
        }
    }

    #[test]
    fn any_character_may_be_missing_or_wrong() {
        for before in 0..64 {
            let text = format!(
                "['{}',{}{RECORD}]",
                "x".repeat(before),
                format!("{RECORD},").repeat(3)
            );
            assert_same(&text, Limits::default());
            for (at, c) in text.char_indices().skip(before) {
                for with in ["", "'", ",", ":", "]", "{", "0", "."] {
                    let mut text = text.clone();
                    text.replace_range(at..at + c.len_utf8(), with);
                    assert_same(&text, Limits::default());
                }
            }
        }
    }

    #[test]
    fn depth_may_exceed_what_is_kept_of_it() {
        for depth in 50..140 {
            let inner = format!("{{a:'{}',b:[1,2,3]}}", "x".repeat(80));
            let text = format!(
                "{}{inner},{inner}{},7]",
                "[".repeat(depth),
                "]".repeat(depth - 1)
            );
            assert_same(&text, Limits::default());
            assert_same(
                &text,
                Limits {
                    depth: 64,
                    ..Limits::default()
                },
            );
        }
    }
}
