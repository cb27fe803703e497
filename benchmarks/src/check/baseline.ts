/** What a row costs, in terms that hold on any machine. */
export interface RowCost {
  /** Processor time a message of the broker, divided by that of a round of what it is calibrated with. */
  cpuRatio: number
  /** Bytes allocated in the broker's heap a message. */
  allocatedBytes: number
}

/** Row id to cost; the content of baseline.json. */
export type Baseline = Record<string, RowCost>

/** A figure above its stored one by more than this share fails. */
export const allowedLoss = 0.2

/** Allocation below this is noise of the broker's timers. */
const freeBytes = 50

export interface CheckLine {
  row: string
  figure: 'CPU' | 'allocated'
  measured: number
  stored: number | undefined
  /** Loss as a share: 0.2 is 20 % more than stored; undefined without a stored figure. */
  loss: number | undefined
  failed: boolean
}

/** Compares what was measured with what is stored; a row that is not stored does not fail. */
export function compareCosts(measured: Baseline, stored: Baseline): CheckLine[] {
  return Object.entries(measured).flatMap(([row, cost]) => {
    const old = stored[row]
    return [
      compare(row, 'CPU', cost.cpuRatio, old?.cpuRatio, 0),
      compare(row, 'allocated', cost.allocatedBytes, old?.allocatedBytes, freeBytes),
    ]
  })
}

function compare(
  row: string,
  figure: CheckLine['figure'],
  measured: number,
  stored: number | undefined,
  free: number,
): CheckLine {
  if (stored === undefined) return { row, figure, measured, stored, loss: undefined, failed: false }
  const loss = measured / stored - 1
  return { row, figure, measured, stored, loss, failed: measured > stored * (1 + allowedLoss) + free }
}

/** The lowest of several runs of the same row: what disturbs a run makes it dearer, never cheaper. */
export function lowestCost(costs: readonly RowCost[]): RowCost {
  return {
    cpuRatio: Math.min(...costs.map(({ cpuRatio }) => cpuRatio)),
    allocatedBytes: Math.min(...costs.map(({ allocatedBytes }) => allocatedBytes)),
  }
}
