import { defineBody } from './body.ts'
import { flag, int, list, long, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const popCheckpointShape = record({
  /** Bits of the messages that were acknowledged before this was written, by their places in `d`. */
  bm: withDefault(int, () => 0),
  /** Broker. */
  bn: optional(text),
  /** Group. */
  c: text,
  /** Distances of the messages from `so`; left out by old brokers, whose messages stand side by side. */
  d: optional(list(int)),
  /** Milliseconds that the messages are invisible. */
  it: long,
  /** Messages, at most 32. */
  n: int,
  /** Milliseconds since 1970 at which the messages were given out. */
  pt: long,
  /** Queue of the messages. */
  q: int,
  /** Offset of this record in the revive topic, which only its reader knows. */
  ro: withDefault(long, () => 0),
  /** Times that this was written anew since the messages could not be made visible again. */
  rp: optional(text),
  /** Queue offset at which the reading began. */
  so: long,
  /** The messages become visible again without counting it as another delivery. */
  sp: withDefault(flag, () => false),
  /** Topic. */
  t: text,
})

/** Messages that a group was given by one POP request from one queue. */
export type PopCheckpoint = ShapeValue<typeof popCheckpointShape>

/** Body of the records tagged `ck` of the revive topic. */
export const popCheckpointBody = defineBody('PopCheckPoint', popCheckpointShape)

/** What `popCheckpointBody` writes, at once: a broker writes one for each request of POP. */
export function encodePopCheckpoint(checkpoint: Required<Omit<PopCheckpoint, 'rp'>>): Buffer {
  const { bm, bn, c, d, it, n, pt, q, ro, so, sp, t } = checkpoint
  return Buffer.from(
    `{"bm":${bm},"bn":${JSON.stringify(bn)},"c":${JSON.stringify(c)},"d":[${d.join(',')}],"it":${it},"n":${n},"pt":${pt},` +
      `"q":${q},"ro":${ro},"so":${so},"sp":${sp},"t":${JSON.stringify(t)}}`,
  )
}

const popAckFields = {
  /** Queue offset of the message. */
  ao: withDefault(long, () => 0),
  bn: optional(text),
  c: text,
  pt: long,
  q: int,
  so: long,
  t: text,
} as const

const popAckShape = record(popAckFields)

/** An acknowledgement of one message of a checkpoint, which `bn`, `c`, `pt`, `q`, `so` and `t` name together. */
export type PopAck = ShapeValue<typeof popAckShape>

/** Body of the records tagged `ack` of the revive topic. */
export const popAckBody = defineBody('AckMsg', popAckShape)

/** What `popAckBody` writes, at once: a broker writes one for each acknowledgement. */
export function encodePopAck({ ao, bn, c, pt, q, so, t }: Required<PopAck>): Buffer {
  return Buffer.from(
    `{"ao":${ao},"bn":${JSON.stringify(bn)},"c":${JSON.stringify(c)},"pt":${pt},"q":${q},"so":${so},"t":${JSON.stringify(t)}}`,
  )
}

const popBatchAckShape = record({
  ...popAckFields,
  /** Queue offsets of the messages. */
  aol: withDefault(list(long), () => []),
})

export type PopBatchAck = ShapeValue<typeof popBatchAckShape>

/** Body of the records tagged `bAck` of the revive topic. */
export const popBatchAckBody = defineBody('BatchAckMsg', popBatchAckShape)

const batchAckShape = record({
  /** Bit set in Base64, little-endian: bit n is the message at the offset `so` + n. */
  b: withDefault(text, () => ''),
  /** Group. */
  c: text,
  /** Milliseconds that the messages are invisible. */
  it: long,
  pt: long,
  q: int,
  /** As in receipts: "0" for the topic itself, "1" and "2" for the group's retry topics. */
  r: text,
  /** Queue of the revive topic. */
  rq: int,
  so: long,
  /** The topic that the group consumes. */
  t: text,
})

/** Messages of one checkpoint that a consumer acknowledges. */
export type BatchAck = ShapeValue<typeof batchAckShape>

const batchAckRequestShape = record({
  brokerName: optional(text),
  acks: withDefault(list(batchAckShape), () => []),
})

/** Request body of request 200151. */
export const batchAckRequestBody = defineBody('BatchAckMessageRequestBody', batchAckRequestShape)
