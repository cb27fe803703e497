import type { RemotingCommand } from './remoting-command.ts'

/** Decodes headers that differ from a known one in some values only. */
export interface Pattern {
  /**
   * @param view of the same bytes
   * @returns undefined when the header has to be parsed
   */
  decode(
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    body: Buffer | undefined,
  ): RemotingCommand | undefined
}

/** How headers of one form are read without a pattern, and how patterns are made of them. */
export interface HeaderForm {
  /** A number that tells headers of different commands apart; undefined: the header is parsed. */
  keyOf(view: DataView, start: number, end: number): number | undefined
  /** @throws FrameError when it is no header */
  parse(bytes: Buffer, start: number, end: number, body: Buffer | undefined): RemotingCommand
  /**
   * @param command what was parsed of the header
   * @returns undefined when headers like this one are not for patterns
   */
  patternOf(header: Buffer, command: RemotingCommand): Pattern | undefined
}

/** Headers of one peer that begin alike, which those of one command do. */
interface Kind {
  readonly key: number
  /** Made of a header of this peer. */
  pattern: Pattern | undefined
  /** Headers decoded by the pattern, and those parsed, since it was made or, without one, at all. */
  decodedCount: number
  parsedCount: number
  /** Patterns that served too few headers. */
  failedPatterns: number
}

/** A longer header is not worth the memory of a pattern. */
export const patternBytesMax = 2048

const kindsMax = 4
/** A pattern is made once this many headers had to be parsed. */
const parsedBeforePattern = 8
/** A pattern that decoded fewer headers was useless; after a few useless ones no other is made. */
const usefulDecodedCount = 64
const failedPatternsMax = 4

/** A pattern of others has other values. A peer that sends more headers gets one of its own, with what it sends always. */
const decodedBeforeOwnPattern = 32

/** Commands of which a pattern is kept for peers to come. */
const sharedMax = 64

/**
 * Limits how many patterns the readers of a server keep; the oldest are dropped. A peer without a pattern of its own uses
 * the newest one of others for a command: headers of one client's software are alike, whichever peer sends them.
 */
export class HeaderPatterns {
  readonly #kinds: (Kind | undefined)[]
  readonly #newest = new Map<number, Pattern>()
  #next = 0

  constructor(patternsMax: number) {
    this.#kinds = new Array<Kind | undefined>(patternsMax).fill(undefined)
  }

  /** The newest pattern that was made for headers that begin so. */
  newest(key: number): Pattern | undefined {
    return this.#newest.get(key)
  }

  /** Notes that a kind gets a pattern. */
  add(kind: Kind, pattern: Pattern): void {
    this.#newest.set(kind.key, pattern)
    if (this.#newest.size > sharedMax) this.#newest.delete(this.#newest.keys().next().value!)
    const oldest = this.#kinds[this.#next]
    if (oldest !== undefined) oldest.pattern = undefined
    this.#kinds[this.#next] = kind
    this.#next = (this.#next + 1) % this.#kinds.length
  }
}

/** Decodes the headers of one peer: by patterns made from those it sends again and again, or by the parser. */
export class PatternReader {
  readonly #form: HeaderForm
  readonly #patterns: HeaderPatterns | undefined
  readonly #kinds = new Map<number, Kind>()

  /** @param patterns without it each header is parsed */
  constructor(form: HeaderForm, patterns: HeaderPatterns | undefined) {
    this.#form = form
    this.#patterns = patterns
  }

  /**
   * @param view of the same bytes
   * @throws FrameError when it is no header
   */
  decode(bytes: Buffer, view: DataView, start: number, end: number, body: Buffer | undefined): RemotingCommand {
    const key = this.#patterns === undefined ? undefined : this.#form.keyOf(view, start, end)
    const kind = key === undefined ? undefined : this.#kindOf(key)
    const pattern = kind === undefined ? undefined : (kind.pattern ?? this.#patterns!.newest(kind.key))
    const decoded = pattern?.decode(bytes, view, start, end, body)
    if (decoded !== undefined) {
      if (++kind!.decodedCount === decodedBeforeOwnPattern && kind!.pattern === undefined) {
        this.#renew(kind!, bytes.subarray(start, end), decoded)
      }
      return decoded
    }
    const command = this.#form.parse(bytes, start, end, body)
    if (kind !== undefined && ++kind.parsedCount >= parsedBeforePattern) {
      this.#renew(kind, bytes.subarray(start, end), command)
    }
    return command
  }

  #kindOf(key: number): Kind | undefined {
    const known = this.#kinds.get(key)
    if (known !== undefined) return known
    if (this.#kinds.size >= kindsMax) return undefined
    const kind: Kind = { key, pattern: undefined, decodedCount: 0, parsedCount: 0, failedPatterns: 0 }
    this.#kinds.set(key, kind)
    return kind
  }

  #renew(kind: Kind, header: Buffer, command: RemotingCommand): void {
    if (kind.pattern !== undefined && kind.decodedCount < usefulDecodedCount) kind.failedPatterns++
    kind.pattern = kind.failedPatterns < failedPatternsMax ? this.#form.patternOf(header, command) : undefined
    kind.decodedCount = 0
    kind.parsedCount = 0
    if (kind.pattern !== undefined) this.#patterns!.add(kind, kind.pattern)
  }
}
