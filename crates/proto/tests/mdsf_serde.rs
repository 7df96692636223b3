//! Values and the types of a program.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use jstp_proto::mdsf::{
    self, Document, Limits, Object, PutError, RawValue, Value, ValueError, WriteOptions, put,
    read_value, write,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

fn value(text: &str) -> Value {
    read_value(text, Limits::default()).unwrap()
}

const ALL: WriteOptions = WriteOptions {
    non_finite: true,
    depth: 1000,
    name: "value",
};

/// What a value is as a `T`, which its text is as well.
fn from_value<T: DeserializeOwned + Debug>(value: Value) -> Result<T, ValueError> {
    let from_text = RawValue::from(&value).to::<T>();
    let from_value = mdsf::from_value::<T>(value);
    // NaN is what it is, and not equal.
    assert_eq!(format!("{from_text:?}"), format!("{from_value:?}"));
    from_value
}

/// What a `T` is as a value, whose text is what is written without it.
fn to_value<T: Serialize + ?Sized>(typed: &T) -> Result<Value, ValueError> {
    let mut out = "before".to_owned();
    let written = put(typed, &mut out, ALL);
    let value = mdsf::to_value(typed);
    match &value {
        Ok(value) => {
            let mut text = "before".to_owned();
            write(value, &mut text, ALL).unwrap();
            assert_eq!((written, out), (Ok(*value == Value::Undefined), text));
        }
        Err(error) => {
            assert_eq!(written, Err(PutError::Value(error.clone())));
            assert_eq!(out, "before");
        }
    }
    value
}

fn raw(text: &str) -> RawValue {
    RawValue::read(text, Limits::default()).unwrap()
}

/// What is written of it.
fn passed_on(raw: &RawValue) -> String {
    let mut out = String::new();
    put(raw, &mut out, ALL).unwrap();
    out
}

