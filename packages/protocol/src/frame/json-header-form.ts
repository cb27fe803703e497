import { HeaderPattern } from './header-pattern.ts'
import { decodeJsonHeader } from './json-header.ts'
import type { HeaderForm } from './pattern-reader.ts'

/** `{"code":` and four bytes of what follows tell the command. */
const codeStart = 8
const keyBytes = 4

export const jsonHeaderForm: HeaderForm = {
  keyOf: (view, start, end) => (end - start < codeStart + keyBytes ? undefined : view.getInt32(start + codeStart)),
  parse: (bytes, start, end, body) => decodeJsonHeader(bytes.toString('utf8', start, end), body),
  patternOf: (header, command) => HeaderPattern.of(header, command),
}
