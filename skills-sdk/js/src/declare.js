//! `skill({ … })`: checks a declaration and keeps it.

import { DeclarationError } from "./errors.js";
import { nearest } from "./nearest.js";

const SKILL_KEYS = ["name", "description", "inputSchema", "outputSchema", "annotations", "examples", "run"];
const ANNOTATION_KEYS = ["title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
const EXAMPLE_KEYS = ["request", "input", "output", "live", "http"];

/// What other systems call the same thing.
const ALIASES = {
  parameters: "inputSchema",
  input: "inputSchema",
  schema: "inputSchema",
  returns: "outputSchema",
  output: "outputSchema",
  hints: "annotations",
  handler: "run",
  execute: "run",
  call: "run",
  fn: "run",
  id: "name",
  title: "description",
  summary: "description",
};

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/// Declared skills by name, in the order they were declared: `{ metadata, run }`.
export const skills = new Map();

/// The global `skill`. Throws a `DeclarationError` that says what to change.
export function skill(declaration) {
  if (!isObject(declaration)) {
    fail("`skill` takes one object", "skill({ name, description, inputSchema, run(input) { … } })");
  }
  const { name, description, inputSchema, outputSchema, annotations, examples, run } = declaration;
  if (name === undefined) fail("a skill has no `name`", 'add `name: "my-skill"`');
  if (typeof name !== "string" || !NAME.test(name)) {
    fail(`the name ${JSON.stringify(name) ?? typeof name} cannot be used`, "use 1 to 64 of a-z A-Z 0-9 _ -");
  }
  const who = `skill \`${name}\``;
  refuseUnknown(who, "", declaration, SKILL_KEYS, ALIASES);
  if (skills.has(name)) fail(`${who} is declared twice`, "give one of them another name");
  if (typeof description !== "string" || description.trim() === "") {
    fail(`${who} has no \`description\``, "say in one or two sentences what it does: it is how it is found");
  }
  if (inputSchema === undefined) {
    fail(`${who} has no \`inputSchema\``, 'for no input at all: inputSchema: { type: "object", properties: {} }');
  }
  refuseNonObject(who, "inputSchema", inputSchema);
  if (outputSchema !== undefined) refuseNonObject(who, "outputSchema", outputSchema);
  if (annotations !== undefined) {
    refuseNonObject(who, "annotations", annotations);
    refuseUnknown(who, "annotations.", annotations, ANNOTATION_KEYS, {});
  }
  if (examples !== undefined) checkExamples(who, examples);
  checkRun(who, run);
  // Made here rather than in `list`, which has no way to refuse.
  const metadata = toMetadata(who, { description, inputSchema, outputSchema, annotations, examples });
  skills.set(name, { metadata, run: (input, context) => run.call(declaration, input, context) });
}

function checkExamples(who, examples) {
  if (!Array.isArray(examples)) fail(`${who}: \`examples\` is not a list`, "examples: [{ request, input, output }]");
  examples.forEach((example, index) => {
    const where = `examples[${index}]`;
    refuseNonObject(who, where, example);
    refuseUnknown(who, `${where}.`, example, EXAMPLE_KEYS, {});
    if (!isObject(example.request) || !Object.values(example.request).every((words) => typeof words === "string")) {
      fail(`${who}: \`${where}.request\` is not text by language`, 'request: { en: "…", sv: "…" }');
    }
    if (example.input === undefined) fail(`${who}: \`${where}\` has no \`input\``, "add the input that answers the request");
  });
}

function checkRun(who, run) {
  if (typeof run !== "function") {
    fail(run === undefined ? `${who} has no \`run\`` : `${who}: \`run\` is not a function`, "run(input, context) { return …; }");
  }
  const kind = Object.prototype.toString.call(run);
  if (kind !== "[object Function]") {
    fail(`${who}: \`run\` is ${kind.includes("Async") ? "async" : "a generator"}`, "make it a plain function that returns its answer: everything it can call answers at once");
  }
}

function toMetadata(who, parts) {
  try {
    return JSON.stringify(parts).toWellFormed();
  } catch (error) {
    return fail(`${who}: its description, schemas, annotations or examples are not JSON: ${error.message}`, "use plain objects, lists, strings, numbers and booleans");
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuseNonObject(who, key, value) {
  if (!isObject(value)) fail(`${who}: \`${key}\` is not an object`, `${key}: { … }`);
}

function refuseUnknown(who, prefix, object, known, aliases) {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const meant = Object.hasOwn(aliases, key) ? aliases[key] : nearest(key, known);
    const hint = meant ? `did you mean \`${prefix}${meant}\`?` : `it takes ${known.map((name) => `\`${name}\``).join(", ")}`;
    fail(`${who}: unknown key \`${prefix}${key}\``, hint);
  }
}

function fail(what, hint) {
  throw new DeclarationError(`${what}; hint: ${hint}`);
}
