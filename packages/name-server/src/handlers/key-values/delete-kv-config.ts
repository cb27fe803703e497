import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { KeyValueConfiguration } from '../../key-values/key-value-configuration.ts'

/** DELETE_KV_CONFIG (102): deleting what is not there succeeds. */
export function deleteKvConfig(keyValues: KeyValueConfiguration): Handler<typeof commands.deleteKvConfig> {
  return ({ namespace, key }) => {
    keyValues.delete(namespace, key)
    return {}
  }
}
