import type { SendReceipt } from '@rocketmq-ts/client'
import { decompressBody } from '@rocketmq-ts/client/raw'
import {
  bodyCrc,
  type DecodedMessage,
  decodeMessageProperties,
  encodeHost,
  offsetMessageId,
  propertyName,
} from '@rocketmq-ts/protocol'
import type { DecodeBody } from './charset.ts'
import { formatted, javaMap, localTime } from './java-text.ts'

/** A message as the official tools show it. */
export interface ShownMessage {
  readonly record: DecodedMessage
  readonly broker: string
  readonly body: Buffer
  readonly properties: ReadonlyMap<string, string>
  /** The id of its place. */
  readonly placeId: string
  /** The id that its producer gave it; that of its place without one. */
  readonly messageId: string
}

/** Of the table in which the official client keeps the properties of a message. */
const propertiesPlaces = 128

const bodyBytesMax = 64 * 1024 * 1024

/** @param ends the offsets that a pull told, which the official client adds to the properties */
export function shownMessage(
  record: DecodedMessage,
  broker: string,
  ends?: { readonly min: number; readonly max: number },
): ShownMessage {
  const properties = new Map(decodeMessageProperties(record.properties))
  if (ends !== undefined) properties.set('MIN_OFFSET', String(ends.min)).set('MAX_OFFSET', String(ends.max))
  const placeId = placeIdOf(record)
  return {
    record,
    broker,
    body: decompressBody(record.body, record.sysFlag, bodyBytesMax),
    properties,
    placeId,
    messageId: properties.get(propertyName.uniqueKey) ?? placeId,
  }
}

/**
 * Below each other, with where its body was saved.
 * @param shown.decode how the body itself is shown; not at all without it
 */
export function detailText(
  message: ShownMessage,
  bodyPath: string,
  { withPlace, decode }: { readonly withPlace: boolean; readonly decode?: DecodeBody | undefined },
): string {
  const { record, properties, placeId } = message
  const row = (name: string, value: unknown): string => formatted('%-20s %s\n', name, value)
  return [
    withPlace ? row('OffsetID:', placeId) : '',
    row('Topic:', record.topic),
    row('Tags:', `[${properties.get(propertyName.tags) ?? 'null'}]`),
    row('Keys:', `[${properties.get(propertyName.keys) ?? 'null'}]`),
    row('Queue ID:', record.queueId),
    row('Queue Offset:', record.queueOffset),
    row('CommitLog Offset:', record.physicalOffset),
    row('Reconsume Times:', record.reconsumeTimes),
    row('Born Timestamp:', localTime(record.bornTimestamp)),
    row('Store Timestamp:', localTime(record.storeTimestamp)),
    row('Born Host:', hostText(record.bornHost)),
    row('Store Host:', hostText(record.storeHost)),
    row('System Flag:', record.sysFlag),
    row('Properties:', javaMap(properties, propertiesPlaces)),
    row('Message Body Path:', bodyPath),
    decode === undefined ? '' : row('Message Body:', decode(message.body)),
  ].join('')
}

/** On one line. @param decode how its body is shown; not at all without it */
export function lineText(
  { record, broker, body, properties, messageId }: ShownMessage,
  decode: DecodeBody | undefined,
): string {
  const bytes = [...body].map((byte) => (byte > 127 ? byte - 256 : byte))
  const ext = extText(record, properties, { broker, body: `[${bytes.join(', ')}]` })
  return `MSGID: ${messageId} ${ext} BODY: ${decode?.(body) ?? 'NOT PRINT BODY'}\n`
}

/** As a message of the official client shows itself. @param shown what it knows of its broker and its body */
export function extText(
  record: DecodedMessage,
  properties: Iterable<readonly [name: string, value: string]>,
  shown: { readonly broker: string; readonly body: string },
): string {
  const { queueId, queueOffset, sysFlag, bornTimestamp, storeTimestamp, physicalOffset, reconsumeTimes } = record
  const message = `Message{topic='${record.topic}', flag=${record.flag}, properties=${javaMap(properties, propertiesPlaces)}, body=${shown.body}, transactionId='null'}`
  const fields = [
    `brokerName=${shown.broker}`,
    `queueId=${queueId}`,
    `storeSize=${record.totalSize}`,
    `queueOffset=${queueOffset}`,
    `sysFlag=${sysFlag}`,
    `bornTimestamp=${bornTimestamp}`,
    `bornHost=/${hostText(record.bornHost)}`,
    `storeTimestamp=${storeTimestamp}`,
    `storeHost=/${hostText(record.storeHost)}`,
    `msgId=${placeIdOf(record)}`,
    `commitLogOffset=${physicalOffset}`,
    `bodyCRC=${bodyCrc(record.body)}`,
    `reconsumeTimes=${reconsumeTimes}`,
    `preparedTransactionOffset=${record.preparedTransactionOffset}`,
    `toString()=${message}`,
  ]
  return `MessageExt [${fields.join(', ')}]`
}

/** As the official client shows the outcome of a send. */
export function sendResultText({
  status,
  messageId,
  offsetMessageId,
  queue: { topic, broker, queueId },
  queueOffset,
  recallHandle,
}: SendReceipt): string {
  const fields = [
    `sendStatus=${status === 'STORED' ? 'SEND_OK' : status}`,
    `msgId=${messageId}`,
    `offsetMsgId=${offsetMessageId}`,
    `messageQueue=MessageQueue [topic=${topic}, brokerName=${broker}, queueId=${queueId}]`,
    `queueOffset=${queueOffset}`,
    `recallHandle=${recallHandle ?? null}`,
  ]
  return `SendResult [${fields.join(', ')}]`
}

function placeIdOf({ storeHost: { host, port }, physicalOffset }: DecodedMessage): string {
  return offsetMessageId(encodeHost(host, port).toString('hex').toUpperCase(), physicalOffset)
}

function hostText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`
}
