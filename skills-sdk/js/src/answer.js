//! From what `run` returns or throws to what the host takes.

import { messageWithPosition, text } from "./errors.js";

const KINDS = ["invalid-input", "denied", "unavailable", "failed"];

/// The global `SkillError`: an error whose kind the caller sees.
export class SkillError extends Error {
  constructor(kind, message) {
    if (!KINDS.includes(kind)) {
      throw new TypeError(`SkillError: ${JSON.stringify(kind) ?? typeof kind} is not one of ${KINDS.join(", ")}`);
    }
    super(message);
    this.kind = kind;
  }
}
SkillError.prototype.name = "SkillError";

/// What `withAttachments` returns, so that no plain value can be mistaken for it.
class Answer {
  constructor(value, attachments) {
    this.value = value;
    this.attachments = attachments;
  }
}

/// The global `withAttachments`: a value with files beside it.
export function withAttachments(value, attachments) {
  if (!Array.isArray(attachments)) {
    throw new TypeError("withAttachments: the second argument is a list of { name, mediaType, data }");
  }
  return new Answer(value, attachments.map(attachment));
}

/// The WIT record `output` for what `run` returned. Throws the WIT variant `skill-error`.
export function toOutput(name, returned) {
  if (typeof returned?.then === "function") {
    throw failed(`skill \`${name}\` returned a promise, and nothing can be waited for here; hint: return the answer itself from a plain function`);
  }
  const { value, attachments } = returned instanceof Answer ? returned : { value: returned, attachments: [] };
  return { json: toJson(name, value), attachments };
}

/// The WIT variant `skill-error` for what `run` threw.
export function toSkillError(error) {
  if (error instanceof SkillError) return { tag: error.kind, val: text(error.message) };
  return failed(messageWithPosition(error));
}

/// The WIT variant's case `failed`.
export function failed(message) {
  return { tag: "failed", val: text(message) };
}

function toJson(name, value) {
  let json;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    const found = notJson(value, "the answer", []);
    const what = found ? `skill \`${name}\` returned what JSON cannot hold: ${found}` : `skill \`${name}\`: ${messageWithPosition(error)}`;
    throw failed(`${what}; hint: return plain objects, lists, strings, numbers, booleans and null`);
  }
  if (json === undefined) {
    const what = value === undefined ? "returned nothing" : `returned a ${typeof value}`;
    throw failed(`skill \`${name}\` ${what}; hint: end \`run\` with \`return\` and a JSON value, such as null`);
  }
  // An unpaired surrogate is written as an escape, which other JSON readers refuse. An escaped
  // backslash is matched as well, so that the text `\ud800` is left as it is.
  return json.includes("\\ud") ? json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === "\\\\" ? found : "\ufffd")) : json;
}

/// Where in a value lies what `JSON.stringify` threw at.
function notJson(value, path, parents) {
  if (typeof value === "bigint") return `${path} is a BigInt`;
  if (typeof value !== "object" || value === null || typeof value.toJSON === "function") return undefined;
  if (parents.includes(value)) return `${path} contains itself`;
  for (const key of Object.keys(value)) {
    const found = notJson(value[key], Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, [...parents, value]);
    if (found) return found;
  }
  return undefined;
}

function attachment(file, index) {
  const where = `withAttachments: attachment ${index + 1}`;
  const { name, mediaType, data } = file ?? {};
  if (typeof name !== "string" || !/^[^/\\]{1,255}$/.test(name)) throw new TypeError(`${where}: \`name\` is not a file name without folders`);
  if (typeof mediaType !== "string" || !/^[\w.+-]+\/[\w.+-]+/.test(mediaType)) throw new TypeError(`${where}: \`mediaType\` is not such as "text/csv"`);
  return { name: text(name), mediaType: text(mediaType), data: bytes(where, data) };
}

function bytes(where, data) {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError(`${where}: \`data\` is neither a string nor bytes`);
}
