//! `TextEncoder` and `TextDecoder`, put in place before the URL library, which wants them at once.

import { TextDecoder, TextEncoder } from "@exodus/bytes/encoding-lite.js";

Object.defineProperty(globalThis, "TextEncoder", { value: TextEncoder, writable: true, configurable: true });
Object.defineProperty(globalThis, "TextDecoder", { value: TextDecoder, writable: true, configurable: true });
