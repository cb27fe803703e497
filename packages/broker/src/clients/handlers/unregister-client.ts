import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ClientRegistry } from '../index.ts'

export interface UnregisterClientParts {
  clients: Pick<ClientRegistry, 'unregister'>
}

/** UNREGISTER_CLIENT: a client leaves its groups. */
export function unregisterClient(parts: UnregisterClientParts): Handler<typeof commands.unregisterClient> {
  return ({ producerGroup, consumerGroup }, call) => {
    parts.clients.unregister(call.connection, { producerGroup, consumerGroup })
    return { extFields: {} }
  }
}
