import { type commands, producerTableBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ClientConnection, ProducerRegistry } from '../index.ts'

export interface AllProducersParts {
  producers: Pick<ProducerRegistry, 'clients' | 'groups'>
}

/** GET_ALL_PRODUCER_INFO */
export function getAllProducerInfo(parts: AllProducersParts): Handler<typeof commands.getAllProducerInfo> {
  return () => {
    const { producers } = parts
    const data = new Map(producers.groups().map((group) => [group, producers.clients(group).map(producerRow)]))
    return { body: producerTableBody.encode({ data }) }
  }
}

function producerRow({ clientId, link, language, version, lastUpdateMs }: ClientConnection) {
  // Java prints a socket address with a slash in front.
  return { clientId, remoteIP: `/${link.remoteAddress}`, language, version, lastUpdateTimestamp: lastUpdateMs }
}
