const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds, or text such as `500ms`, `10s`, `5m`, `1h`, `2d`. @throws Error for anything else */
export function durationMs(duration: number | string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration))
  const ms = typeof duration === 'number' ? duration : Number(match?.[1]) * (unitsMs[match?.[2] ?? ''] ?? Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new Error(`"${duration}" is no duration: write milliseconds, or a text such as 500ms, 10s, 5m, 1h, 2d`)
}