/// `text` and `typed` are the same, in both directions.
#[track_caller]
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(typed: T, text: &str) {
    assert_eq!(to_value(&typed).unwrap(), value(text));
    assert_eq!(from_value::<T>(value(text)).unwrap(), typed);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct User {
    name: String,
    age: Option<u8>,
    tags: Vec<String>,
    extra: Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Nothing,
    Circle(f64),
    Line(i32, i32),
    Rectangle { width: u32, height: u32 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Meters(f64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[test]
fn structs_go_both_ways() {
    both_ways(
        User {
            name: "Анна".into(),
            age: Some(30),
            tags: vec!["a".into()],
            extra: value("{x:[1,,null]}"),
        },
        "{name:'Анна',age:30,tags:['a'],extra:{x:[1,,null]}}",
    );
    both_ways((1, 'x', true, ()), "[1,'x',true,null]");
    both_ways(Meters(1.5), "1.5");
    both_ways(Unit, "null");
    both_ways(vec![Some(1), None], "[1,null]");
    both_ways(
        BTreeMap::from([(-1, 'a'), (20, 'b')]),
        "{'-1':'a','20':'b'}",
    );
    both_ways(BTreeMap::from([(true, 1)]), "{true:1}");
    both_ways(0.5_f32, "0.5");
}

#[test]
fn enums_go_both_ways() {
    both_ways(Shape::Nothing, "'nothing'");
    both_ways(Shape::Circle(2.5), "{circle:2.5}");
    both_ways(Shape::Line(1, -1), "{line:[1,-1]}");
    both_ways(
        Shape::Rectangle {
            width: 2,
            height: 3,
        },
        "{rectangle:{width:2,height:3}}",
    );
    assert_eq!(
        from_value::<Shape>(value("{nothing:null}")).unwrap(),
        Shape::Nothing
    );
    for text in [
        "{}",
        "{circle:1,line:2}",
        "'circle'",
        "{nothing:1}",
        "3",
        "'square'",
    ] {
        assert!(from_value::<Shape>(value(text)).is_err(), "{text}");
    }
}

#[test]
fn values_stay_themselves() {
    for text in [
        "undefined",
        "null",
        "[,null,undefined]",
        "{a:[,1],b:{}}",
        "'x'",
        "1.5",
        "NaN",
    ] {
        let value = value(text);
        let through = to_value(&value).unwrap();
        assert!(through == value || text == "NaN", "{text}");
        let back: Value = from_value(through).unwrap();
        assert!(back == value || text == "NaN", "{text}");
    }
    let value: Value = mdsf::from_value(Value::Number(-0.0)).unwrap();
    assert!(matches!(value, Value::Number(zero) if zero.is_sign_negative()));
    let object: Object = from_value(self::value("{b:1,a:2}")).unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn values_are_json_to_serde_json() {
    let text = r#"{"b":[1,-2.5,null,true,"x"],"a":{}}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value, self::value(text));
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    let undefined = self::value("[1,,{a:undefined}]");
    assert_eq!(serde_json::to_string(&undefined).unwrap(), "[1,null,{}]");
    let error = serde_json::from_str::<Value>("[9007199254740992]").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("9007199254740992 is beyond 2^53 - 1"),
        "{error}"
    );
}

#[test]
fn undefined_is_nothing_to_a_struct() {
    let user: User = from_value(value("{name:'x',tags:[],extra:null}")).unwrap();
    assert_eq!((user.age, user.extra), (None, Value::Null));
    let mut members = value("{name:'x',tags:[],extra:1}")
        .as_object()
        .unwrap()
        .clone();
    members.insert("age", Value::Undefined);
    members.insert("unknown", Value::Undefined);
    let user: User = from_value(Value::Object(members)).unwrap();
    assert_eq!(user.age, None);
    assert_eq!(
        from_value::<Vec<Option<u8>>>(value("[1,,null]")).unwrap(),
        [Some(1), None, None]
    );
    let user = User {
        name: "x".into(),
        age: None,
        tags: vec![],
        extra: Value::Undefined,
    };
    assert_eq!(
        to_value(&user).unwrap(),
        value("{name:'x',age:null,tags:[]}")
    );
}

#[test]
fn integers_are_exact_or_refused() {
    const SAFE: i64 = (1 << 53) - 1;
    both_ways(SAFE, "9007199254740991");
    both_ways(-SAFE, "-9007199254740991");
    both_ways(SAFE as u64, "9007199254740991");
    both_ways(i128::from(SAFE), "9007199254740991");
    assert_eq!(from_value::<i64>(Value::Number(-0.0)).unwrap(), 0);
    assert_eq!(from_value::<u8>(value("255")).unwrap(), 255);
    for error in [
        to_value(&(SAFE + 1)).unwrap_err(),
        to_value(&9_007_199_254_740_992_u64).unwrap_err(),
        to_value(&9_007_199_254_740_992_u128).unwrap_err(),
        to_value(&9_007_199_254_740_992_i128).unwrap_err(),
    ] {
        let text = "9007199254740992 is beyond 2^53 - 1, where numbers are no longer exact";
        assert_eq!(error.to_string(), text);
    }
    assert!(to_value(&i64::MIN).is_err() && to_value(&u128::MAX).is_err());
    let error = from_value::<u64>(value("9007199254740992")).unwrap_err();
    assert!(error.to_string().contains("9007199254740992"), "{error}");
    for text in ["1.5", "NaN", "1e400", "'1'", "null", "256", "-1"] {
        assert!(from_value::<u8>(value(text)).is_err(), "{text}");
    }
}

#[test]
fn errors_name_the_place() {
    let error = from_value::<Vec<User>>(value("[{name:'x',tags:['a',1],extra:1}]")).unwrap_err();
    assert_eq!(error.path(), "[0].tags[1]");
    assert_eq!(
        error.to_string(),
        "[0].tags[1]: invalid type: integer `1`, expected a string"
    );
    let error = from_value::<BTreeMap<String, u8>>(value("{'a b':-1}")).unwrap_err();
    assert_eq!(error.path(), "['a b']");
    let error = from_value::<Shape>(value("{rectangle:{width:1,height:'x'}}")).unwrap_err();
    assert_eq!(error.path(), ".rectangle.height");
    assert!(error.to_string().starts_with("rectangle.height: "));
    let error = from_value::<(u8, u8)>(value("[1,2,3]")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid length 3, expected an array with fewer elements"
    );
    let error = to_value(&BTreeMap::from([("list", [1, u64::MAX])])).unwrap_err();
    assert_eq!(error.path(), ".list[1]");
    let error = to_value(&BTreeMap::from([(vec![1], 1)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a map's key is neither text nor a number"
    );
}

#[derive(Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Buffer;

        impl serde::de::Visitor<'_> for Buffer {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Buffer)
    }
}

#[test]
fn bytes_travel_as_base64() {
    both_ways(Bytes(vec![]), "''");
    both_ways(Bytes(vec![0]), "'AA=='");
    both_ways(Bytes(vec![0xfb, 0xff]), "'+/8='");
    both_ways(
        Bytes(b"any carnal pleas".to_vec()),
        "'YW55IGNhcm5hbCBwbGVhcw=='",
    );
    both_ways(Bytes((0..=255).collect::<Vec<_>>()[..3].to_vec()), "'AAEC'");
    assert_eq!(from_value::<Bytes>(value("'AA'")).unwrap(), Bytes(vec![0]));
    for text in [
        "'A'", "'A==='", "'AA='", "'AAA=A'", "'AA A'", "'A-_A'", "'===='", "1",
    ] {
        assert!(from_value::<Bytes>(value(text)).is_err(), "{text}");
    }
}

#[test]
fn a_text_becomes_a_type_whatever_its_form() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: f64,
        #[serde(default)]
        y: Option<i8>,
    }
    let point = |x, y| Point { x, y };
    for (text, expected) in [
        (" { x : 1 , 'y' : 2 , } // a comment", point(1.0, Some(2))),
        ("{/**/\"x\":0x10,\\u0079:-0}", point(16.0, Some(0))),
        ("{x:.5,z:[{},[,]],y:undefined}", point(0.5, None)),
        ("{y:undefined,x:Infinity,}", point(f64::INFINITY, None)),
        // The last one counts, even where the first does not fit.
        ("{x:1,x:2,x:undefined}", point(2.0, None)),
        ("{x:'one',x:1e3,y:null}", point(1000.0, None)),
    ] {
        assert_eq!(raw(text).to::<Point>().unwrap(), expected, "{text}");
    }
    let elements = raw(" [ , 1,/**/undefined,null,\n2, ] ");
    assert_eq!(elements.elements(), Some(5));
    let expected = [None, Some(1), None, None, Some(2)];
    assert_eq!(elements.to::<Vec<Option<u8>>>().unwrap(), expected);
    assert_eq!(
        raw("{circle:1,line:undefined}").to::<Shape>().unwrap(),
        Shape::Circle(1.0)
    );
    assert_eq!(
        raw("{a:undefined,circle:1,}").to::<Shape>().unwrap(),
        Shape::Circle(1.0)
    );
    assert_eq!(
        raw("'\\x41\\ud83d\\ude00\\ud800'").to::<String>().unwrap(),
        "A\u{1f600}\u{fffd}"
    );
    assert_eq!(
        raw("{1e3:1,0x10:2}").to::<BTreeMap<u32, u8>>().unwrap(),
        BTreeMap::from([(16, 2), (1000, 1)])
    );
    let error = raw("{x:1,y:[]}").to::<Point>().unwrap_err();
    assert_eq!(error.to_string(), "y: invalid type: sequence, expected i8");
}

#[test]
fn untagged_and_flattened_types_are_read_from_text_too() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Number(i64),
        Text(String),
        List(Vec<Any>),
        Value { value: Value },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        kind: String,
        #[serde(flatten)]
        rest: BTreeMap<String, Any>,
    }
    both_ways(
        Outer {
            kind: "k".into(),
            rest: BTreeMap::from([
                ("a".into(), Any::Number(1)),
                ("b".into(), Any::List(vec![Any::Text("x".into())])),
                (
                    "c".into(),
                    Any::Value {
                        value: value("{d:[]}"),
                    },
                ),
            ]),
        },
        "{kind:'k',a:1,b:['x'],c:{value:{d:[]}}}",
    );
}

