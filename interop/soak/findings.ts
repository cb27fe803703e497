/** A message of one that sends: the messages of a key are numbered, and each is sent when the one before it is stored. */
export interface Numbered {
  readonly key: string
  readonly number: number
}

/** What a reader was given, and from where. */
export interface Read extends Numbered {
  readonly queue: string
  readonly offset: number
}

/** What a process of clients takes of its machine. */
export interface Footprint {
  /** Bytes of the heap after a collection, and of buffers outside it. */
  readonly memoryBytes: number
  /** How many there are by kind: sockets, timers and others that keep a process alive, and open files. */
  readonly handles: Readonly<Record<string, number>>
}

export interface Soaked {
  readonly acknowledged: readonly Numbered[]
  /** How many were acknowledged when all servers had been there for a while; from then on nothing was done to them. */
  readonly calmFrom: number
  /** What the members of each group handled, in the order of their handlers' ends. */
  readonly handled: ReadonlyMap<string, readonly Numbered[]>
  /** Groups that promise the order of keys, and the keys that stay at one queue. */
  readonly orderedGroups: ReadonlySet<string>
  readonly orderedKeys: ReadonlySet<string>
  readonly read: readonly Read[]
  /** One after each restart. */
  readonly footprints: readonly Footprint[]
  /** Milliseconds that closing took, by client. */
  readonly closingMs: Readonly<Record<string, number>>
  /** How the process of the clients ended; undefined when it went on. */
  readonly exitCode: number | undefined
}

export type Rule =
  | 'acknowledged message not handled'
  | 'acknowledged message not read'
  | 'message handled again in calm'
  | 'messages of a key out of order'
  | 'reader out of order'
  | 'memory grows'
  | 'handles grow'
  | 'closing takes too long'
  | 'process does not end'

export interface Finding {
  readonly rule: Rule
  readonly detail: string
}

export interface Duplicates {
  /** Messages that their producer stored once more, since the answer was lost. */
  readonly storedAgain: number
  /** Calls of handlers beyond the first for a message, by group. */
  readonly handledAgain: Readonly<Record<string, number>>
}

const closingMsMax = 20_000
/** Of the most that was taken while the process was young. */
const memoryGrowth = { part: 0.1, bytes: 512 * 1024 }
const handleGrowth = { part: 0.05, count: 2 }
/** Calls that are under way have timers, and there are more of them on a busy machine. */
const timerGrowth = { part: 0.25, count: 2 }

export function findingsOf(soaked: Soaked): Finding[] {
  return [
    ...lost(soaked),
    ...again(soaked),
    ...outOfOrder(soaked),
    ...readWrongly(soaked),
    ...grown(soaked),
    ...ended(soaked),
  ]
}

export function duplicatesOf({ read, handled }: Pick<Soaked, 'read' | 'handled'>): Duplicates {
  const again = (messages: readonly Numbered[]): number => messages.length - new Set(messages.map(textOf)).size
  return {
    storedAgain: again(read),
    handledAgain: Object.fromEntries([...handled].map(([group, messages]) => [group, again(messages)])),
  }
}

function lost({ acknowledged, handled, read }: Soaked): Finding[] {
  const missing = (messages: readonly Numbered[]): string[] => {
    const seen = new Set(messages.map(textOf))
    return acknowledged.map(textOf).filter((text) => !seen.has(text))
  }
  const findings: Finding[] = []
  const found = (rule: Rule, who: string, texts: readonly string[]): void => {
    if (texts.length > 0) findings.push({ rule, detail: `${who}: ${texts.length}, such as ${texts[0]}` })
  }
  for (const [group, messages] of handled) found('acknowledged message not handled', group, missing(messages))
  found('acknowledged message not read', 'the reader', missing(read))
  return findings
}

