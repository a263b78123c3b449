//! `TextEncoder` and `TextDecoder` for UTF-8, put in place before the URL library, which wants them.
//! The library's own classes know forty encodings and would make every fresh instance slower to start.

import { utf8fromStringLoose, utf8toString, utf8toStringLoose } from "@exodus/bytes/utf8.js";

const BOM = "\ufeff";

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(string = "") {
    return utf8fromStringLoose(String(string));
  }

  encodeInto(string, into) {
    let [read, written] = [0, 0];
    for (const letter of String(string)) {
      const bytes = utf8fromStringLoose(letter);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      read += letter.length;
      written += bytes.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
      throw new RangeError(`TextDecoder: this engine decodes utf-8, not ${JSON.stringify(String(label))}`);
    }
    this.encoding = "utf-8";
    this.fatal = Boolean(fatal);
    this.ignoreBOM = Boolean(ignoreBOM);
  }

  decode(input = new Uint8Array(), { stream = false } = {}) {
    if (stream) throw new TypeError("TextDecoder: `stream` is not supported; decode all bytes at once");
    const bytes = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
    const string = this.fatal ? utf8toString(bytes) : utf8toStringLoose(bytes);
    return !this.ignoreBOM && string.startsWith(BOM) ? string.slice(1) : string;
  }
}

for (const [name, value] of Object.entries({ TextEncoder, TextDecoder })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
