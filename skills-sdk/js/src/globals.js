//! The names a script finds: what the engine lacks or cannot do without a host.

import clock from "happyos:host/clock@0.1.0";
import hostProgress from "happyos:host/progress@0.1.0";
import random from "happyos:host/random@0.1.0";
import "./text-encoding.js";
import { URL, URLSearchParams } from "whatwg-url-minimum";
import structuredClone from "@ungap/structured-clone";
import { SkillError, withAttachments } from "./answer.js";
import { console } from "./console.js";
import { skill } from "./declare.js";
import { text } from "./errors.js";
import { http, kv, secrets } from "./powers.js";

const NativeDate = Date;

/// `Date` on the host's clock; all else is the engine's.
function HostDate(...parts) {
  if (new.target === undefined) return new NativeDate(clock.now()).toString();
  return Reflect.construct(NativeDate, parts.length === 0 ? [clock.now()] : parts, new.target);
}
Object.defineProperty(HostDate, "length", { value: 7, configurable: true });
HostDate.prototype = NativeDate.prototype;
HostDate.now = () => clock.now();
HostDate.parse = NativeDate.parse;
HostDate.UTC = NativeDate.UTC;
NativeDate.prototype.constructor = HostDate;

/// State of the generator `sfc32` behind `Math.random`, which asks the host once a call; a host
/// call for each number would soon use up the call's budget.
let generator;

/// Makes the next `Math.random` draw from this call's seed.
export function reseed() {
  generator = undefined;
}

function next32() {
  if (generator === undefined) {
    const seed = random.bytes(12);
    generator = new Uint32Array([0, 0, 0, 1]);
    for (let index = 0; index < 12; index++) generator[index >> 2] |= seed[index] << ((index & 3) * 8);
    for (let round = 0; round < 12; round++) next32();
  }
  const [a, b, c, counter] = generator;
  const result = (a + b + counter) | 0;
  generator[3] = counter + 1;
  generator[0] = b ^ (b >>> 9);
  generator[1] = c + (c << 3);
  generator[2] = ((c << 21) | (c >>> 11)) + result;
  return result >>> 0;
}

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array)) throw new TypeError("crypto.getRandomValues takes a typed array");
  const view = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (view.length > 65536) throw new RangeError("crypto.getRandomValues gives at most 65536 bytes at once");
  if (view.length > 0) view.set(random.bytes(view.length));
  return array;
}

function randomUUID() {
  const bytes = getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/// The global `progress`.
function progress(done, total, message) {
  hostProgress.report(Number(done), total === undefined || total === null ? null : Number(total), text(message ?? ""));
}

/// Puts everything in place. Runs once, when the component is built: its effect is in the snapshot.
export function install() {
  const define = (name, value) => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    // The bundler has shortened it.
    if (typeof value === "function") Object.defineProperty(value, "name", { value: name, configurable: true });
  };
  define("Date", HostDate);
  define("console", console);
  define("performance", { now: () => clock.monotonic() / 1e6 });
  define("crypto", { getRandomValues, randomUUID });
  define("TextEncoder", TextEncoder);
  define("TextDecoder", TextDecoder);
  define("URL", URL);
  define("URLSearchParams", URLSearchParams);
  define("structuredClone", (value) => structuredClone(value));
  define("progress", progress);
  define("kv", kv);
  define("secrets", secrets);
  define("http", http);
  define("skill", skill);
  define("SkillError", SkillError);
  define("withAttachments", withAttachments);
  Object.defineProperty(Math, "random", {
    value: () => ((next32() >>> 5) * 0x4000000 + (next32() >>> 6)) / 0x20000000000000,
    writable: true,
    configurable: true,
  });
  const engine = globalThis.__cqjs;
  // Jobs never run here; and the tool's own names are not for scripts.
  for (const name of ["queueMicrotask", "wit", "__cqjs"]) delete globalThis[name];
  engine?.runGc();
}
