import type { commands } from '@rocketmq-ts/protocol'
import { dataVersionBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../live-settings.ts'

/** GET_BROKER_CONFIG: all settings as .properties text. */
export function getBrokerConfig(parts: { liveSettings: LiveSettings }): Handler<typeof commands.getBrokerConfig> {
  return () => {
    const { version } = parts.liveSettings
    return {
      header: { version: dataVersionBody.encode({ ...version, stateVersion: 0 }).toString('utf8') },
      body: Buffer.from(parts.liveSettings.toPropertiesText(), 'utf8'),
    }
  }
}