/** Where nothing happens, what is stored once is handled once. */
function again({ acknowledged, calmFrom, handled, read }: Soaked): Finding[] {
  const calm = acknowledged.slice(calmFrom)
  const firstOfKey = new Map(calm.toReversed().map(({ key, number }) => [key, number]))
  const storedTimes = timesOf(read)
  const findings: Finding[] = []
  for (const [group, messages] of handled) {
    const handledTimes = timesOf(messages)
    const twice = calm
      // The first one of a key may have been sent before.
      .filter(({ key, number }) => firstOfKey.get(key) !== number)
      .map(textOf)
      .filter((text) => storedTimes.get(text) === 1 && handledTimes.get(text)! > 1)
    if (twice.length === 0) continue
    const detail = `${group}: ${twice.length} of ${calm.length}, such as ${twice[0]}`
    findings.push({ rule: 'message handled again in calm', detail })
  }
  return findings
}

function timesOf(messages: readonly Numbered[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const text of messages.map(textOf)) times.set(text, (times.get(text) ?? 0) + 1)
  return times
}

/** A message may come again, also behind later ones; each comes for the first time behind those before it. */
function outOfOrder({ handled, orderedGroups, orderedKeys }: Soaked): Finding[] {
  return [...handled].flatMap(([group, messages]): Finding[] => {
    if (!orderedGroups.has(group)) return []
    const last = new Map<string, number>()
    const seen = new Set<string>()
    for (const message of messages) {
      if (!orderedKeys.has(message.key)) continue
      const before = last.get(message.key) ?? -1
      if (!seen.has(textOf(message)) && message.number < before) {
        const detail = `${group}: ${textOf(message)} for the first time behind ${before}`
        return [{ rule: 'messages of a key out of order', detail }]
      }
      seen.add(textOf(message))
      last.set(message.key, Math.max(before, message.number))
    }
    return []
  })
}

function readWrongly({ read }: Soaked): Finding[] {
  const next = new Map<string, number>()
  for (const { queue, offset } of read) {
    const expected = next.get(queue) ?? 0
    if (offset !== expected) {
      return [{ rule: 'reader out of order', detail: `${queue}: ${offset} where ${expected} had to come` }]
    }
    next.set(queue, offset + 1)
  }
  return []
}

/** What grows from restart to restart has at the end more than it ever had while it was young. */
function grown({ footprints }: Soaked): Finding[] {
  const quarter = Math.max(1, Math.floor(footprints.length / 4))
  // The first restart warms up: code is compiled, and each client has met each server.
  const young = footprints.slice(1, 1 + quarter)
  const old = footprints.slice(-quarter)
  if (young.length === 0) return []
  const findings: Finding[] = []
  const mostMemory = Math.max(...young.map(({ memoryBytes }) => memoryBytes))
  const leastMemory = Math.min(...old.map(({ memoryBytes }) => memoryBytes))
  if (leastMemory > mostMemory * (1 + memoryGrowth.part) + memoryGrowth.bytes) {
    findings.push({ rule: 'memory grows', detail: `from ${mostMemory} to ${leastMemory} bytes` })
  }
  for (const kind of new Set(footprints.flatMap(({ handles }) => Object.keys(handles)))) {
    const most = Math.max(...young.map(({ handles }) => handles[kind] ?? 0))
    const least = Math.min(...old.map(({ handles }) => handles[kind] ?? 0))
    const { part, count } = kind === 'Timeout' ? timerGrowth : handleGrowth
    if (least > most * (1 + part) + count) {
      findings.push({ rule: 'handles grow', detail: `${kind}: from ${most} to ${least}` })
    }
  }
  return findings
}

function ended({ closingMs, exitCode }: Soaked): Finding[] {
  const slow = Object.entries(closingMs).filter(([, ms]) => ms > closingMsMax)
  const findings = slow.map(
    ([client, ms]): Finding => ({ rule: 'closing takes too long', detail: `${client}: ${ms} ms` }),
  )
  if (exitCode !== 0) {
    const detail = exitCode === undefined ? 'it goes on after everything is closed' : `exit code ${exitCode}`
    findings.push({ rule: 'process does not end', detail })
  }
  return findings
}

function textOf({ key, number }: Numbered): string {
  return `${key} ${number}`
}
