import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** GET_KV_CONFIG (101). */
export function getKvConfig(keyValues: KeyValueConfiguration): Handler<typeof commands.getKvConfig> {
  return ({ namespace, key }) => {
    const value = keyValues.get(namespace, key)
    if (value !== undefined) return { header: { value } }
    const remark = `No config item, Namespace: ${namespace} Key: ${key}`
    return { code: 'QUERY_NOT_FOUND', remark, header: {} }
  }
}
