import type { Log } from '@rocketmq-ts/platform'
import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** DELETE_KV_CONFIG (102): deleting a missing key succeeds. */
export function deleteKvConfig(keyValues: KeyValueConfiguration, log: Log): Handler<typeof commands.deleteKvConfig> {
  return ({ namespace, key }, { connection }) => {
    if (keyValues.delete(namespace, key)) {
      log.info({ namespace, key, peer: connection.remoteAddress }, 'a key-value entry was deleted')
    }
    return {}
  }
}
