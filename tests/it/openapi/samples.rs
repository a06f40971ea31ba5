//! What `/docs` shows is true: its examples are run as they stand there, by a shell, by Node.js and by Python.

use std::process::{Command, Stdio};

use reqwest::Method;

use super::document::Document;
use super::world::{Flavour, World};
use crate::support::{API_KEY, Runner, Site, StoreKind, send, within};

/// Calls of each kind: with and without a body, with a query, with nothing to answer.
const CALLS: [&str; 9] = [
    "findUsers",
    "changeMe",
    "createRun",
    "recordFixes",
    "showRun",
    "revokeShareLink",
    "habitApply",
    "live_publish",
    "metrics",
];

/// What the page shows for this call in this language.
fn shown(page: &str, call: &str, language: &str) -> String {
    let start = format!("<code data-call=\"{call}\" data-language=\"{language}\">");
    let text = page.split(&start).nth(1).unwrap_or_else(|| panic!("no {language} for {call}"));
    let text = text.split("</code>").next().expect("an end");
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn examples_of_the_page_run_as_they_stand_there() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let page = send(site.ask(Method::GET, "/docs")).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let page = String::from_utf8(page.body).expect("text");
    for (_, _, call) in document.calls() {
        let id = call["operationId"].as_str().expect("an id");
        assert!(page.contains(&format!("id=\"{id}\"")), "{id} is not on the page");
    }
    for call in CALLS {
        for language in ["shell", "javascript", "python"] {
            let world = World::new(Flavour::of(call), &document).await;
            let code = world.fill(&shown(&page, call, language));
            let code = code.replace("http://127.0.0.1:8000", &format!("http://{}", world.site.host));
            let said = run(language, &code, &world.aino).await;
            let expected = document.success_of(call);
            // curl says no status: what it was told does.
            let is_good = match language {
                "shell" => !said.contains("\"error\"") && (expected == 204) == said.trim().is_empty(),
                _ => said.starts_with(&expected.to_string()),
            };
            assert!(is_good, "{call} in {language}: {said}\n{code}");
        }
    }
}

async fn run(language: &str, code: &str, aino: &Runner) -> String {
    let (program, arguments, code) = match language {
        "shell" => ("bash", vec!["-c"], code.to_owned()),
        "javascript" => {
            let known = "const { TOKEN, USER_ID, API_KEY } = process.env;\n";
            ("node", vec!["--input-type=module", "-e"], format!("{known}{code}"))
        }
        _ => (
            "python3",
            vec!["-c"],
            format!(
                "import os\nTOKEN, USER_ID, API_KEY = map(os.environ.get, ['TOKEN', 'USER_ID', 'API_KEY'])\n{code}"
            ),
        ),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(code).env("TOKEN", &aino.token).env("API_KEY", API_KEY).env("no_proxy", "127.0.0.1");
    command.env("USER_ID", &aino.id).stdin(Stdio::null());
    let output =
        within(tokio::task::spawn_blocking(move || command.output())).await.expect("it ends").expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{language}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_error_has_its_page() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let types = document.at("#/components/schemas/Error/properties/type/enum").as_array().expect("types").clone();
    let list = send(site.ask(Method::GET, "/docs/errors")).await;
    for name in types.iter().map(|name| name.as_str().expect("a name")) {
        let page = send(site.ask(Method::GET, &format!("/docs/errors/{name}"))).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{name}");
        assert!(String::from_utf8_lossy(&page.body).contains(&format!("<h1>{name} ")), "{name}");
        assert!(String::from_utf8_lossy(&list.body).contains(&format!("/docs/errors/{name}\"")), "{name}");
    }
    // Every status that the sources of the API can answer with is one of these types.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut files = vec![folder.join("rest.rs")];
    files.extend(std::fs::read_dir(folder.join("rest")).unwrap().map(|entry| entry.unwrap().path()));
    let mut statuses = 0;
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        for name in source.split("StatusCode::").skip(1) {
            let name: String = name.chars().take_while(|it| it.is_ascii_uppercase() || *it == '_').collect();
            let Some(status) = status(&name).filter(|status| status.as_u16() >= 400) else { continue };
            let kind: String = status.canonical_reason().unwrap().split([' ', '-']).collect();
            assert!(types.iter().any(|it| *it == kind.as_str()), "{kind} of {} has no page", file.display());
            statuses += 1;
        }
    }
    assert!(statuses > 10, "{statuses}");
    assert_eq!(send(site.ask(Method::GET, "/docs/errors/Nonsense")).await.status, 404);
    let reply = send(site.ask(Method::DELETE, "/docs")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

/// The status of which the `http` crate has a constant of this name.
fn status(name: &str) -> Option<reqwest::StatusCode> {
    let reason = |status: &reqwest::StatusCode| {
        status.canonical_reason().map(|reason| reason.to_uppercase().replace([' ', '-'], "_"))
    };
    (100..600)
        .filter_map(|code| reqwest::StatusCode::from_u16(code).ok())
        .find(|it| reason(it).as_deref() == Some(name))
}