#[test]
fn a_raw_value_is_passed_on_as_it_came_where_everybody_reads_that() {
    for text in [
        "null",
        "true",
        "-1.5",
        "'it\\'s \\u00e9 \\n \\\\'",
        "\"double\"",
        "'é 😀'",
        "[]",
        "{}",
        "[[],{},[1,2]]",
        "{a:1,'b c':[{}],\"d\":{$_1:false}}",
        "{\"json\":[1,2.5,\"x\",null]}",
    ] {
        assert_eq!(passed_on(&raw(text)), text);
        let wrapped = format!("[{text},{text}]");
        let (first, last): (RawValue, RawValue) = raw(&wrapped).to().unwrap();
        assert_eq!((first.text(), last.text()), (text, text));
        assert_eq!(passed_on(&first), text);
        assert_eq!(passed_on(&last), text);
        assert_eq!(first.elements(), raw(text).elements());
        assert_eq!(last.elements(), raw(text).elements());
        assert_eq!(passed_on(&raw(&wrapped)), wrapped);
    }
}

#[test]
fn a_raw_value_that_not_everybody_reads_is_written_anew() {
    // The rows of mdsf.md 3, and what else has more than one spelling.
    for (text, written) in [
        ("{a :1}", "{a:1}"),
        ("{ }", "{}"),
        ("[1, 2]", "[1,2]"),
        ("/*a*//*b*/1", "1"),
        ("\u{a0}1", "1"),
        ("\u{2028}1", "1"),
        ("[1,]", "[1]"),
        ("{a:1,}", "{a:1}"),
        ("{1:2}", "{'1':2}"),
        ("{é:1}", "{'é':1}"),
        ("{\\u0061:1}", "{a:1}"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("0X1F", "31"),
        ("1e400", "Infinity"),
        ("1e3", "1000"),
        ("-0x0", "0"),
        ("'\\x80'", "'\u{80}'"),
        ("'\\u{000000061}'", "'a'"),
        ("'\\ud800'", "'\u{fffd}'"),
        ("'a\\\nb'", "'ab'"),
        ("'\u{2028}'", "'\\u2028'"),
        ("'\t'", "'\\t'"),
        ("'\\q\\0\\v'", "'q\\u0000\\u000b'"),
        ("[1,,3]", "[1,,3]"),
        ("[,]", "[undefined]"),
        ("[1,undefined,3]", "[1,,3]"),
        ("{a:undefined,b:1}", "{b:1}"),
        ("+5", "5"),
        (".5", "0.5"),
        ("undefined", "undefined"),
    ] {
        assert_eq!(passed_on(&raw(text)), written, "{text}");
        let (one,): (RawValue,) = raw(&format!("[{text}]")).to().unwrap();
        assert_eq!(passed_on(&one), written, "[{text}]");
        let (_, one): (RawValue, RawValue) = raw(&format!("[0, {text} ]")).to().unwrap();
        assert_eq!(passed_on(&one), written, "[0, {text} ]");
    }
    let long = "9".repeat(400);
    assert_eq!(passed_on(&raw(&long)), "Infinity");
    assert_eq!(passed_on(&raw(&format!("[{long}]"))), "[Infinity]");
}

#[test]
fn a_raw_value_with_infinities_is_refused_where_they_are() {
    for (text, place) in [
        ("[1,NaN]", "value[1] is NaN"),
        ("{a:1e400}", "value.a is infinite"),
    ] {
        let error = put(&raw(text), &mut String::new(), WriteOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), place);
    }
}

