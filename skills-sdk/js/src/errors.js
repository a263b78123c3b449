//! What went wrong, told with the line and column of the author's file.

import { nearest } from "./nearest.js";

/// How the engine names evaluated code in a stack trace.
const FRAME = /<input>:(\d+):(\d+)/;

/// Calls that put positions of another text above them into a stack trace; not our own `eval`.
const PARSERS = /at (?:eval|parse|Function|RegExp) \(native\)(?!\n\s+at load \(\/bundle\.js)/g;

/// The stack trace of a script that does not parse.
const UNPARSED = /^\s*at <input>:\d+:\d+\n\s+at eval \(native\)\n\s+at load \(\/bundle\.js/;

/// What a script may look for and not find, with what to do instead.
const ABSENT = {
  setTimeout: "a skill runs to its end in one go: there are no timers",
  setInterval: "a skill runs to its end in one go: there are no timers",
  setImmediate: "a skill runs to its end in one go: there are no timers",
  queueMicrotask: "a skill runs to its end in one go: call the function instead",
  fetch: "`http.fetch(url)` answers at once, if the operator grants it",
  XMLHttpRequest: "use `http.fetch(url)`",
  WebSocket: "there are no sockets; use `http.fetch(url)`",
  require: "a skill is one file: put what it needs into it",
  module: "a skill is one file: declare skills with `skill({ … })`",
  exports: "a skill is one file: declare skills with `skill({ … })`",
  process: "a script sees no process or environment",
  window: "this is not a browser; global names are on `globalThis`",
  document: "this is not a browser",
  localStorage: "use `kv`, if the operator grants it",
  Buffer: "use `Uint8Array`, `TextEncoder`, `btoa` and `atob`",
  Intl: "the engine has no `Intl`; format numbers and dates by hand",
};

/// What is here beside the language itself, as far as it is likely to be misspelt.
const OWN_NAMES = ["skill", "SkillError", "withAttachments", "progress", "console", "structuredClone", "crypto", "kv", "secrets", "http"];

/// A declaration that cannot be accepted; its position is that of the `skill(…)` call.
export class DeclarationError extends Error {}
DeclarationError.prototype.name = "DeclarationError";

/// Text that can be handed to the host: unpaired surrogates are replaced.
export function text(value) {
  return String(value).toWellFormed();
}

/// The script that positions are in.
let script = "";

/// Takes note of the script, to count columns in characters: the engine counts bytes.
export function remember(source) {
  script = source;
}

/// The innermost place in the author's file that a stack trace names, or zeros.
export function positionOf(error) {
  const stack = typeof error?.stack === "string" ? error.stack : "";
  const afterParser = [...stack.matchAll(PARSERS)].at(-1)?.index ?? 0;
  const frame = FRAME.exec(stack.slice(afterParser));
  if (!frame) return { line: 0, column: 0 };
  const [line, byteColumn] = [Number(frame[1]), Number(frame[2])];
  const words = script.split("\n")[line - 1] ?? "";
  let column = 1;
  for (let bytes = 1; bytes < byteColumn && column <= words.length; column++) {
    const unit = words.charCodeAt(column - 1);
    // A surrogate is half of four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit & 0xf800) === 0xd800 ? 2 : 3;
  }
  return { line, column };
}

/// `TypeError: …`, or whatever was thrown in its stead, with a hint where one is known.
export function messageOf(error) {
  if (error instanceof DeclarationError) return error.message;
  if (!(error instanceof Error)) return `threw ${describe(error)}, which is not an Error`;
  const message = error.message ? `${error.name}: ${error.message}` : String(error.name);
  const hint = hintFor(error);
  return hint ? `${message}; hint: ${hint}` : message;
}

/// The same for a caller: the position goes into the text, as the host's error has no place for it.
export function messageWithPosition(error) {
  const { line, column } = positionOf(error);
  const message = messageOf(error);
  return line ? `${message} (line ${line}, column ${column})` : message;
}

/// What `load` throws: the WIT record `script-error`.
export function scriptError(error) {
  const position = positionOf(error);
  const hint = UNPARSED.test(error?.stack) ? syntaxHint(position) : undefined;
  return { message: text(messageOf(error) + (hint ? `; hint: ${hint}` : "")), ...position };
}

/// What the line that does not parse suggests.
function syntaxHint({ line, column }) {
  const lines = script.split("\n");
  const words = lines[line - 1] ?? "";
  if (/^\s*(import|export)\b/.test(words)) return "a skill is a script, not a module: put all it needs into this file, and declare skills with `skill({ … })`";
  if (/\bawait\b/.test(words)) return "nothing can be waited for here: everything a script can call answers at once";
  const rest = [words.slice(column - 1), ...lines.slice(line)].join("");
  return rest.trim() === "" ? "the script ends too early: a bracket, brace or quote is not closed" : undefined;
}

function hintFor(error) {
  if (error instanceof ReferenceError) {
    const name = /^'?([\w$]+)'? is not defined/.exec(error.message)?.[1];
    if (!name || name in globalThis) return undefined;
    if (Object.hasOwn(ABSENT, name)) return ABSENT[name];
    const meant = nearest(name, OWN_NAMES);
    return meant && `did you mean \`${meant}\`?`;
  }
  return undefined;
}

function describe(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}
