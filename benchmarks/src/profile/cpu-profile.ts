/** What Node's `--cpu-prof` writes, as far as it is read here. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  /** Node ids, one a sample. */
  samples: number[]
  /** Microseconds before each sample. */
  timeDeltas: number[]
}

/** A function's own time, without that of the functions it calls. */
export interface FunctionCost {
  name: string
  /** File and line, from 1; empty for what is no JavaScript. */
  place: string
  selfMs: number
  /** Of the time in which the process was not idle. */
  share: number
}

const notWork = new Set(['(idle)', '(root)'])

/**
 * The functions that took most, by their own time.
 * @param baseUrl taken away from the front of places
 */
export function costliestFunctions(profiles: readonly CpuProfile[], count: number, baseUrl: string): FunctionCost[] {
  const costs = new Map<string, FunctionCost>()
  let busyMs = 0
  for (const profile of profiles) {
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
    for (const [index, id] of profile.samples.entries()) {
      const frame = frames.get(id)
      if (frame === undefined || notWork.has(frame.functionName)) continue
      const selfMs = (profile.timeDeltas[index] ?? 0) / 1000
      busyMs += selfMs
      const name = frame.functionName || '(anonymous)'
      const place = frame.url === '' ? '' : `${frame.url.replace(baseUrl, '')}:${frame.lineNumber + 1}`
      const cost = costs.get(`${name} ${place}`) ?? { name, place, selfMs: 0, share: 0 }
      cost.selfMs += selfMs
      costs.set(`${name} ${place}`, cost)
    }
  }
  return [...costs.values()]
    .sort((one, other) => other.selfMs - one.selfMs)
    .slice(0, count)
    .map((cost) => ({ ...cost, share: busyMs === 0 ? 0 : cost.selfMs / busyMs }))
}
