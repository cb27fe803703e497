import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** PUT_KV_CONFIG (100). */
export function putKvConfig(keyValues: KeyValueConfiguration, log: Log): Handler<typeof commands.putKvConfig> {
  return ({ namespace, key, value }, { connection }) => {
    keyValues.put(namespace, key, value)
    log.info({ namespace, key, peer: connection.remoteAddress }, 'a key-value entry was put')
    return {}
  }
}
