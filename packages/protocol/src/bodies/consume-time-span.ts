import { defineBody } from './body.ts'
import { messageQueueShape } from './message-queue.ts'
import { list, long, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const queueTimeSpanShape = record({
  messageQueue: optional(messageQueueShape),
  /** Store times in milliseconds since 1970: of the oldest, the newest and the last consumed message. */
  minTimeStamp: withDefault(long, () => 0),
  maxTimeStamp: withDefault(long, () => 0),
  consumeTimeStamp: withDefault(long, () => 0),
  /** Milliseconds that the group lags behind. */
  delayTime: withDefault(long, () => 0),
  /** The same times for people, as `formatTimeSpanStamp` writes them. */
  minTimeStampStr: optional(text),
  maxTimeStampStr: optional(text),
  consumeTimeStampStr: optional(text),
})

export type QueueTimeSpan = ShapeValue<typeof queueTimeSpanShape>

const consumeTimeSpanShape = record({ consumeTimeSpanSet: withDefault(list(queueTimeSpanShape), () => []) })

export type ConsumeTimeSpan = ShapeValue<typeof consumeTimeSpanShape>

/** Response body of request 303. */
export const consumeTimeSpanBody = defineBody('QueryConsumeTimeSpanBody', consumeTimeSpanShape)

/** A time as Java peers print it, `2026-11-23#19:30:07:756`, in the local time zone. @param timeMs since 1970 */
export function formatTimeSpanStamp(timeMs: number): string {
  const time = new Date(timeMs)
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
  const day = `${pad(time.getFullYear(), 4)}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  return `${day}#${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}:${pad(time.getMilliseconds(), 3)}`
}
