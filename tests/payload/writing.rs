//! What becomes of a page's values as they leave.

use js_sys::{Array, Error, Function, JsString, Object, Reflect};
use jstp_wasm::payload;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

use crate::{evaluate, same};

#[wasm_bindgen(module = "/tests/payload/reference.js")]
extern "C" {
    fn generate(seed: u32, wild: bool) -> JsValue;
    fn reference(value: &JsValue, allow_non_finite: bool) -> JsString;
    fn calling(back: &Closure<dyn Fn(JsValue) -> JsValue>) -> JsValue;
    fn nested(levels: u32, key: Option<&str>) -> JsValue;
}

/// What may leave, as the options of a transport have it.
#[derive(Clone, Copy)]
struct Sending {
    allow_non_finite: bool,
    honour_to_mdsf: bool,
}

fn write(value: &JsValue, name: &str, sending: &Sending) -> Result<JsString, JsValue> {
    let options = Object::new();
    for (name, value) in [
        ("allowNonFinite", sending.allow_non_finite),
        ("honourToMDSF", sending.honour_to_mdsf),
    ] {
        Reflect::set(&options, &name.into(), &value.into()).unwrap();
    }
    payload::write(value, name, &options).map(JsCast::unchecked_into)
}

const STRICT: Sending = Sending {
    allow_non_finite: false,
    honour_to_mdsf: false,
};
const LOOSE: Sending = Sending {
    allow_non_finite: true,
    honour_to_mdsf: false,
};
const ASKING: Sending = Sending {
    allow_non_finite: false,
    honour_to_mdsf: true,
};

fn text(value: &JsValue, sending: &Sending) -> String {
    match write(value, "args", sending) {
        Ok(text) => String::from(text),
        Err(error) => panic!("{error:?}"),
    }
}

#[track_caller]
fn writes(source: &str, sending: &Sending, wanted: &str) {
    assert_eq!(text(&evaluate(source), sending), wanted, "{source}");
}

/// Checks the error's kind and how its sentence begins.
#[track_caller]
fn refuses(value: &JsValue, kind: &str, wanted: &str) {
    refuses_with(value, kind, wanted, "");
}

/// And how it ends.
#[track_caller]
fn refuses_with(value: &JsValue, kind: &str, begin: &str, end: &str) {
    let error: Error = match write(value, "args", &STRICT) {
        Err(error) => error.unchecked_into(),
        Ok(text) => panic!("{begin}: written as {text}"),
    };
    let message = String::from(error.message());
    assert_eq!(String::from(error.name()), kind, "{message}");
    assert!(message.starts_with(begin), "{message}, not {begin}");
    assert!(message.ends_with(end), "{message}, not {end}");
}

#[wasm_bindgen_test]
fn generated_values_are_written_as_an_independent_writer_writes_them() {
    for seed in 0..6000 {
        for (wild, sending) in [
            (false, STRICT),
            (true, STRICT),
            (true, LOOSE),
            (true, ASKING),
        ] {
            let value = generate(seed, wild);
            let wanted = String::from(reference(&value, sending.allow_non_finite));
            match write(&value, "args", &sending) {
                Ok(text) => assert_eq!(String::from(text), wanted, "seed {seed}"),
                Err(error) => assert_eq!(wanted, "refused", "seed {seed}: {error:?}"),
            }
        }
    }
}

#[wasm_bindgen_test]
fn what_was_written_reads_back_as_the_value_that_json_would_keep() {
    for seed in 0..2000 {
        let written = match write(&generate(seed, false), "args", &STRICT) {
            Ok(written) => String::from(written),
            Err(error) => panic!("seed {seed}: {error:?}"),
        };
        // JavaScript reads it as we do, but for elisions, which leave holes there. No string among the
        // generated ones has commas.
        let mut words = written.replace("[,", "[undefined,");
        while words.contains(",,") {
            words = words.replace(",,", ",undefined,");
        }
        assert!(
            same(&payload::parse(&written), &evaluate(&words)),
            "seed {seed}: {written}"
        );
    }
}

