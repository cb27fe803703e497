import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import {
  distinct,
  intTable,
  long,
  nameTable,
  optional,
  record,
  type ShapeValue,
  text,
  withDefault,
} from './shape/index.ts'

const offsetsByQueue = nameTable(intTable(long))

const consumerOffsetsShape = record({
  dataVersion: optional(dataVersionShape),
  groupTopicMap: optional(nameTable(distinct(text))),
  /** `topic@group` to queue id to the offset that is consumed next. */
  offsetTable: withDefault(offsetsByQueue, () => new Map()),
  /** As `offsetTable`, for the offset that is pulled next. */
  pullOffsetTable: optional(offsetsByQueue),
  /** `topic@group` of a light queue and of a group that has such a name, to the offset. In lmqConsumerOffset.json alone. */
  lmqOffsetTable: optional(nameTable(long)),
  // The rest are tables of ours, which official brokers pass by: each entry tells where the log ended then.
  /** Light queues that are about to be removed. */
  leavingQueueTable: optional(nameTable(long)),
  /** Groups that were deleted with their offsets. */
  removedGroupTable: optional(nameTable(long)),
  /** `topic@group@queueId` where an administrator had a group go on elsewhere. */
  resetQueueTable: optional(nameTable(long)),
})

/** Consumer offsets of a broker. */
export type ConsumerOffsets = ShapeValue<typeof consumerOffsetsShape>

/** Response body of request 43; content of consumerOffset.json and lmqConsumerOffset.json. */
export const consumerOffsetsBody = defineBody('ConsumerOffsetSerializeWrapper', consumerOffsetsShape)

const delayOffsetsShape = record({
  dataVersion: optional(dataVersionShape),
  /** Delay level to the offset that is delivered next. */
  offsetTable: withDefault(intTable(long), () => new Map()),
})

export type DelayOffsets = ShapeValue<typeof delayOffsetsShape>

/** Response body of request 45; content of delayOffset.json. */
export const delayOffsetsBody = defineBody('DelayOffsetSerializeWrapper', delayOffsetsShape)

const correctionOffsetsShape = record({ correctionOffsets: withDefault(intTable(long), () => new Map()) })

export type CorrectionOffsets = ShapeValue<typeof correctionOffsetsShape>

/** Response body of request 308. */
export const correctionOffsetsBody = defineBody('QueryCorrectionOffsetBody', correctionOffsetsShape)
