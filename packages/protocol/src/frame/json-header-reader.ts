import { HeaderPattern } from './header-pattern.ts'
import { decodeJsonHeader } from './json-header.ts'
import { type HeaderForm, type HeaderPatterns, PatternReader } from './pattern-reader.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** `{"code":` and four bytes of what follows tell the command. */
const codeStart = 8
const keyBytes = 4

const form: HeaderForm = {
  parse: (bytes, start, end, body) => decodeJsonHeader(bytes.toString('utf8', start, end), body),
  patternOf: (header, command) => HeaderPattern.of(header, command),
}

/** Decodes the JSON headers of one peer. */
export class JsonHeaderReader {
  readonly #reader: PatternReader

  /** @param patterns without it each header is parsed */
  constructor(patterns: HeaderPatterns | undefined) {
    this.#reader = new PatternReader(form, patterns)
  }

  /**
   * @param view of the same bytes
   * @throws FrameError when it is no header
   */
  decode(bytes: Buffer, view: DataView, start: number, end: number, body: Buffer | undefined): RemotingCommand {
    const key = end - start < codeStart + keyBytes ? undefined : view.getInt32(start + codeStart)
    return this.#reader.decode(key, bytes, view, start, end, body)
  }
}
