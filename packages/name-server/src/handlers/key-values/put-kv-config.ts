import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** PUT_KV_CONFIG (100). */
export function putKvConfig(keyValues: KeyValueConfiguration): Handler<typeof commands.putKvConfig> {
  return ({ namespace, key, value }) => {
    keyValues.put(namespace, key, value)
    return {}
  }
}
