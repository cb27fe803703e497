import type { BrokerRun, Commit, History, ObservedOffset } from './history.ts'
import type { Violation } from './violation.ts'

export interface OffsetLimits {
  /** flushConsumerOffsetInterval of the broker. */
  readonly flushIntervalMs: number
  /** How late a timer of a process may run on a machine with other work. */
  readonly timerDelayMsMax: number
}

/**
 * Decides for every run whether the committed offsets that were left are ones that were committed, and not older than
 * one flush interval at the broker's end. After an orderly stop nothing may be missing.
 */
export function checkCommittedOffsets(history: History, limits: OffsetLimits): Violation[] {
  const commitsOfRun = Map.groupBy(history.commits, (commit) => commit.run)
  const violations: Violation[] = []
  /** What was known to be on disk when the run began. */
  let base = new Map<string, number>()
  for (const run of history.runs) {
    const commits = Map.groupBy(commitsOfRun.get(run.number) ?? [], keyOf)
    for (const observed of run.offsetsAfter) {
      const key = keyOf(observed)
      const violation = checkOne(key, observed, base.get(key), commits.get(key) ?? [], run, limits)
      if (violation !== undefined) violations.push(violation)
    }
    base = new Map(
      run.offsetsAfter.flatMap((observed) =>
        observed.offset === undefined ? [] : [[keyOf(observed), observed.offset] as const],
      ),
    )
  }
  return violations
}

function keyOf(entry: Pick<Commit, 'group' | 'topic' | 'queueId'>): string {
  return `${entry.group} on ${entry.topic}/${entry.queueId}`
}

/** @param commits of one queue in one run, in the order in which they were sent over one connection */
function checkOne(
  key: string,
  { offset: observed }: ObservedOffset,
  base: number | undefined,
  commits: readonly Commit[],
  run: BrokerRun,
  { flushIntervalMs, timerDelayMsMax }: OffsetLimits,
): Violation | undefined {
  const lastSafeMs = run.ending === 'stopped' ? run.endedAtMs : run.endedAtMs - flushIntervalMs - timerDelayMsMax
  const firstLosable = 1 + commits.findLastIndex(({ outcome }) => isAcknowledgedBy(outcome, lastSafeMs))
  // A group that never committed is told 0 while the first message of the queue is there.
  const safe = (firstLosable === 0 ? base : commits[firstLosable - 1]!.offset) ?? 0
  const allowed = [safe, ...commits.slice(firstLosable).map(({ offset }) => offset)]
  const value = observed ?? 0
  if (allowed.includes(value)) return undefined
  const isAhead = value > Math.max(...allowed)
  return {
    rule: isAhead ? 'committed offset ahead' : 'committed offset behind',
    detail: `${key} after run ${run.number} (${run.ending}): ${value}, it may be ${[...new Set(allowed)].slice(0, 12).join(', ')}`,
  }
}

function isAcknowledgedBy(outcome: Commit['outcome'], timeMs: number): boolean {
  return outcome.kind === 'acknowledged' && outcome.atMs <= timeMs
}