#[wasm_bindgen_test]
fn ordinary_values_are_what_json_stringify_makes_of_them() {
    writes(
        "[1, 'two', true, null, {three: [3], date: new Date(0)}]",
        &STRICT,
        r#"[1,"two",true,null,{"three":[3],"date":"1970-01-01T00:00:00.000Z"}]"#,
    );
    writes(
        "[-0, 1e21, 1e-7, [new Date(NaN)]]",
        &STRICT,
        "[0,1e+21,1e-7,[null]]",
    );
    writes(
        "[{b: 1, 2: 2, 1: 1, f() {}, s: Symbol(), u: undefined}]",
        &STRICT,
        r#"[{"1":1,"2":2,"b":1}]"#,
    );
    writes(
        "[new Proxy({a: 1}, {}), new Proxy([1, undefined], {})]",
        &STRICT,
        r#"[{"a":1},[1,undefined]]"#,
    );
}

#[wasm_bindgen_test]
fn undefined_and_holes_stay_undefined() {
    writes("[undefined]", &STRICT, "[undefined]");
    writes("[1, undefined, 3]", &STRICT, "[1,,3]");
    writes("[, 1, ,]", &STRICT, "[,1,undefined]");
    writes(
        "[[undefined], {a: [null, undefined]}]",
        &STRICT,
        r#"[[undefined],{"a":[null,undefined]}]"#,
    );
    writes("[{toJSON() {}}, 1]", &STRICT, "[,1]");
    writes("undefined", &STRICT, "undefined");
    writes("'a string'", &STRICT, "\"a string\"");
}

#[wasm_bindgen_test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    let cases = [
        ("[{price: NaN}]", "RangeError", "args[0].price is NaN"),
        ("[[1, -Infinity]]", "RangeError", "args[0][1] is -Infinity"),
        ("[new Number(NaN)]", "RangeError", "args[0] is NaN"),
        ("NaN", "RangeError", "args is NaN"),
        (
            "[{'a b': [1n]}]",
            "TypeError",
            "args[0][\"a b\"][0] is a bigint",
        ),
        ("[Object(1n)]", "TypeError", "args[0] is a bigint"),
        ("[1, () => {}]", "TypeError", "args[1] is a function"),
        ("[Symbol('x')]", "TypeError", "args[0] is a symbol"),
        ("() => {}", "TypeError", "args is a function"),
        (
            "[{deep: {toJSON: () => [Infinity]}}]",
            "RangeError",
            "args[0].deep[0] is Infinity",
        ),
        (
            "(() => { const a = {b: {}}; a.b.c = a; return [a]; })()",
            "TypeError",
            "args[0].b.c is args[0] again",
        ),
        (
            "(() => { const a = []; a.push([a]); return a; })()",
            "TypeError",
            "args[0][0] is args again",
        ),
        ("[new Array(1e9)]", "RangeError", "args[0] does not fit"),
        (
            "[Array.from({length: 9e6})]",
            "RangeError",
            "args[0] does not fit",
        ),
        (
            "[Array.from({length: 1e6}, () => 'ten of them'), undefined]",
            "RangeError",
            "args[0][5991",
        ),
        (
            "[new Uint8Array(7e6)]",
            "RangeError",
            "args[0] does not fit",
        ),
    ];
    for (source, kind, wanted) in cases {
        refuses(&evaluate(source), kind, wanted);
    }
}

#[wasm_bindgen_test]
fn a_value_may_hold_a_thousand_levels_and_no_more() {
    for key in [None, Some("next")] {
        assert!(write(&nested(1000, key), "args", &STRICT).is_ok());
        assert!(write(&nested(1000, key), "args", &ASKING).is_ok());
    }
    refuses(&nested(1001, None), "RangeError", "args[0][0][0]");
    refuses(
        &nested(100_000, Some("next")),
        "RangeError",
        "args.next.next",
    );
}

