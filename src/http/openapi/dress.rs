//! What the conventions say of every call of our REST API, put into a fragment's calls: the envelope, the headers, the errors that
//! may come anywhere. Knows no resource.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Turns the short forms of a fragment into those of OpenAPI. `Err` says what is missing where.
pub fn dress(fragment: &mut Object) -> Result<(), String> {
    let Some(Value::Object(paths)) = fragment.get_mut("paths") else { return Ok(()) };
    for (path, item) in paths {
        let Value::Object(item) = item else { return Err(format!("{path} is not an object")) };
        for (method, call) in item.iter_mut().filter(|(name, _)| METHODS.contains(&name.as_str())) {
            let Value::Object(call) = call else { return Err(format!("{method} {path} is not an object")) };
            dress_call(call, method, path).map_err(|fault| format!("{method} {path}: {fault}"))?;
        }
    }
    Ok(())
}

fn dress_call(call: &mut Object, method: &str, path: &str) -> Result<(), String> {
    let is_tagged = call.remove("tagged").is_some_and(|it| it == true);
    let is_listed = call.remove("listed").is_some_and(|it| it == true);
    let has_body = call.contains_key("requestBody");
    let is_open = call.get("security").and_then(Value::as_array).is_some_and(Vec::is_empty);

    let mut parameters: Vec<&str> = Vec::new();
    let mut responses: Vec<(&str, &str)> = vec![
        ("400", "BadRequest"),
        ("429", "TooManyRequests"),
        ("500", "InternalServerError"),
        ("503", "ServiceUnavailable"),
    ];
    if is_listed {
        parameters.extend(["page", "page_size"]);
    }
    if method == "post" {
        parameters.push("idempotencyKey");
        responses.extend([("409", "Conflict"), ("422", "KeyReused")]);
    }
    // A file that is written while it is sent has no tag.
    let is_file = call.get("responses").and_then(|responses| responses.pointer("/200/content")).is_some();
    if method == "get" && !is_file {
        parameters.push("ifNoneMatch");
        responses.push(("304", "NotModified"));
    } else if is_tagged {
        parameters.push("ifMatch");
        responses.push(("412", "PreconditionFailed"));
    }
    if !is_open {
        responses.push(("401", "Unauthorized"));
        // Who has come by a share link may not do what asks for a user, nor write; nor may another site's page by the cookie.
        if method != "get" || !call.contains_key("security") {
            responses.push(("403", "Forbidden"));
        }
    }
    if path.contains('{') {
        responses.push(("404", "NotFound"));
    }
    if method != "get" {
        // A body is read to its end, whether there is something to say in it or not.
        responses.extend([("408", "RequestTimeout"), ("413", "PayloadTooLarge")]);
    }
    if has_body {
        responses.push(("415", "UnsupportedMediaType"));
    }

    if let Some(body) = call.get_mut("requestBody") {
        dress_body(body)?;
    }
    let described =
        call.entry("responses").or_insert_with(|| json!({})).as_object_mut().ok_or("responses is not an object")?;
    for (status, response) in described.iter_mut() {
        dress_response(status, response, is_tagged || method == "get")?;
    }
    for (status, name) in responses {
        described.entry(status).or_insert_with(|| json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    let all = call.entry("parameters").or_insert_with(|| json!([])).as_array_mut().ok_or("parameters is not a list")?;
    all.extend(parameters.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    Ok(())
}

fn dress_body(body: &mut Value) -> Result<(), String> {
    let Some(body) = body.as_object_mut() else { return Err("requestBody is not an object".to_owned()) };
    let Some(schema) = body.remove("json") else { return Ok(()) };
    let mut content = json!({ "schema": schema });
    if let Some(examples) = body.remove("examples") {
        content["examples"] = examples;
    }
    let content = with_others(content, body.remove("also"));
    body.insert("content".to_owned(), content);
    body.entry("required").or_insert(Value::Bool(true));
    Ok(())
}

fn dress_response(status: &str, response: &mut Value, is_tagged: bool) -> Result<(), String> {
    let Some(response) = response.as_object_mut() else { return Err(format!("{status} is not an object")) };
    if response.contains_key("$ref") || response.contains_key("content") {
        return Ok(());
    }
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if status == "201" {
        headers["Location"] = json!({ "$ref": "#/components/headers/Location" });
    }
    if status == "409" {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfterUnderWay" });
    }
    if is_tagged && status == "200" {
        headers["ETag"] = json!({ "$ref": "#/components/headers/ETag" });
    }
    response.insert("headers".to_owned(), headers);
    let code: u16 = status.parse().map_err(|_| format!("{status} is no status"))?;
    let meta = json!({ "status": code, "version": "1.0.0", "request_id": "d5ccbe45-a54e-4d19-9b58-a96c7747369f" });
    let (example, also) = (response.remove("example"), response.remove("also"));
    let content = if let Some(schema) = response.remove("data") {
        let schema = json!({
            "type": "object",
            "required": ["meta", "data"],
            "properties": { "meta": { "$ref": "#/components/schemas/Meta" }, "data": schema },
        });
        let data = example.ok_or_else(|| format!("{status} has no example"))?;
        json!({ "schema": schema, "example": { "meta": meta, "data": data } })
    } else if code >= 400 {
        let error = example.ok_or_else(|| format!("{status} has no example"))?;
        let schema = json!({ "$ref": "#/components/schemas/Failure" });
        json!({ "schema": schema, "example": { "meta": meta, "error": error } })
    } else {
        return Ok(());
    };
    response.insert("content".to_owned(), with_others(content, also));
    Ok(())
}

/// JSON, and what else there may be.
fn with_others(json: Value, also: Option<Value>) -> Value {
    let mut content = json!({ "application/json": json });
    if let (Value::Object(content), Some(Value::Object(also))) = (&mut content, also) {
        content.extend(also);
    }
    content
}
