"""Makes what the document's examples name, and the document with its ids. Prints the token of whom it belongs to."""

import json
import sys
import urllib.request

url, path = sys.argv[1:]


def ask(method, place, body=None, token=None):
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + place, method=method, headers=headers, data=data)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def example(document, kind, name):
    return document["components"][kind].get(name, {}).get("example")


document = ask("GET", "/api/openapi.json")
aino = ask("POST", "/api/users", {"name": "Aino", "password": "a horse that is hers"})["data"]
veikko = ask("POST", "/api/users", {"name": "Veikko", "password": "a horse that is his"})["data"]
token = aino["token"]
run = ask("POST", "/api/runs", {"visibility": "public", "latitude": 60.17, "longitude": 24.94}, token)["data"]
event = {"name": "Töölö bay", "date": "2099-11-21", "time": "18:00", "private": False}
event = ask("POST", "/api/events", event | {"start": {"latitude": 60.17, "longitude": 24.94}}, token)["data"]
group = ask("POST", "/api/groups", {"name": "Turku runners"}, token)["data"]
link = ask("POST", "/api/share-links", {"run": run["id"]}, token)["data"]
key = ask("POST", "/api/tokens", {"label": "a key"}, token)["data"]
real = {
    example(document, "schemas", "UserId"): aino["id"],
    example(document, "parameters", "user"): veikko["id"],
    example(document, "parameters", "run"): run["id"],
    example(document, "parameters", "event"): event["id"],
    example(document, "parameters", "group"): group["id"],
    example(document, "parameters", "link"): link["id"],
    example(document, "parameters", "token"): key["id"],
}
text = json.dumps(document)
for shown, there in real.items():
    text = text.replace(str(shown), str(there))
with open(path, "w") as file:
    file.write(text)
print(token)
