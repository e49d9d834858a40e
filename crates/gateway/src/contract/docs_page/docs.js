// Shows the server's two documents: /openapi.json and /asyncapi.json. Everything is put in as text, never as markup.

/** An element with attributes and children; strings become text. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

const named = (reference) => reference.slice(reference.lastIndexOf("/") + 1);
const anchor = (text) => text.replaceAll(/[^A-Za-z0-9]+/g, "-");

/** A schema in one line; named ones as links. */
function summary(schema) {
  if (schema === undefined || schema === true) return ["anything"];
  if (schema.$ref) return [element("a", { href: `#schema-${named(schema.$ref)}` }, named(schema.$ref))];
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  const several = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (several) {
    const sign = schema.allOf ? " & " : " | ";
    return several.flatMap((part, at) => (at === 0 ? summary(part) : [sign, ...summary(part)]));
  }
  if (schema.type === "array") return ["list of ", ...summary(schema.items)];
  const kinds = [schema.type ?? "anything"].flat().join(" | ");
  const limits = ["format", "pattern", "minLength", "maxLength", "minimum", "maximum", "default"]
    .filter((key) => key in schema)
    .map((key) => `${key} ${schema[key]}`);
  return [limits.length > 0 ? `${kinds} (${limits.join(", ")})` : kinds];
}

/** A table of fields: name, whether it must be there, type, meaning. */
function fields(title, rows) {
  if (rows.length === 0) return undefined;
  const head = ["field", "", "type", "meaning"].map((text) => element("th", { scope: "col" }, text));
  const body = rows.map(({ name, required, schema, description }) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, name)),
      element("td", {}, required ? "required" : ""),
      element("td", {}, ...summary(schema)),
      element("td", {}, description ?? schema?.description ?? ""),
    ),
  );
  return element(
    "table",
    {},
    element("caption", {}, title),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...body),
  );
}

const rowsOf = (schema) =>
  Object.entries(schema?.properties ?? {}).map(([name, inner]) => ({
    name,
    schema: inner,
    required: schema.required?.includes(name),
  }));

/** The schema itself where it is only named. */
const resolved = (schema, schemas) => (schema?.$ref ? schemas[named(schema.$ref)] : schema);

function route(path, verb, operation, schemas) {
  const own = (operation.parameters ?? []).filter((parameter) => parameter.name);
  const body = operation.requestBody?.content["application/json"].schema;
  const successes = Object.entries(operation.responses).filter(([status]) => status < 300);
  const answer = successes[0][1].content?.["application/json"].schema;
  return element(
    "article",
    { id: anchor(operation.operationId) },
    element("h3", {}, element("span", { class: "verb" }, verb.toUpperCase()), " ", element("code", {}, path)),
    element("p", {}, operation.description ?? operation.summary),
    element("p", { class: "needs" }, operation.security?.length === 0 ? "Needs no credentials." : "Needs a bearer token."),
    fields("Path and query", own),
    fields("Body", rowsOf(resolved(body, schemas))),
    element("p", {}, `Answer ${successes.map(([status]) => status).join(" or ")}: `, ...(answer ? summary(answer) : ["no body"])),
  );
}

/** What an ack carries: the fields of a named schema, or a list as `items`. */
const fieldsOf = (ok) => (ok.properties ? [element("code", {}, "items"), ", a ", ...summary(ok.properties.items)] : summary(ok));

function event(message) {
  const ok = message["x-ack"]?.oneOf[0].allOf[1];
  return element(
    "article",
    { id: `event-${anchor(message.name)}` },
    element("h3", {}, element("code", {}, message.name)),
    element("p", {}, message.summary),
    element("p", {}, "Payload: ", ...summary(message.payload)),
    ok && element("p", {}, "Ack, beside ", element("code", {}, "ok: true"), ": ", ...fieldsOf(ok)),
  );
}

function schema(name, definition) {
  return element(
    "article",
    { id: `schema-${name}` },
    element("h3", {}, element("code", {}, name)),
    definition.description && element("p", {}, definition.description),
    definition.properties ? fields("Fields", rowsOf(definition)) : element("p", {}, ...summary(definition)),
  );
}

/** A part of the page, and the part of the contents that leads to its articles. */
function section(title, articles) {
  const id = anchor(title);
  const links = articles.map((article) => {
    const text = article.querySelector("h3").textContent;
    return element("li", {}, element("a", { href: `#${article.id}`, "data-words": text.toLowerCase() }, element("code", {}, text)));
  });
  return {
    contents: element("section", {}, element("h2", {}, element("a", { href: `#${id}` }, title)), element("ul", { class: "inner" }, ...links)),
    nodes: [element("h2", { id }, title), ...articles],
  };
}

/** A field that leaves only those entries of the contents whose text has what is typed. */
function finder(contents) {
  const input = element("input", { type: "search", id: "find", autocomplete: "off" });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const part of contents) {
      const entries = [...part.querySelectorAll("[data-words]")];
      for (const entry of entries) entry.parentElement.hidden = !entry.dataset.words.includes(wanted);
      part.hidden = wanted !== "" && entries.every((entry) => entry.parentElement.hidden);
    }
  });
  return element("div", { class: "inner" }, element("label", { for: "find" }, "Find a route, an event, a type"), input);
}

async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

async function show() {
  const [rest, events] = await Promise.all([read("/openapi.json"), read("/asyncapi.json")]);
  const schemas = { ...events.components.schemas, ...rest.components.schemas };
  const routes = Object.entries(rest.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );
  const spoken = (action) =>
    Object.entries(events.operations)
      .filter(([, operation]) => operation.action === action)
      .map(([id]) => event(events.components.messages[id]));
  // What one comes for first; whatever is not named here follows.
  const first = ["rooms", "messages", "direct_messages", "reads", "members", "presence"];
  const rank = ({ name }) => (first.indexOf(name) + first.length + 1) % (first.length + 1);
  const sections = [
    ...rest.tags.toSorted((one, other) => rank(one) - rank(other)).map(({ name }) =>
      section(
        `REST: ${name.replaceAll("_", " ")}`,
        routes
          .filter(({ operation }) => operation.tags[0] === name)
          .map(({ path, verb, operation }) => route(path, verb, operation, schemas)),
      ),
    ),
    section("Events from clients", spoken("receive")),
    section("Events from the server", spoken("send")),
    section("Schemas", Object.entries(schemas).sort().map(([name, definition]) => schema(name, definition))),
  ];
  const contents = sections.map((part) => part.contents);
  document.getElementById("contents").append(finder(contents), ...contents);
  document.getElementById("content").replaceChildren(...sections.flatMap(({ nodes }) => nodes));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;
show().catch((error) => {
  document.getElementById("status").textContent = `The documents could not be shown: ${error.message}`;
});
