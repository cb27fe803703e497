import { type commands, keyValueTableBody, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** GET_KVLIST_BY_NAMESPACE (219). */
export function getKvlistByNamespace(keyValues: KeyValueConfiguration): Handler<typeof commands.getKvlistByNamespace> {
  return ({ namespace }) => {
    const table = keyValues.list(namespace)
    if (table === undefined) throw new ProtocolError('QUERY_NOT_FOUND', `No config item, Namespace: ${namespace}`)
    return { body: keyValueTableBody.encode({ table: new Map(table) }) }
  }
}
