import { type commands, ProtocolError, producerConnectionBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { connectionRow } from '../connection-row.ts'
import type { ProducerRegistry } from '../index.ts'

export interface ProducerConnectionsParts {
  producers: Pick<ProducerRegistry, 'clients'>
}

/** GET_PRODUCER_CONNECTION_LIST */
export function getProducerConnectionList(
  parts: ProducerConnectionsParts,
): Handler<typeof commands.getProducerConnectionList> {
  return ({ producerGroup }) => {
    const clients = parts.producers.clients(producerGroup)
    if (clients.length === 0) {
      throw new ProtocolError('SYSTEM_ERROR', `the producer group[${producerGroup}] not exist`)
    }
    return { body: producerConnectionBody.encode({ connectionSet: clients.map(connectionRow) }) }
  }
}
