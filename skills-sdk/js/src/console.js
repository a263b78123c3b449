//! `console`, written to the host's log one line a call.

import log from "happyos:host/log@0.1.0";
import { text } from "./errors.js";

const writer = (level) => (...values) => log.write(level, text(format(values)));

/// The global `console`.
export const console = {
  trace: writer("trace"),
  debug: writer("debug"),
  log: writer("info"),
  info: writer("info"),
  warn: writer("warn"),
  error: writer("error"),
  dir: (value) => log.write("info", text(show(value))),
  assert(condition, ...values) {
    if (!condition) log.write("error", text(format(["Assertion failed:", ...values])));
  },
};

/// Joins values with spaces; a first string's `%s %d %i %f %j %o %O %%` take the ones after it.
function format(values) {
  let taken = 0;
  const parts = [];
  if (typeof values[0] === "string") {
    taken = 1;
    parts.push(
      values.length === 1
        ? values[0]
        : values[0].replace(/%[sdifjoOc%]/g, (mark) => {
            if (mark === "%%") return "%";
            if (taken >= values.length) return mark;
            const value = values[taken++];
            if (mark === "%c") return "";
            if (mark === "%d" || mark === "%f") return String(Number(value));
            if (mark === "%i") return String(parseInt(value, 10));
            return mark === "%s" && typeof value === "string" ? value : show(value);
          }),
    );
  }
  for (const value of values.slice(taken)) parts.push(typeof value === "string" ? value : show(value));
  return parts.join(" ");
}

/// One value on one line: JSON where JSON can hold it.
function show(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  if (value instanceof Error) return value.message ? `${value.name}: ${value.message}` : String(value.name);
  if (typeof value !== "object" || value === null) return typeof value === "string" ? JSON.stringify(value) : String(value);
  try {
    return JSON.stringify(value, (_key, inner) => {
      if (typeof inner === "bigint") return `${inner}n`;
      if (inner instanceof Map) return Object.fromEntries(inner);
      if (inner instanceof Set) return [...inner];
      if (inner instanceof Error) return `${inner.name}: ${inner.message}`;
      return ArrayBuffer.isView(inner) ? Array.from(inner) : inner;
    });
  } catch {
    return "[an object that contains itself]";
  }
}