#[wasm_bindgen_test]
fn a_value_holds_as_many_values_as_a_receiver_takes_and_no_more() {
    // Beside four in the longest header; the array is one itself.
    let most = (1 << 20) - 5;
    let half = most / 2;
    // By the engine, by the slow writer, and by that for a text that looks like more than it is.
    for (values, last) in [
        (format!("new Array({most} + more).fill(0)"), most),
        (format!("new Array({most} + more)"), most),
        (
            format!("[',[{{'.repeat(4e5), ...new Array({most} - 1 + more).fill(0)]"),
            most,
        ),
        (
            format!("[0, ...new Array({half} + more).fill({{a: 0}})]"),
            half + 1,
        ),
    ] {
        let list = |more: u32| evaluate(&format!("(more => {values})({more})"));
        let full = text(&list(0), &STRICT);
        let message = format!("{{call:[1,'i'],m:{full}}}");
        assert!(
            jstp_proto::mdsf::read_value(&message, jstp_proto::mdsf::Limits::default()).is_ok(),
            "{values}"
        );
        let wanted = format!("args[{last}] is one too many: a message holds at most 1048576");
        refuses(&list(1), "RangeError", &wanted);
    }
}

#[wasm_bindgen_test]
fn what_shares_its_parts_is_refused_before_it_has_all_been_looked_at() {
    for source in [
        // More values than any machine gets through.
        "(o => { for (let i = 0; i < 90; i++) o = {a: o, b: o}; return [o]; })({})",
        "(o => { for (let i = 0; i < 90; i++) o = [o, o]; return [o]; })([])",
        "(o => { for (let i = 0; i < 90; i++) o = {a: [o, o]}; return [o]; })([])",
        "[Array(1e5).fill(Array(1e6).fill(0))]",
        "[Array(1e5).fill({a: Array(1e6).fill(0)})]",
    ] {
        let wanted = "is one too many: a message holds at most 1048576 values";
        refuses_with(&evaluate(source), "RangeError", "args[0]", wanted);
    }
    let members = "[Array(1e6).fill(Object.fromEntries(Array(1e5).fill(0).entries()))]";
    refuses(&evaluate(members), "RangeError", "args[0][8]");
}

#[wasm_bindgen_test]
fn a_getter_that_writes_a_value_of_its_own_hides_nothing() {
    let writer = Closure::new(|_| text(&evaluate("[1]"), &STRICT).into());
    let values = evaluate(
        "writer => {
           const part = { get a() { return writer.toJSON(''); } };
           const half = Array(2 ** 18).fill([0]);
           return [...half, part, ...half];
         }",
    );
    let values = values.unchecked_into::<Function>();
    let values = values.call1(&JsValue::NULL, &calling(&writer)).unwrap();
    refuses(&values, "RangeError", "args[524285][0] is one too many");
}

#[wasm_bindgen_test]
fn a_text_longer_than_any_message_is_refused_with_its_place() {
    let wanted = "does not fit: a message holds at most 8 MiB";
    for (source, place) in [
        ("['x'.repeat(2 ** 23)]", "args[0]"),
        ("[1, {a: 'x'.repeat(2 ** 23)}]", "args[1].a"),
        ("[undefined, 'x'.repeat(2 ** 23)]", "args[1]"),
        ("[{['x'.repeat(2 ** 23)]: 1}]", "args[0]"),
        // Quoted it would be longer than a string can be.
        ("[undefined, '\\n'.repeat(2 ** 28)]", "args[1]"),
    ] {
        refuses_with(&evaluate(source), "RangeError", place, wanted);
    }
}

