//! The globals `kv`, `secrets` and `http`: what takes a grant.

import hostHttp from "happyos:host/http@0.1.0";
import hostKv from "happyos:host/kv@0.1.0";
import hostSecrets from "happyos:host/secrets@0.1.0";
import { SkillError } from "./answer.js";
import { text } from "./errors.js";

/// Bytes of a response that `text`, `json` and `bytes` read.
const BODY_BYTES_MAX = 8 << 20;
const READ_BYTES = 64 << 10;

/// Kinds of `SkillError` for the cases of the host's errors; the others are `failed`.
const KINDS = { denied: "denied", invalid: "invalid-input", "invalid-request": "invalid-input", unavailable: "unavailable", timeout: "unavailable", missing: "unavailable" };

/// Calls the host; its typed error becomes a `SkillError`, which a script may catch by `error.reason`.
function ask(call) {
  try {
    return call();
  } catch (error) {
    const said = error?.payload ?? error;
    if (typeof said?.tag !== "string") throw error;
    const own = new SkillError(KINDS[said.tag] ?? "failed", said.val);
    own.reason = said.tag;
    throw own;
  }
}

function toBytes(name, value) {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`${name} takes a string or bytes; hint: JSON.stringify makes a string of other values`);
}

const optional = (name, value) => (value === undefined || value === null ? undefined : toBytes(name, value));
const decode = (bytes) => new TextDecoder().decode(Uint8Array.from(bytes));

/// The global `kv`: strings by key, kept from one call to the next.
export const kv = {
  get(key) {
    const found = kv.getBytes(key);
    return found === null ? null : decode(found);
  },
  getBytes(key) {
    const found = ask(() => hostKv.get(text(key)));
    return found === undefined || found === null ? null : Uint8Array.from(found);
  },
  set(key, value) {
    const bytes = toBytes("kv.set", value);
    ask(() => hostKv.set(text(key), bytes));
  },
  delete(key) {
    return ask(() => hostKv.delete(text(key)));
  },
  list(prefix = "", { after, limit = 1000 } = {}) {
    return ask(() => hostKv.list(text(prefix), after === undefined ? undefined : text(after), limit));
  },
  swap(key, expected, value) {
    const [before, behind] = [optional("kv.swap", expected), optional("kv.swap", value)];
    return ask(() => hostKv.swap(text(key), before, behind));
  },
};

/// The global `secrets`.
export const secrets = {
  open(name) {
    return ask(() => hostSecrets.open(text(name)));
  },
};

/// A response, whose body is read once.
class Response {
  #body;

  constructor({ status, headers, url, body }) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.url = url;
    this.headers = {};
    for (const { name, value } of headers) {
      this.headers[name] = name in this.headers ? `${this.headers[name]}, ${value}` : value;
    }
    this.#body = body;
  }

  /// The next bytes, or null at the end.
  read(max = READ_BYTES) {
    const part = ask(() => this.#body.read(max));
    return part.length === 0 ? null : Uint8Array.from(part);
  }

  bytes() {
    const parts = [];
    let length = 0;
    for (let part = this.read(); part !== null; part = this.read()) {
      parts.push(part);
      length += part.length;
      if (length > BODY_BYTES_MAX) throw new SkillError("failed", `the response of ${this.url} has more than ${BODY_BYTES_MAX} bytes`);
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  text() {
    return decode(this.bytes());
  }

  json() {
    return JSON.parse(this.text());
  }
}

/// The global `http`. Everything is there when `fetch` returns but the body, which is read as it is asked for.
export const http = {
  fetch(url, { method = "GET", headers = {}, body, timeoutMs, maxRedirects, credentials = [] } = {}) {
    const request = {
      method: text(method),
      url: text(url),
      headers: Object.entries(headers).map(([name, value]) => ({ name: text(name), value: text(value) })),
      timeoutMs,
      maxRedirects,
    };
    const carried = credentials.map(({ secret, header = "authorization", prefix = "" }) => ({ secret, header: text(header), prefix: text(prefix) }));
    const bytes = body === undefined || body === null ? new Uint8Array(0) : toBytes("http.fetch", body);
    return new Response(ask(() => hostHttp.send(request, carried, bytes)));
  },
};
