import { decodeBinaryHeader } from './binary-header.ts'
import { BinaryHeaderPattern } from './binary-header-pattern.ts'
import { type HeaderForm, type HeaderPatterns, PatternReader } from './pattern-reader.ts'
import type { RemotingCommand } from './remoting-command.ts'

const codeBytes = 2

const form: HeaderForm = {
  parse: decodeBinaryHeader,
  patternOf: (header, command) => BinaryHeaderPattern.of(header, command),
}

/** Decodes the ROCKETMQ headers of one peer. */
export class BinaryHeaderReader {
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
    const key = end - start < codeBytes ? undefined : view.getInt16(start)
    return this.#reader.decode(key, bytes, view, start, end, body)
  }
}
