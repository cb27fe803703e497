import { type Profiler, Session } from 'node:inspector'

/** A place in a function of the packages that ran. */
interface Place {
  readonly functionKey: string
  /** Characters from the function's start. */
  readonly offset: number
}

/** Tells which code of the packages ran since the last call, character by character. */
export class CoverageProbe {
  readonly #session = new Session()
  /** For each function, which characters ran so far: one byte a character. */
  readonly #seen = new Map<string, Uint8Array>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Places that ran since the last call and never before: one for each stretch of code. */
  takeFresh(): Place[] {
    const fresh: Place[] = []
    for (const [functionKey, ran] of this.#take()) {
      const seen = this.#seen.get(functionKey)
      if (seen === undefined) {
        this.#seen.set(functionKey, ran)
        fresh.push({ functionKey, offset: 0 })
        continue
      }
      let isNew = false
      for (let offset = 0; offset < ran.length; offset++) {
        const isFresh = ran[offset] === 1 && seen[offset] === 0
        if (isFresh) seen[offset] = 1
        if (isFresh && !isNew) fresh.push({ functionKey, offset })
        isNew = isFresh
      }
    }
    return fresh
  }

  /** Filters the places for those that ran since the last call. */
  takeReached(places: readonly Place[]): Place[] {
    const ran = this.#take()
    return places.filter(({ functionKey, offset }) => ran.get(functionKey)?.[offset] === 1)
  }

  #take(): Map<string, Uint8Array> {
    const ran = new Map<string, Uint8Array>()
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error
      for (const { url, functions } of coverage.result) {
        if (!url.includes('/packages/') || !url.includes('/src/') || url.includes('/test-kit/')) continue
        for (const each of functions) note(ran, url, each)
      }
    })
    return ran
  }

  [Symbol.dispose](): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }
}

/** Ranges go from the outside inwards: the innermost one that holds a character tells whether it ran. */
function note(ran: Map<string, Uint8Array>, url: string, { ranges }: Profiler.FunctionCoverage): void {
  const [whole, ...inner] = ranges
  if (whole === undefined || whole.count === 0) return
  const { startOffset, endOffset } = whole
  const bytes = new Uint8Array(endOffset - startOffset).fill(1)
  for (const range of inner) {
    bytes.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset)
  }
  ran.set(`${url} ${startOffset} ${endOffset}`, bytes)
}
