//! Properties in the document's shape that are kept and given back, and that nothing here reads.
//!
//! How they are written on the wire or in the store is not known here. Order of names is the alphabet's.

use std::collections::BTreeMap;
use std::fmt;

use super::bounds::{TREE_BYTES_MAX, TREE_DEPTH_MAX, TREE_NODES_MAX};
use super::error::HabitError;
use super::numbers::NUMBER_MAX;

/// Numbers are finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    Tree(Tree),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree(pub BTreeMap<String, Node>);

impl Scalar {
    /// As JavaScript's `if` takes it.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(yes) => *yes,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// Finite, and small enough to be exact.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) if number.abs() <= NUMBER_MAX => Some(*number),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            _ => None,
        }
    }

    /// Whether `set` may put `new` here, as the document has it: a string or a number for a string or a number. A boolean stays
    /// a boolean.
    pub fn takes(&self, new: &Self) -> bool {
        match (self, new) {
            (Self::Text(_) | Self::Number(_), Self::Text(_)) | (Self::Bool(_), Self::Bool(_)) => true,
            (Self::Text(_) | Self::Number(_), Self::Number(number)) => number.abs() <= NUMBER_MAX,
            _ => false,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(yes) => yes.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Node {
    pub fn text(text: &str) -> Self {
        Self::Scalar(Scalar::Text(text.to_owned()))
    }

    pub const fn number(number: f64) -> Self {
        Self::Scalar(Scalar::Number(number))
    }

    pub const fn bool(yes: bool) -> Self {
        Self::Scalar(Scalar::Bool(yes))
    }

    pub const fn null() -> Self {
        Self::Scalar(Scalar::Null)
    }

    pub const fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub const fn as_tree(&self) -> Option<&Tree> {
        match self {
            Self::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// The scalar that lies there. Members of a list are named by their number.
    fn find_mut(&mut self, path: &[&str]) -> Option<&mut Scalar> {
        match (self, path) {
            (Self::Scalar(scalar), []) => Some(scalar),
            (Self::Tree(tree), [_, ..]) => tree.find_mut(path),
            (Self::List(nodes), [first, rest @ ..]) => nodes.get_mut(index(first)?)?.find_mut(rest),
            _ => None,
        }
    }

    fn measure(&self, depth: usize, size: &mut Size) {
        size.nodes += 1;
        size.depth = size.depth.max(depth);
        match self {
            Self::Scalar(Scalar::Text(text)) => size.bytes += text.len(),
            Self::Scalar(_) => {}
            // What is deeper than may be is not looked into: a thousand levels are refused as nine are.
            Self::List(_) | Self::Tree(_) if depth >= TREE_DEPTH_MAX => size.depth = depth + 1,
            Self::List(nodes) => nodes.iter().for_each(|node| node.measure(depth + 1, size)),
            Self::Tree(tree) => tree.measure(depth + 1, size),
        }
    }
}

impl Tree {
    pub fn of<const N: usize>(members: [(&str, Node); N]) -> Self {
        Self(members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.get(name)
    }

    pub fn take(&mut self, name: &str) -> Option<Node> {
        self.0.remove(name)
    }

    /// Puts a scalar where there is one that takes it. Says whether it did, that is whether something is another now.
    pub fn set(&mut self, path: &[&str], value: &Scalar) -> bool {
        match self.find_mut(path) {
            Some(old) if old.takes(value) && old != value => {
                *old = value.clone();
                true
            }
            _ => false,
        }
    }

    fn find_mut(&mut self, path: &[&str]) -> Option<&mut Scalar> {
        let (first, rest) = path.split_first()?;
        self.0.get_mut(*first)?.find_mut(rest)
    }

    /// Of names and texts.
    pub(super) fn bytes(&self) -> usize {
        let mut size = Size::default();
        self.measure(1, &mut size);
        size.bytes
    }

    fn measure(&self, depth: usize, size: &mut Size) {
        for (name, node) in &self.0 {
            size.bytes += name.len();
            node.measure(depth, size);
        }
    }

    /// # Errors
    /// [`HabitError::TooMany`] or [`HabitError::TooLong`] when it is deeper or larger than is kept.
    pub fn check(&self) -> Result<(), HabitError> {
        let mut size = Size::default();
        self.measure(1, &mut size);
        if size.depth > TREE_DEPTH_MAX {
            return Err(HabitError::TooMany { what: "levels of properties", len_max: TREE_DEPTH_MAX });
        }
        if size.nodes > TREE_NODES_MAX {
            return Err(HabitError::TooMany { what: "properties", len_max: TREE_NODES_MAX });
        }
        if size.bytes > TREE_BYTES_MAX {
            return Err(HabitError::TooLong { member: "task", bytes_max: TREE_BYTES_MAX });
        }
        Ok(())
    }
}

/// A number as JavaScript names members of lists: `0`, `1`, `12`, and nothing else.
pub(super) fn index(name: &str) -> Option<usize> {
    let plain = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| name.parse().ok()).flatten()
}

#[derive(Default)]
struct Size {
    nodes: usize,
    depth: usize,
    bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Tree {
        let mut tree = Tree::of([("x", Node::number(1.0))]);
        for _ in 1..levels {
            tree = Tree::of([("x", Node::Tree(tree))]);
        }
        tree
    }

    #[test]
    fn sets_what_is_there_and_of_its_kind() {
        let number = |number| Scalar::Number(number);
        let text = |text: &str| Scalar::Text(text.to_owned());
        let before = Tree::of([
            ("hair", Node::text("blond")),
            ("size", Node::number(2.0)),
            ("helm", Node::bool(true)),
            ("none", Node::null()),
            ("list", Node::List(vec![Node::Tree(Tree::of([("name", Node::text("a"))]))])),
            ("deep", Node::Tree(Tree::of([("x", Node::number(1.0))]))),
        ]);
        for (path, value, is_set) in [
            (vec!["hair"], text("black"), true),
            (vec!["hair"], number(3.0), true),
            (vec!["hair"], text("blond"), false),
            (vec!["hair"], Scalar::Bool(true), false),
            (vec!["hair"], Scalar::Null, false),
            (vec!["size"], text("big"), true),
            (vec!["size"], number(f64::INFINITY), false),
            (vec!["helm"], Scalar::Bool(false), true),
            (vec!["helm"], number(0.0), false),
            (vec!["none"], text("x"), false),
            (vec!["list"], text("x"), false),
            (vec!["list", "0", "name"], text("b"), true),
            (vec!["list", "00", "name"], text("b"), false),
            (vec!["list", "-1", "name"], text("b"), false),
            (vec!["list", "+0", "name"], text("b"), false),
            (vec!["list", "1", "name"], text("b"), false),
            (vec!["list", "length"], number(0.0), false),
            (vec!["deep", "x"], number(2.0), true),
            (vec!["deep"], number(2.0), false),
            (vec!["deep", "y"], number(2.0), false),
            (vec!["hair", "length"], number(0.0), false),
            (vec![], number(0.0), false),
        ] {
            let mut tree = before.clone();
            assert_eq!(tree.set(&path, &value), is_set, "{path:?} {value:?}");
            assert_eq!(tree != before, is_set, "{path:?} {value:?}");
        }
    }

    #[test]
    fn is_held_small() {
        assert_eq!(nested(TREE_DEPTH_MAX).check(), Ok(()));
        assert!(nested(TREE_DEPTH_MAX + 1).check().is_err());
        assert!(nested(1_000).check().is_err());
        let wide = |nodes: usize| Tree((0..nodes).map(|number| (number.to_string(), Node::null())).collect());
        assert_eq!(wide(TREE_NODES_MAX).check(), Ok(()));
        assert!(wide(TREE_NODES_MAX + 1).check().is_err());
        assert!(Tree::of([("x", Node::text(&"x".repeat(TREE_BYTES_MAX)))]).check().is_err());
    }
}
