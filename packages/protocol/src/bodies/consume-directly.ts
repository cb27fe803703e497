import { defineBody } from './body.ts'
import { flag, long, oneOf, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const consumeDirectlyShape = record({
  order: withDefault(flag, () => false),
  autoCommit: withDefault(flag, () => true),
  consumeResult: optional(
    oneOf('CR_SUCCESS', 'CR_LATER', 'CR_ROLLBACK', 'CR_COMMIT', 'CR_THROW_EXCEPTION', 'CR_RETURN_NULL'),
  ),
  remark: optional(text),
  /** Milliseconds. */
  spentTimeMills: withDefault(long, () => 0),
})

/** The result of a message that a client was told to consume. */
export type ConsumeDirectly = ShapeValue<typeof consumeDirectlyShape>

/** Response body of request 309. */
export const consumeDirectlyBody = defineBody('ConsumeMessageDirectlyResult', consumeDirectlyShape)
