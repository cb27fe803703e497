import { decodeMessageProperties, decodeMessages, type JsonValue, parseJson } from '@rocketmq-ts/protocol'
import type { Outcome } from './asking-peer.ts'

/** What of an answer has to be the same: plain values, for `toEqual`. */
export type Observation = unknown

/** How the body of an answer is read; `sets` is JSON whose lists have no order. */
export type BodyKind = 'records' | 'json' | 'sets' | 'text' | 'ignored'

/** Remarks are for people, and ours say more. Only the words that programs look at are compared. */
const programWord = /^[A-Z][A-Z_]+$/

/** What the official broker also says when it refuses a send, where no client reads it. */
const ofSends = new Set(['MSG_REGION', 'TRACE_ON'])
const storedCodes = new Set([0, 10, 11, 12])
/** The same of pulls and POP. */
const ofReads = new Set([
  'forbiddenType',
  'popTime',
  'invisibleTime',
  'reviveQid',
  'restNum',
  'hasMsg',
  'pollingFull',
  'pollingNum',
])
const readCodes = new Set([0, 19, 209, 210])

export function observe(outcome: Outcome, bodyKind: BodyKind): Observation {
  if (typeof outcome === 'string') return outcome
  const { code, opaque, flag, remark, extFields, body } = outcome
  const fields = Object.fromEntries(
    Object.entries(extFields ?? {}).flatMap(([name, value]) =>
      isToldInVain(name, code) ? [] : [[name, field(name, value)]],
    ),
  )
  return {
    code,
    opaque,
    flag,
    ...(remark !== undefined && programWord.test(remark) ? { remark } : {}),
    ...(code !== 0 ? { hasRemark: remark !== undefined && remark !== '' } : {}),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
    ...(bodyKind === 'ignored' || body === undefined ? {} : { body: observedBody(body, bodyKind) }),
  }
}

function isToldInVain(name: string, code: number): boolean {
  return (ofSends.has(name) && !storedCodes.has(code)) || (ofReads.has(name) && !readCodes.has(code))
}

/** Positions in the log depend on what else is in it. */
const positions = new Set(['indexLastUpdatePhyoffset'])
/** Requests take them in turns. */
const reviveQueues = 8

function field(name: string, value: string): string {
  if (positions.has(name)) return '<position>'
  if (name === 'reviveQid' && Number(value) < reviveQueues) return '<revive queue>'
  // Offset ids are as long as the broker's address wants it.
  return name === 'msgId' ? value.replace(/\b[0-9A-F]{32,56}\b/g, (id) => `<id of ${id.length}>`) : neutral(value)
}

/**
 * Ids, times and ports differ from server to server; that there is one does not. Unique ids hold an address of the
 * machine, of either kind.
 */
export function neutral(text: string): string {
  return text
    .replace(/\b([0-9A-F]{32}|[0-9A-F]{56})\b/g, '<id>')
    .replace(/\b1[0-9]{12}\b/g, '<time>')
    .replace(/(127\.0\.0\.1|:1\]?):[0-9]{4,5}/g, '$1:<port>')
}

function observedBody(body: Buffer, kind: Exclude<BodyKind, 'ignored'>): Observation {
  if (kind === 'records') return decodeMessages(body).map(observedRecord)
  const text = body.toString('utf8')
  return kind === 'text' ? neutral(text) : ordered(parseJson(text), kind === 'sets')
}

/** A receipt without the revive queue. */
function withoutTurn(name: string, value: string): string {
  return name === 'POP_CK' ? value.replace(/^(\d+ \d+ \d+) \d /, '$1 <queue> ') : value
}

function observedRecord(message: ReturnType<typeof decodeMessages>[number]): Observation {
  const { topic, queueId, queueOffset, flag, sysFlag, reconsumeTimes, bornHost, storeHost, properties, body } = message
  const sorted = [...decodeMessageProperties(properties)].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    body: body.toString('utf8'),
    topic,
    queueId,
    queueOffset,
    flag,
    sysFlag,
    reconsumeTimes,
    bornHost: bornHost.host,
    storeHost: storeHost.host,
    properties: Object.fromEntries(sorted.map(([name, value]) => [name, neutral(withoutTurn(name, value))])),
  }
}

/** Objects by the order of their names. */
function ordered(value: JsonValue, areSets: boolean): Observation {
  if (typeof value === 'string') return neutral(value)
  if (typeof value === 'number' || typeof value === 'bigint') return neutral(String(value))
  const inner = (item: JsonValue): Observation => ordered(item, areSets)
  if (Array.isArray(value)) return areSets ? byText(value.map(inner)) : value.map(inner)
  if (value instanceof Map) return byText([...value].map(([key, item]) => [inner(key), inner(item)]))
  if (value === null || typeof value === 'boolean') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, inner(item)]),
  )
}

function byText(items: readonly Observation[]): readonly Observation[] {
  const texts = items.map((item) => JSON.stringify(item)).sort()
  return texts.map((text) => JSON.parse(text))
}