#[test]
fn a_raw_value_is_its_value_to_other_formats() {
    let raw = raw("{a:[1,'x',{ }]}");
    assert_eq!(mdsf::to_value(&raw).unwrap(), raw.to_value());
    assert_eq!(serde_json::to_string(&raw).unwrap(), r#"{"a":[1,"x",{}]}"#);
    let back: RawValue = serde_json::from_str(r#"{"a":[1,"x",{}]}"#).unwrap();
    assert_eq!(back.text(), "{a:[1,'x',{}]}");
    let back: RawValue = mdsf::from_value(raw.to_value()).unwrap();
    assert_eq!(back.text(), "{a:[1,'x',{}]}");
    // Inside of something that is kept for later.
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Raw(Vec<RawValue>),
    }
    let Any::Raw(parts) = self::raw("['a',[1, 2]]").to().unwrap();
    assert_eq!(parts[1].text(), "[1,2]");
}

#[test]
fn values_share_the_text_they_are_most_of() {
    let text = format!("[ '{}' , 1]", "x".repeat(5000));
    let document: Document = std::sync::Arc::new(text.clone());
    let (raw, other) = RawValue::sharing(&document, || {
        (self::raw((*document).as_ref()), self::raw("[1]"))
    });
    assert_eq!(std::sync::Arc::strong_count(&document), 2);
    assert_eq!((raw.text(), other.text()), (text.as_str(), "[1]"));
    let (long, short): (RawValue, RawValue) = raw.to().unwrap();
    assert_eq!(std::sync::Arc::strong_count(&document), 3);
    assert_eq!((long.text().len(), short.text()), (5002, "1"));
    drop((raw, long));
    assert_eq!(std::sync::Arc::strong_count(&document), 1);
}

#[test]
fn the_deepest_values_pass_in_the_stack_of_a_usual_thread() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let worked = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            let raw = raw(&deep);
            let (value,): (Value,) = RawValue::read(
                &format!("[{deep}]"),
                Limits {
                    depth: 1001,
                    ..Limits::default()
                },
            )
            .unwrap()
            .to()
            .unwrap();
            assert_eq!(value, raw.to_value());
            assert_eq!(passed_on(&raw), deep);
            let mut out = String::new();
            put(&value, &mut out, ALL).unwrap();
            assert_eq!(out, deep);
            let error = put(&[&value], &mut out, ALL).unwrap_err();
            assert!(
                error.to_string().ends_with("is more than 1000 levels deep"),
                "{error}"
            );
        });
    worked.unwrap().join().unwrap();
}

