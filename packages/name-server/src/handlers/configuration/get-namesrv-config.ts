import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../configuration/live-settings.ts'

/** GET_NAMESRV_CONFIG (319): all settings as .properties text. */
export function getNamesrvConfig(settings: LiveSettings): Handler<typeof commands.getNamesrvConfig> {
  return () => ({ body: Buffer.from(settings.toPropertiesText(), 'utf8') })
}
