import type { Machine } from '../report/machine.ts'
import { machineText } from '../report/markdown.ts'
import { alignColumns } from '../report/table.ts'

export const sdkLoads = ['one by one', 'batched', 'end to end'] as const
export const sdkSizes = [128, 1024] as const
export type SdkLoad = (typeof sdkLoads)[number]

/** What the process of a client measures of itself. */
export interface SdkClientFigures {
  /** Messages a second. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time a message. */
  readonly clientMicros: number
  readonly clientMb: number
}

/** One load of one client. */
export interface SdkRow extends SdkClientFigures {
  readonly load: SdkLoad
  /** Of a body. */
  readonly bytes: number
  /** Its title, and that of its server. */
  readonly client: string
  readonly serverMicros: number
  readonly serverMb: number
}

/** Ours is measured first, and has this title. */
const oursBegins = 'ours'
/** Ours may have so many times the p99 of the best. */
const p99RatioMax = 1.2
/** Messages a second that ours is to reach in any case. */
const rateMin: Partial<Record<SdkLoad, number>> = { 'one by one': 45_000, batched: 300_000 }
const rateMinBytes = 128

const heads = ['rate /s', 'p50 ms', 'p99 ms', 'client us', 'server us', 'client MB', 'server MB']

export function formatSdkTable(rows: readonly SdkRow[]): string {
  const lines = grouped(rows).flatMap(({ title, rows: ofLoad }) =>
    ofLoad.map((row) => [title, row.client, ...figuresOf(row)]),
  )
  return alignColumns([['load', 'client', ...heads], ...lines])
}

/** A table with all clients, and for each load what of the goals ours meets. */
export function formatSdkMarkdown(machine: Machine, rows: readonly SdkRow[]): string {
  const lines = [`${machineText(machine)}.`, '', `| load | client | ${heads.join(' | ')} |`]
  lines.push(`|---|---|${'---:|'.repeat(heads.length)}`)
  const verdicts: string[] = []
  for (const { title, rows: ofLoad } of grouped(rows)) {
    for (const [index, row] of ofLoad.entries()) {
      lines.push(`| ${index === 0 ? `**${title}**` : ''} | ${row.client} | ${figuresOf(row).join(' | ')} |`)
    }
    const verdict = verdictOf(ofLoad)
    if (verdict !== undefined) verdicts.push(`- ${title}: ${verdict}`)
  }
  return [...lines, '', 'Goals of ours:', '', ...verdicts, ''].join('\n')
}

function grouped(rows: readonly SdkRow[]): { title: string; rows: SdkRow[] }[] {
  return sdkLoads
    .flatMap((load) =>
      sdkSizes.map((bytes) => ({
        title: `${load}, ${bytes} B`,
        rows: rows.filter((row) => row.load === load && row.bytes === bytes),
      })),
    )
    .filter(({ rows: ofLoad }) => ofLoad.length > 0)
}

function figuresOf({ rate, p50Ms, p99Ms, clientMicros, serverMicros, clientMb, serverMb }: SdkRow): string[] {
  const tenths = [clientMicros, serverMicros].map((micros) => micros.toFixed(1))
  return [
    String(Math.round(rate)),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    ...tenths,
    clientMb.toFixed(0),
    serverMb.toFixed(0),
  ]
}

/** Whether ours is the fastest, takes the least processor time, and is close to the best p99; undefined without others. */
function verdictOf(rows: readonly SdkRow[]): string | undefined {
  const ours = rows.find(({ client }) => client.startsWith(oursBegins))
  const others = rows.filter((row) => row !== ours)
  if (ours === undefined || others.length === 0) return undefined
  const fastest = Math.max(...others.map(({ rate }) => rate))
  const cheapest = Math.min(...others.map(({ clientMicros }) => clientMicros))
  const shortest = Math.min(...others.map(({ p99Ms }) => p99Ms))
  const least = ours.bytes === rateMinBytes ? (rateMin[ours.load] ?? 0) : 0
  const asked = least === 0 ? '' : `, at least ${least}/s`
  const goals = [
    {
      what: `rate ${ratio(ours.rate, fastest)} of the fastest other${asked}`,
      isMet: ours.rate >= Math.max(fastest, least),
    },
    { what: `client CPU ${ratio(ours.clientMicros, cheapest)} of the cheapest`, isMet: ours.clientMicros <= cheapest },
    { what: `p99 ${ratio(ours.p99Ms, shortest)} of the shortest`, isMet: ours.p99Ms <= shortest * p99RatioMax },
  ]
  return goals.map(({ what, isMet }) => `${what}: ${isMet ? 'met' : 'missed'}`).join('; ')
}

function ratio(own: number, other: number): string {
  return `${(own / other).toFixed(2)}x`
}
