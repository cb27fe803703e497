import { decodeBinaryHeader } from './binary-header.ts'
import { BinaryHeaderPattern } from './binary-header-pattern.ts'
import type { HeaderForm } from './pattern-reader.ts'

const codeBytes = 2

export const binaryHeaderForm: HeaderForm = {
  keyOf: (view, start, end) => (end - start < codeBytes ? undefined : view.getInt16(start)),
  parse: decodeBinaryHeader,
  patternOf: (header, command) => BinaryHeaderPattern.of(header, command),
}
