//! Properties that nothing here reads ↔ JSON.

use serde_json::{Map, Number, Value};

use crate::domain::habit::tree::{Node, Scalar, Tree};

/// Numbers without a fraction are written without one, as JavaScript does.
pub fn number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation)] // small enough to be exact
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

pub fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(yes) => Value::Bool(*yes),
        Scalar::Number(it) => number(*it),
        Scalar::Text(text) => Value::String(text.clone()),
    }
}

pub fn value_of(tree: &Tree) -> Value {
    Value::Object(tree.0.iter().map(|(name, node)| (name.clone(), of_node(node))).collect())
}

fn of_node(node: &Node) -> Value {
    match node {
        Node::Scalar(it) => scalar(it),
        Node::List(nodes) => Value::Array(nodes.iter().map(of_node).collect()),
        Node::Tree(tree) => value_of(tree),
    }
}

/// As deep as it is: whoever parsed it has bounded that.
pub fn node(value: Value) -> Node {
    match value {
        Value::Null => Node::null(),
        Value::Bool(yes) => Node::bool(yes),
        Value::Number(number) => Node::number(number.as_f64().filter(|it| it.is_finite()).unwrap_or_default()),
        Value::String(text) => Node::Scalar(Scalar::Text(text)),
        Value::Array(values) => Node::List(values.into_iter().map(node).collect()),
        Value::Object(members) => Node::Tree(tree(members)),
    }
}

pub fn tree(members: Map<String, Value>) -> Tree {
    Tree(members.into_iter().map(|(name, value)| (name, node(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn trees_come_back_as_they_were() {
        let value = json!({ "a": [1, 2.5, null], "b": { "c": "x", "d": true }, "e": -3 });
        let Node::Tree(tree) = node(value.clone()) else { panic!("no tree") };
        assert_eq!(value_of(&tree), value);
    }
}
