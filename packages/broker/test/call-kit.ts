import type { AnyCommand, RemotingCommand, RequestOf } from '@rocketmq-ts/protocol'
import { ProtocolError, responseCodes } from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type RemotingConnection, type Reply } from '@rocketmq-ts/remoting'
import { FakeLink, response } from './clients/fake-link.ts'

export interface Asked {
  code: number
  remark: string | undefined
  header: Record<string, unknown> | undefined
  extFields: Record<string, string> | undefined
  body: Buffer
}

/** Asks a handler and gives the answer, whether it returns it, promises it or throws it. */
export async function ask<C extends AnyCommand>(
  handler: Handler<C>,
  header: RequestOf<C>,
  options: { body?: Buffer; link?: FakeLink; request?: Partial<RemotingCommand> } = {},
): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply<C>>()
  const call: Call<C> = {
    connection: (options.link ?? new FakeLink()) as unknown as RemotingConnection,
    request: response({ flag: 0, ...options.request }),
    body: options.body ?? Buffer.alloc(0),
    isOneWay: false,
    answer: resolve,
    fail: reject,
  }
  try {
    const result = handler(header, call)
    return shown((await (result === answeredLater ? promise : result)) as Reply)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return shown({ code: error.responseCode, remark: error.message })
  }
}

function shown(reply: Reply): Asked {
  const { code = 'SUCCESS', remark, header, extFields, body } = reply
  const bytes = body === undefined || Buffer.isBuffer(body) ? (body ?? Buffer.alloc(0)) : Buffer.concat([...body])
  return {
    code: responseCodes[code].code,
    remark,
    header: header as Record<string, unknown> | undefined,
    extFields,
    body: bytes,
  }
}
