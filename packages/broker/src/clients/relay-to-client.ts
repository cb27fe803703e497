import { type AnyCommand, ProtocolError, type RequestOf, responseCodeName } from '@rocketmq-ts/protocol'
import { ConnectionLostError, type Reply, RequestTimeoutError } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from './index.ts'

const clientTimeoutMs = 10_000

export interface RelayTarget {
  consumerGroup: string
  clientId: string | undefined
}

/**
 * Asks a member of a group and gives its answer as it is.
 * @throws ProtocolError when it is not online or does not answer
 */
export async function relayToClient<C extends AnyCommand>(
  consumers: Pick<ConsumerRegistry, 'get'>,
  target: RelayTarget,
  command: C,
  header: RequestOf<C>,
  body?: Buffer,
): Promise<Reply<C>> {
  const { consumerGroup, clientId } = target
  const client = clientId === undefined ? undefined : consumers.get(consumerGroup)?.find(clientId)
  if (client === undefined) {
    throw new ProtocolError('SYSTEM_ERROR', `The Consumer <${consumerGroup}> <${clientId ?? ''}> not online`)
  }
  try {
    const answer = await client.link.invoke(command, header, { body, timeoutMs: clientTimeoutMs })
    return {
      code: responseCodeName(answer.code) ?? 'SYSTEM_ERROR',
      ...(answer.remark === undefined ? {} : { remark: answer.remark }),
      ...(answer.extFields === undefined ? {} : { extFields: answer.extFields }),
      ...(answer.body === undefined ? {} : { body: answer.body }),
    }
  } catch (error) {
    const who = `<${consumerGroup}> <${clientId}>`
    if (error instanceof RequestTimeoutError) {
      throw new ProtocolError('CONSUME_MSG_TIMEOUT', `consumer ${who} Timeout: ${error.message}`)
    }
    if (error instanceof ConnectionLostError) {
      throw new ProtocolError('SYSTEM_ERROR', `The Consumer ${who} not online: ${error.message}`)
    }
    throw error
  }
}