#[wasm_bindgen_test]
fn non_finite_numbers_leave_as_words_when_allowed() {
    writes(
        "[NaN, {a: -Infinity}, Infinity]",
        &LOOSE,
        r#"[NaN,{"a":-Infinity},Infinity]"#,
    );
    writes("NaN", &LOOSE, "NaN");
}

#[wasm_bindgen_test]
fn bytes_become_base64() {
    writes("[new Uint8Array([1, 2, 3, 4])]", &STRICT, r#"["AQIDBA=="]"#);
    writes(
        "[new Uint8Array(0), new ArrayBuffer(2)]",
        &STRICT,
        r#"["","AAA="]"#,
    );
    writes(
        "[new Uint16Array(new Uint8Array([255, 254, 253, 252]).buffer)]",
        &STRICT,
        r#"["//79/A=="]"#,
    );
    writes(
        "[new DataView(new Uint8Array([9, 8, 7]).buffer, 1)]",
        &STRICT,
        r#"["CAc="]"#,
    );
    writes(
        "[Object.assign(new Uint8Array([1]), {toJSON: () => 'no'})]",
        &STRICT,
        r#"["AQ=="]"#,
    );
    writes(
        "[Object.assign(new ArrayBuffer(1), {own: 1})]",
        &STRICT,
        r#"["AA=="]"#,
    );
    writes(
        "[{toJSON: () => new Uint8Array([1])}]",
        &STRICT,
        r#"["AQ=="]"#,
    );
    writes(
        "[{byteLength: 5, '0': 1}]",
        &STRICT,
        r#"[{"0":1,"byteLength":5}]"#,
    );
}

#[wasm_bindgen_test]
fn boxed_values_are_what_they_box() {
    writes(
        "[new Number(3), new String('s'), new Boolean(false)]",
        &STRICT,
        r#"[3,"s",false]"#,
    );
    writes("[new Boolean(false), undefined, 0]", &STRICT, "[false,,0]");
    writes(
        "[Object.assign(new Number(3), {valueOf: () => 4}), undefined]",
        &STRICT,
        "[4,undefined]",
    );
    // Whatever they call themselves, and whoever writes them.
    let subclasses = "[Number, String, Boolean].map((type, at) => {
        class Own extends type { get [Symbol.toStringTag]() { return ['Number', 'String', 'Own'][2 - at]; } }
        return new Own(7 - at);
      })";
    let impostors = "[Object.create(Number.prototype), { [Symbol.toStringTag]: 'String', a: 1 }]";
    for (more, written) in [("", ""), (", undefined", ",undefined")] {
        writes(
            &format!("[{subclasses}{more}]"),
            &STRICT,
            &format!(r#"[[7,"6",true]{written}]"#),
        );
        writes(
            &format!("[{impostors}{more}]"),
            &STRICT,
            &format!(r#"[[{{}},{{"a":1}}]{written}]"#),
        );
        let none =
            "new (class extends Number { get [Symbol.toStringTag]() { return 'Own'; } })(NaN)";
        refuses(
            &evaluate(&format!("[{none}{more}]")),
            "RangeError",
            "args[0] is NaN",
        );
    }
}

#[wasm_bindgen_test]
fn raw_json_is_written_as_it_is() {
    // Not every engine has it.
    if evaluate("'rawJSON' in JSON") == JsValue::FALSE {
        return;
    }
    let raws =
        r#"JSON.rawJSON('12345678901234567890'), JSON.rawJSON('"s"'), {a: JSON.rawJSON('null')}"#;
    for (more, written) in [("", ""), (", undefined", ",undefined")] {
        writes(
            &format!("[{raws}{more}]"),
            &STRICT,
            &format!(r#"[12345678901234567890,"s",{{"a":null}}{written}]"#),
        );
        refuses(
            &evaluate(&format!("[JSON.rawJSON('-1e999'){more}]")),
            "RangeError",
            "args[0] is -Infinity",
        );
    }
    writes("[{rawJSON: 'x'}]", &STRICT, r#"[{"rawJSON":"x"}]"#);
}

#[wasm_bindgen_test]
fn line_separators_are_escaped_and_lone_surrogates_stay() {
    writes(
        "['\\u2028\\u2029', {'\\u2028': 1}]",
        &STRICT,
        r#"["\u2028\u2029",{"\u2028":1}]"#,
    );
    writes("['\\u2028', undefined]", &STRICT, r#"["\u2028",undefined]"#);
    writes(
        "['\\ud800', undefined, '\\ud83d\\ude00']",
        &STRICT,
        "[\"\\ud800\",,\"\u{1f600}\"]",
    );
}

#[wasm_bindgen_test]
fn to_json_is_called_with_the_key_and_its_result_is_not_asked_again() {
    let twice = "{toJSON: (key) => ({key, toJSON: () => 'asked again'})}";
    writes(&format!("[{twice}]"), &STRICT, r#"[{"key":"0"}]"#);
    writes(
        &format!("[undefined, {{a: {twice}}}]"),
        &STRICT,
        r#"[,{"a":{"key":"a"}}]"#,
    );
    writes(&format!("({twice})"), &STRICT, r#"{"key":""}"#);
    writes(
        "[Object.assign(() => {}, {toJSON: () => 'f'})]",
        &STRICT,
        r#"["f"]"#,
    );
    writes(
        "[{m: Object.assign(() => {}, {toJSON: () => [undefined]})}]",
        &STRICT,
        r#"[{"m":[undefined]}]"#,
    );
}

#[wasm_bindgen_test]
fn to_json_is_called_once_whatever_it_returns() {
    for result in [
        "'x'",
        "null",
        "undefined",
        "{}",
        "[undefined]",
        "new Uint8Array(1)",
        "NaN",
    ] {
        let made = evaluate(&format!(
            "({{calls: 0, toJSON() {{ this.calls++; return {result}; }}}})"
        ));
        let args = Array::of2(&made, &JsValue::NULL);
        let written = write(&args, "args", &STRICT);
        assert_eq!(written.is_err(), result == "NaN", "{result}");
        assert_eq!(
            Reflect::get(&made, &"calls".into()).unwrap(),
            JsValue::from(1),
            "{result}"
        );
    }
}

#[wasm_bindgen_test]
fn to_mdsf_counts_only_when_asked_for() {
    let source = "[{own: {toMDSF: (key) => [key, undefined], toJSON: () => 'json'}}]";
    writes(source, &STRICT, r#"[{"own":"json"}]"#);
    writes(source, &ASKING, r#"[{"own":["own",undefined]}]"#);
    writes(
        "[{toMDSF: () => ({toJSON: () => 'no', a: 1})}]",
        &ASKING,
        r#"[{"a":1}]"#,
    );
}

#[wasm_bindgen_test]
fn what_page_code_throws_comes_through() {
    for source in [
        "[{toJSON() { throw 'mine'; }}]",
        "[{get a() { throw 'mine'; }}]",
        "[new Proxy({}, {ownKeys() { throw 'mine'; }})]",
        "[undefined, {a: new Proxy([], {get() { throw 'mine'; }})}]",
    ] {
        let error = write(&evaluate(source), "args", &STRICT).unwrap_err();
        assert_eq!(error, JsValue::from("mine"), "{source}");
    }
}

#[wasm_bindgen_test]
fn arrays_within_objects_are_looked_into_like_any_others() {
    for (inside, wanted) in [
        ("[undefined, 1]", "[,1]"),
        ("['a', [undefined]]", r#"["a",[undefined]]"#),
        ("[{b: [, 1]}]", r#"[{"b":[,1]}]"#),
        ("[null, true, {}, []]", "[null,true,{},[]]"),
        ("[new Date(0)]", r#"["1970-01-01T00:00:00.000Z"]"#),
        ("[new Uint8Array(1)]", r#"["AA=="]"#),
        (
            "Object.assign([undefined], {toJSON: () => 'its own'})",
            r#""its own""#,
        ),
    ] {
        writes(
            &format!("({{a: {inside}}})"),
            &STRICT,
            &format!(r#"{{"a":{wanted}}}"#),
        );
    }
    for (inside, wanted) in [
        ("[0, NaN]", "args.a[1] is NaN"),
        ("['x', 1n]", "args.a[1] is a bigint"),
        ("[() => {}]", "args.a[0] is a function"),
    ] {
        let kind = if inside.contains("NaN") {
            "RangeError"
        } else {
            "TypeError"
        };
        refuses(&evaluate(&format!("({{a: {inside}}})")), kind, wanted);
    }
}

#[wasm_bindgen_test]
fn objects_of_every_origin_are_written_as_json_has_them() {
    writes(
        "[Object.freeze({a: Object.freeze([1, null])}), Object.assign(Object.create(null), {b: [true]})]",
        &STRICT,
        r#"[{"a":[1,null]},{"b":[true]}]"#,
    );
    writes(
        "[Object.create({inherited: undefined}, {own: {value: [2], enumerable: true}, hidden: {value: NaN}})]",
        &STRICT,
        r#"[{"own":[2]}]"#,
    );
    writes(
        "[Object.create({toJSON() { return [undefined]; }}, {own: {value: 1, enumerable: true}})]",
        &STRICT,
        "[[undefined]]",
    );
    writes(
        "[Object.defineProperty({a: 1}, 'toJSON', {value: () => [undefined]})]",
        &STRICT,
        "[[undefined]]",
    );
    // Another page's classes are not this one's.
    let foreign = "(() => { const frame = document.createElement('iframe'); \
        document.body.append(frame); try { return frame.contentWindow.eval(SOURCE); } \
        finally { frame.remove(); } })()";
    for (source, wanted) in [
        (
            "[{a: [1, undefined]}, new Date(0)]",
            r#"[{"a":[1,undefined]},"1970-01-01T00:00:00.000Z"]"#,
        ),
        (
            "[new Uint8Array([1]), new ArrayBuffer(1)]",
            r#"["AQ==","AA=="]"#,
        ),
        (
            "[new Number(1), new Boolean(false), new String('s')]",
            r#"[1,false,"s"]"#,
        ),
        (
            "({a: ['plain', {b: null}]})",
            r#"{"a":["plain",{"b":null}]}"#,
        ),
    ] {
        let source = foreign.replace("SOURCE", &format!("{:?}", format!("({source})")));
        writes(&source, &STRICT, wanted);
    }
}

#[wasm_bindgen_test]
fn a_getter_is_asked_for_what_is_sent() {
    // What it says differs between the look and the writing, so it may be either; it is never a mixture.
    let source = "({calls: 0, args: [{get a() { return [++COUNTER.calls]; }}]})";
    let made = evaluate(&format!(
        "(() => {{ const COUNTER = {{calls: 0}}; return {}; }})()",
        source
    ));
    let args = Reflect::get(&made, &"args".into()).unwrap();
    let written = text(&args, &STRICT);
    assert!(
        [r#"[{"a":[1]}]"#, r#"[{"a":[2]}]"#].contains(&written.as_str()),
        "{written}"
    );
}

#[wasm_bindgen_test]
fn page_code_may_write_while_it_is_written() {
    let inner = Closure::<dyn Fn(JsValue) -> JsValue>::new(|key| {
        let value = Array::of2(&key, &JsValue::UNDEFINED);
        let text = write(&value, "inner", &STRICT).unwrap();
        let back = payload::parse(&String::from(text));
        assert!(same(&back, &value));
        back
    });
    let args = Array::of3(&calling(&inner), &JsValue::UNDEFINED, &calling(&inner));
    assert_eq!(
        text(&args, &STRICT),
        r#"[["0",undefined],,["2",undefined]]"#
    );
}
