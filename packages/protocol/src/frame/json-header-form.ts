import { HeaderPattern } from './header-pattern.ts'
import { decodeJsonHeader } from './json-header.ts'
import type { HeaderForm } from './pattern-reader.ts'

/** `{"code":` and six bytes of what follows tell the command: codes of POP differ in their last digit alone. */
const codeStart = 8
const keyBytes = 6

export const jsonHeaderForm: HeaderForm = {
  keyOf(view, start, end) {
    const at = start + codeStart
    return at + keyBytes > end ? undefined : (Math.imul(view.getInt32(at), 31) + view.getUint16(at + 4)) | 0
  },
  parse: (bytes, start, end, body) => decodeJsonHeader(bytes.toString('utf8', start, end), body),
  patternOf: (header, command) => HeaderPattern.of(header, command),
}
