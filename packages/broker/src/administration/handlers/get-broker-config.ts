import type { commands } from '@rocketmq-ts/protocol'
import { dataVersionBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { toPropertiesText } from '@rocketmq-ts/settings'
import type { LiveSettings } from '../../live-settings.ts'
import { brokerSettings } from '../../settings/index.ts'

/** GET_BROKER_CONFIG: all settings as they are now. */
export function getBrokerConfig(parts: { liveSettings: LiveSettings }): Handler<typeof commands.getBrokerConfig> {
  return () => {
    const { current, version } = parts.liveSettings
    return {
      header: { version: dataVersionBody.encode({ ...version, stateVersion: 0 }).toString('utf8') },
      body: Buffer.from(toPropertiesText(brokerSettings, current), 'utf8'),
    }
  }
}
