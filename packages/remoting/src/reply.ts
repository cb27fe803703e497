import type { AnyCommand, ExtFields, FrameBody, ResponseCodeName, ResponseOf } from '@rocketmq-ts/protocol'

/** What a handler answers. Without a code it is SUCCESS. */
export interface Reply<C extends AnyCommand = AnyCommand> {
  code?: ResponseCodeName
  remark?: string
  header?: ResponseOf<C>
  /** For headers that are not declared, such as the empty one. */
  extFields?: ExtFields
  body?: FrameBody
}

/** Returned by a handler that answers by `call.answer` later, or never because the request is one-way. */
export const answeredLater = Symbol('answeredLater')
