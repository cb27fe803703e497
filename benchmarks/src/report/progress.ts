/** Tells what is going on: one line that is rewritten on a terminal, plain lines elsewhere. */
export interface Progress {
  say(text: string): void
  /** Counts a slice as done. */
  step(): void
  /** Writes lines that stay. */
  keep(text: string): void
  done(): void
}

const barWidth = 24

/**
 * @param steps slices in all
 * @param now milliseconds, for the time that has passed
 */
export function createProgress(
  steps: number,
  stream: { isTTY?: boolean; columns?: number; write(text: string): unknown },
  now: () => number = () => performance.now(),
): Progress {
  const startedAt = now()
  let done = 0
  let text = ''
  const line = (): string => {
    const filled = steps === 0 ? barWidth : Math.round((done / steps) * barWidth)
    const bar = '#'.repeat(filled) + '.'.repeat(barWidth - filled)
    return `[${bar}] ${done}/${steps} ${Math.round((now() - startedAt) / 1000)} s  ${text}`
  }
  const draw = (): void => {
    if (stream.isTTY) stream.write(`\r\x1b[2K${line().slice(0, (stream.columns ?? 80) - 1)}`)
  }
  return {
    say(next) {
      text = next
      if (stream.isTTY) draw()
      else stream.write(`${done}/${steps} ${next}\n`)
    },
    step() {
      done++
      draw()
    },
    keep(lines) {
      stream.write(stream.isTTY ? `\r\x1b[2K${lines}\n` : `${lines}\n`)
      draw()
    },
    done() {
      if (stream.isTTY) stream.write('\r\x1b[2K')
    },
  }
}
