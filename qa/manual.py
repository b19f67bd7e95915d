"""The page at `/docs`: every operation of the OpenAPI schema with its fields and an example, as HTML that fetches nothing."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final, cast

Schema = Mapping[str, object]

STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
pre { padding: .75rem 1rem; overflow-x: auto; background: color-mix(in srgb, currentColor 7%, transparent); border-radius: .4rem }
code, pre { font: 14px/1.45 ui-monospace, monospace } h2 { margin-top: 2.5rem; font-size: 1.15rem }
td { padding: .15rem 1rem .15rem 0; vertical-align: top } nav a { margin-right: 1rem }
"""
DOCUMENT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style}</style></head>
<body><h1>{title}</h1>{description}<nav>{links}</nav>{sections}</body></html>
"""
OPERATION: Final = '<section id="{name}"><h2><code>{method} {path}</code></h2>{description}{fields}{call}{answer}</section>'


def manual(schema: Schema) -> str:
    """HTML for an OpenAPI 3.1 schema."""
    info = _part(schema, "info")
    operations = list(_operations(schema))
    links = "".join(f'<a href="#{name}"><code>{escape(path)}</code></a> ' for name, path, _, _ in operations)
    return DOCUMENT.format(
        title=f"{info['title']} {info['version']}",
        style=STYLE,
        description=_paragraphs(_description(info)),
        links=links + '<a href="openapi.json"><code>/openapi.json</code></a>',
        sections="".join(_section(schema, *operation) for operation in operations),
    )


def _operations(schema: Schema) -> Iterator[tuple[str, str, str, Schema]]:
    """Name, path, method and description of each operation."""
    for path, methods in _part(schema, "paths").items():
        for method, operation in cast(Mapping[str, Schema], methods).items():
            yield str(operation["operationId"]), path, method.upper(), operation


def _section(schema: Schema, name: str, path: str, method: str, operation: Schema) -> str:
    body = _json_of(schema, _part(operation, "requestBody"))
    answer = _json_of(schema, _part(_part(operation, "responses"), "200"))
    return OPERATION.format(
        name=name,
        method=method,
        path=escape(path),
        description=_paragraphs(_description(operation)),
        fields=_fields(schema, body),
        call=_code(_call(schema, method, path, body)),
        answer=_code(json.dumps(_example(schema, answer), indent=2, ensure_ascii=False)) if answer else "",
    )


def _fields(schema: Schema, body: Schema) -> str:
    rows = (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(schema, field))}</td><td>{escape(_description(field))}</td></tr>"
        for name, field in cast(Mapping[str, Schema], _part(body, "properties")).items()
    )
    return f"<table>{''.join(rows)}</table>" if body else ""


def _description(part: Schema) -> str:
    return str(part.get("description", ""))


def _paragraphs(text: str) -> str:
    """Markdown of the simplest kind: blank lines and `code`."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return "".join(f"<p>{paragraph}</p>" for paragraph in marked.split("\n\n"))


def _type(schema: Schema, field: Schema) -> str:
    kind = str(_resolved(schema, field).get("type", ""))
    return f"{kind}, {json.dumps(field['default'])} if not given" if "default" in field else kind


def _call(schema: Schema, method: str, path: str, body: Schema) -> str:
    call = f"curl {'-X POST ' if method == 'POST' and not body else ''}http://127.0.0.1:7860{path}"
    return f"{call} --json {_quoted(json.dumps(_example(schema, body), ensure_ascii=False))}" if body else call


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _part(schema: Schema, name: str) -> Schema:
    return cast(Schema, schema.get(name, {}))


def _json_of(schema: Schema, message: Schema) -> Schema:
    """The schema of the JSON that a request or a response carries; empty where it carries none."""
    return _resolved(schema, _part(_part(_part(message, "content"), "application/json"), "schema"))


def _resolved(schema: Schema, part: Schema) -> Schema:
    """`part` with its reference followed, and the first of its alternatives taken."""
    if "anyOf" in part:
        return _resolved(schema, cast(list[Schema], part["anyOf"])[0])
    if "$ref" in part:
        name = str(part["$ref"]).rpartition("/")[2]
        return _part(_part(_part(schema, "components"), "schemas"), name)
    return part


def _example(schema: Schema, part: Schema) -> object:
    """A value that fits `part`: its own example or default, else one made of its type."""
    if "examples" in part:
        return cast(list[object], part["examples"])[0]
    if "default" in part:
        return part["default"]
    part = _resolved(schema, part)
    if "enum" in part:
        return cast(list[object], part["enum"])[0]
    match part.get("type"):
        case "object":
            return {name: _example(schema, field) for name, field in cast(Mapping[str, Schema], _part(part, "properties")).items()}
        case "array":
            return [_example(schema, _part(part, "items"))]
        case kind:
            return {"string": "…", "integer": 1, "number": 1.0, "boolean": True}.get(str(kind))
