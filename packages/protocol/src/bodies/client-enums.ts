import { oneOf, type ShapeValue } from './shape/index.ts'

export const consumeTypeShape = oneOf('CONSUME_ACTIVELY', 'CONSUME_PASSIVELY', 'CONSUME_POP')
/** How a consumer gets messages: by pulling itself, by a push consumer, by POP. */
export type ConsumeType = ShapeValue<typeof consumeTypeShape>

export const messageModelShape = oneOf('BROADCASTING', 'CLUSTERING', 'LITE_SELECTIVE')
export type MessageModel = ShapeValue<typeof messageModelShape>

export const consumeFromWhereShape = oneOf(
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
)
/** Where a group without offsets begins. */
export type ConsumeFromWhere = ShapeValue<typeof consumeFromWhereShape>

export const messageRequestModeShape = oneOf('PULL', 'POP')
export type MessageRequestMode = ShapeValue<typeof messageRequestModeShape>
