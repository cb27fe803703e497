import { type commands, messageRequestModeTableBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RequestModes } from '../request-modes.ts'

export interface GetRequestModesParts {
  modes: Pick<RequestModes, 'table'>
}

/** GET_ALL_MESSAGE_REQUEST_MODE: how each group for which that was set gets the messages of its topics. */
export function getAllMessageRequestMode({
  modes,
}: GetRequestModesParts): Handler<typeof commands.getAllMessageRequestMode> {
  return () => ({ body: messageRequestModeTableBody.encode(modes.table(), 'standard') })
}
