import { int, record, type ShapeValue, text } from './shape/index.ts'

export const messageQueueShape = record({ topic: text, brokerName: text, queueId: int })

/** One queue of a topic on one broker. */
export type MessageQueue = ShapeValue<typeof messageQueueShape>
