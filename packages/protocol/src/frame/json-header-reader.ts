import { HeaderPattern } from './header-pattern.ts'
import { decodeJsonHeader } from './json-header.ts'
import type { RemotingCommand } from './remoting-command.ts'

/** Headers of one peer that begin alike, which those of one command do. */
interface Kind {
  pattern: HeaderPattern | undefined
  /** Headers decoded by the pattern, and those parsed, since it was made or, without one, at all. */
  decodedCount: number
  parsedCount: number
  /** Patterns that served too few headers. */
  failedPatterns: number
}

const kindsMax = 4
/** A pattern is made from a header when so many had to be parsed. */
const parsedBeforePattern = 8
/** A pattern that decoded fewer was of no use; after a few of these there is no other. */
const usefulDecodedCount = 64
const failedPatternsMax = 4
/** `{"code":` and four bytes of what follows tell the command. */
const codeStart = 8
const keyBytes = 4

/** Limits how many patterns the readers of a server keep; the oldest are given up. */
export class HeaderPatterns {
  readonly #kinds: (Kind | undefined)[]
  #next = 0

  constructor(patternsMax: number) {
    this.#kinds = new Array<Kind | undefined>(patternsMax).fill(undefined)
  }

  /** Notes that a kind gets a pattern. */
  add(kind: Kind): void {
    const oldest = this.#kinds[this.#next]
    if (oldest !== undefined) oldest.pattern = undefined
    this.#kinds[this.#next] = kind
    this.#next = (this.#next + 1) % this.#kinds.length
  }
}

/** Decodes the JSON headers of one peer: by patterns made from those it sends again and again, or by the parser. */
export class JsonHeaderReader {
  readonly #patterns: HeaderPatterns | undefined
  readonly #kinds = new Map<number, Kind>()

  /** @param patterns without it each header is parsed */
  constructor(patterns: HeaderPatterns | undefined) {
    this.#patterns = patterns
  }

  /**
   * @param view of the same bytes
   * @throws FrameError when it is no header
   */
  decode(bytes: Buffer, view: DataView, start: number, end: number, body: Buffer | undefined): RemotingCommand {
    const kind = this.#patterns === undefined ? undefined : this.#kindOf(view, start, end)
    const decoded = kind?.pattern?.decode(bytes, view, start, end, body)
    if (decoded !== undefined) {
      kind!.decodedCount++
      return decoded
    }
    const command = decodeJsonHeader(bytes.toString('utf8', start, end), body)
    if (kind !== undefined && ++kind.parsedCount >= parsedBeforePattern) {
      this.#renew(kind, bytes.subarray(start, end), command)
    }
    return command
  }

  #kindOf(view: DataView, start: number, end: number): Kind | undefined {
    if (end - start < codeStart + keyBytes) return undefined
    const key = view.getInt32(start + codeStart)
    const known = this.#kinds.get(key)
    if (known !== undefined) return known
    if (this.#kinds.size >= kindsMax) return undefined
    const kind: Kind = { pattern: undefined, decodedCount: 0, parsedCount: 0, failedPatterns: 0 }
    this.#kinds.set(key, kind)
    return kind
  }

  #renew(kind: Kind, header: Buffer, command: RemotingCommand): void {
    if (kind.pattern !== undefined && kind.decodedCount < usefulDecodedCount) kind.failedPatterns++
    kind.pattern = kind.failedPatterns < failedPatternsMax ? HeaderPattern.of(header, command) : undefined
    kind.decodedCount = 0
    kind.parsedCount = 0
    if (kind.pattern !== undefined) this.#patterns!.add(kind)
  }
}
