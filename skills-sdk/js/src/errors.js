//! What went wrong, told with the line and column of the author's file.

/// `new Function` puts two lines of its own before the script.
const LINES_BEFORE_SCRIPT = 2;

/// How the engine names code made by `new Function` in a stack trace.
const FRAME = /<input>:(\d+):(\d+)/;

/// What a script may look for and not find, with what to do instead.
const ABSENT = {
  setTimeout: "a skill runs to its end in one go: there are no timers",
  setInterval: "a skill runs to its end in one go: there are no timers",
  setImmediate: "a skill runs to its end in one go: there are no timers",
  queueMicrotask: "a skill runs to its end in one go: call the function instead",
  fetch: "a script has no network",
  XMLHttpRequest: "a script has no network",
  WebSocket: "a script has no network",
  require: "a skill is one file: put what it needs into it",
  module: "a skill is one file: declare skills with `skill({ … })`",
  exports: "a skill is one file: declare skills with `skill({ … })`",
  process: "a script sees no process or environment",
  window: "this is not a browser; global names are on `globalThis`",
  document: "this is not a browser",
  localStorage: "a script keeps nothing between calls",
  Buffer: "use `Uint8Array`, `TextEncoder`, `btoa` and `atob`",
  Intl: "the engine has no `Intl`; format numbers and dates by hand",
};

/// A declaration that cannot be accepted; its position is that of the `skill(…)` call.
export class DeclarationError extends Error {}
DeclarationError.prototype.name = "DeclarationError";

/// Text that can be handed to the host: unpaired surrogates are replaced.
export function text(value) {
  return String(value).toWellFormed();
}

/// The first place in the author's file that a stack trace names, or zeros.
export function positionOf(error) {
  const frame = FRAME.exec(typeof error?.stack === "string" ? error.stack : "");
  if (!frame) return { line: 0, column: 0 };
  const line = Number(frame[1]) - LINES_BEFORE_SCRIPT;
  return line < 1 ? { line: 0, column: 0 } : { line, column: Number(frame[2]) };
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
export function scriptError(error, source) {
  let { line, column } = positionOf(error);
  let message = messageOf(error);
  const lines = source.split("\n");
  if (line > lines.length) {
    // The parser ran off the script into the line that closes the wrapper.
    line = lines.length;
    column = lines[line - 1].length + 1;
    message += "; hint: the script ends too early: a bracket, brace or quote is not closed";
  }
  return { message: text(message), line, column };
}

function hintFor(error) {
  if (error instanceof ReferenceError) {
    const name = /^'?([\w$]+)'? is not defined/.exec(error.message)?.[1];
    return name && Object.hasOwn(ABSENT, name) ? ABSENT[name] : undefined;
  }
  if (error instanceof SyntaxError && /\b(import|export)\b/.test(error.message)) {
    return "a skill is a script, not a module: declare skills with `skill({ … })`";
  }
  if (error instanceof SyntaxError && /\bawait\b/.test(error.message)) {
    return "a script has nothing to await: everything it can call answers at once";
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
