//! Values and the types of a program.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use jstp_proto::mdsf::{Limits, Object, Value, from_value, read_value, to_value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

fn value(text: &str) -> Value {
    read_value(text, Limits::default()).unwrap()
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
    let value: Value = from_value(Value::Number(-0.0)).unwrap();
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
