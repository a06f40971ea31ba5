//! What a board holds, written as JavaScript writes it: whoever compares numbers with the original's finds the same letters.

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::habit::tree::{Node, Scalar, Tree};

/// A number as JavaScript writes it: `50`, not `50.0`; `1e+21`; one that JSON cannot say is `null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

/// A scalar, a list or an object.
pub struct Written<'a>(pub &'a Node);

pub struct WrittenScalar<'a>(pub &'a Scalar);

/// The members of an object, save some.
pub struct Members<'a> {
    pub of: Option<&'a Tree>,
    pub but: &'static [&'static str],
}

/// The largest whole number up to which all are exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(number) = *self;
        if !number.is_finite() {
            return serializer.serialize_none();
        }
        if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
            #[allow(clippy::cast_possible_truncation)] // small enough to be exact
            return serializer.serialize_i64(number as i64);
        }
        let mut letters = ryu_js::Buffer::new();
        let raw = RawValue::from_string(letters.format_finite(number).to_owned()).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl Serialize for WrittenScalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Null => serializer.serialize_none(),
            Scalar::Bool(yes) => serializer.serialize_bool(*yes),
            Scalar::Number(number) => Number(*number).serialize(serializer),
            Scalar::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Node::Scalar(scalar) => WrittenScalar(scalar).serialize(serializer),
            Node::List(nodes) => serializer.collect_seq(nodes.iter().map(Written)),
            Node::Tree(tree) => serializer.collect_map(tree.0.iter().map(|(name, node)| (name, Written(node)))),
        }
    }
}

impl<'a> Members<'a> {
    pub fn of(tree: &'a Tree) -> Self {
        Self { of: Some(tree), but: &[] }
    }

    /// Those of a member that is an object itself; none when there is none.
    pub fn under(tree: &'a Tree, name: &str) -> Self {
        Self { of: tree.get(name).and_then(Node::as_tree), but: &[] }
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, node) in self.of.into_iter().flat_map(|tree| &tree.0) {
            if !self.but.contains(&name.as_str()) {
                map.serialize_entry(name, &Written(node))?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        // What `JSON.stringify` of Node.js says of each.
        for (number, written) in [
            (0.0, "0"),
            (-0.0, "0"),
            (50.0, "50"),
            (-2.0, "-2"),
            (7.5, "7.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
            (-3.079_243_9, "-3.0792439"),
            (0.000_001_5, "0.0000015"),
            (0.000_000_15, "1.5e-7"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(serde_json::to_string(&Number(number)).unwrap(), written, "{number:e}");
        }
    }

    #[test]
    fn trees_are_written_whole_or_without_some() {
        let deep = Tree::of([("list", Node::List(vec![Node::number(1.5), Node::null(), Node::bool(true)]))]);
        let tree = Tree::of([("a", Node::text("x\u{1}<b>")), ("deep", Node::Tree(deep))]);
        let written = |members: Members<'_>| serde_json::to_string(&members).unwrap();
        assert_eq!(written(Members::of(&tree)), r#"{"a":"x\u0001<b>","deep":{"list":[1.5,null,true]}}"#);
        assert_eq!(written(Members { of: Some(&tree), but: &["deep"] }), r#"{"a":"x\u0001<b>"}"#);
        assert_eq!(written(Members::under(&tree, "deep")), r#"{"list":[1.5,null,true]}"#);
        assert_eq!(written(Members::under(&tree, "a")), "{}");
        assert_eq!(written(Members::under(&tree, "none")), "{}");
    }
}
