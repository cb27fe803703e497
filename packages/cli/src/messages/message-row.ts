import type { Message, ReceivedMessage } from '@rocketmq-ts/client'
import { inJson, map, maybe, type RowOf, record, text, texts, time, whole } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'

/** A message as it was found. `produce --json-lines` and `restore` take it again. */
export const messageRow = record({
  storeTime: time('Stored'),
  topic: text('Topic'),
  broker: text('Broker'),
  queueId: whole('Queue'),
  offset: whole('Offset'),
  messageId: text('Id'),
  tag: maybe(text('Tag')),
  keys: texts('Keys'),
  liteTopic: inJson(maybe(text('Lite topic'))),
  shardingKey: inJson(maybe(text('Sharding key'))),
  attempt: inJson(whole('Delivery')),
  bornTime: inJson(time('Born')),
  bornHost: inJson(text('Sender')),
  properties: inJson(map('Properties')),
  systemProperties: inJson(map('System properties')),
  body: maybe(text('Body')),
  bodyBase64: inJson(maybe(text('Bytes'))),
})

export type MessageRow = RowOf<typeof messageRow>

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bodies that are no text in UTF-8 come as base64, so that none is changed. */
export function messageRowOf(message: ReceivedMessage): MessageRow {
  const { queue, queueOffset, storeTimestamp, bornTimestamp, body, ...rest } = message
  const asText = textOf(body)
  return {
    ...rest,
    storeTime: storeTimestamp,
    broker: queue.broker,
    queueId: queue.queueId,
    offset: queueOffset,
    bornTime: bornTimestamp,
    body: asText,
    bodyBase64: asText === undefined ? body.toString('base64') : undefined,
  }
}

function textOf(body: Buffer): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    return undefined
  }
}

/** Fields of a JSON line that say something of a message to send. The others, such as where it was, are passed over. */
interface GivenMessage {
  topic?: unknown
  body?: unknown
  bodyBase64?: unknown
  tag?: unknown
  keys?: unknown
  liteTopic?: unknown
  shardingKey?: unknown
  properties?: unknown
}

/**
 * A message that a JSON line gives: `{"body": "text", "tag": "new", "keys": ["4711"]}`, or one that was shown.
 * @param where the line, for errors
 * @throws CommandError
 */
export function messageOfJson(line: string, topic: string, where: string): Message {
  const fail = (why: string): never => {
    throw new CommandError(`${where} is no message: ${why}`)
  }
  let given: GivenMessage
  try {
    given = JSON.parse(line)
  } catch (error) {
    return fail((error as Error).message)
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return fail('it is no JSON object')
  const { body, bodyBase64, tag, keys, liteTopic, shardingKey, properties } = given
  for (const [name, value] of Object.entries({ tag, liteTopic, shardingKey })) {
    if (value !== undefined && value !== null && typeof value !== 'string') fail(`"${name}" is no text`)
  }
  if (keys !== undefined && keys !== null && !isTexts(Array.isArray(keys) ? keys : [keys])) {
    fail('"keys" is neither a text nor a list of them')
  }
  const ownProperties = properties ?? {}
  if (typeof ownProperties !== 'object' || !isTexts(Object.values(ownProperties))) {
    fail('"properties" is no object of texts')
  }
  return {
    topic,
    body: bodyOf(body, bodyBase64, fail),
    tag: (tag as string | null) ?? undefined,
    keys: isEmpty(keys) ? undefined : (keys as string | string[]),
    liteTopic: (liteTopic as string | null) ?? undefined,
    shardingKey: (shardingKey as string | null) ?? undefined,
    properties: ownProperties as Record<string, string>,
  }
}

/** Other values than texts are sent as JSON. */
function bodyOf(body: unknown, bodyBase64: unknown, fail: (why: string) => never): string | Buffer {
  if (typeof bodyBase64 === 'string') {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(bodyBase64)) fail('"bodyBase64" is no base64')
    return Buffer.from(bodyBase64, 'base64')
  }
  if (body === undefined || body === null) return fail('it has no "body"')
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function isTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}

function isEmpty(keys: unknown): boolean {
  return keys === undefined || keys === null || (Array.isArray(keys) && keys.length === 0)
}