#[test]
fn types_that_hold_themselves_are_bounded_and_values_in_them_are_not() {
    #[derive(Debug, Deserialize)]
    struct Node {
        #[serde(rename = "next")]
        _next: Option<Box<Node>>,
        #[serde(default, rename = "value")]
        _value: Value,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    enum Chain {
        End,
        Next(Box<Chain>),
    }
    let worked = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let worked = worked.spawn(|| {
        let nodes = |levels: usize, inside: &str| {
            format!("{}{inside}{}", "{next:".repeat(levels), "}".repeat(levels))
        };
        let deep = format!("{}{}", "[".repeat(870), "]".repeat(870));
        let with_value = nodes(127, &format!("{{next:null,value:{deep}}}"));
        raw(&with_value).to::<Node>().unwrap();
        from_value::<Node>(value(&nodes(128, "null"))).unwrap();
        let too_deep = "it is more than 128 levels deep, which is too much for a type";
        for text in [nodes(129, "null"), nodes(999, "null"), nodes(999, "1")] {
            let error = raw(&text).to::<Node>().unwrap_err();
            assert_eq!(error.to_string(), too_deep);
            let error = mdsf::from_value::<Node>(value(&text))
                .unwrap_err()
                .to_string();
            assert!(error.ends_with(too_deep), "{error}");
        }
        // What takes the long way.
        let twice = format!("{{next:null,next:{}}}", nodes(900, "null"));
        let error = raw(&twice).to::<Node>().unwrap_err().to_string();
        assert!(error.ends_with(too_deep), "{error}");
        let chain =
            |levels: usize| format!("{}'End'{}", "{Next:".repeat(levels), "}".repeat(levels));
        assert!(from_value::<Chain>(value(&chain(128))).is_ok());
        assert!(raw(&chain(129)).to::<Chain>().is_err());
        assert!(mdsf::from_value::<Chain>(value(&chain(999))).is_err());
        // Nothing is left of it.
        from_value::<Node>(value(&nodes(128, "null"))).unwrap();
    });
    worked.unwrap().join().unwrap();
}
