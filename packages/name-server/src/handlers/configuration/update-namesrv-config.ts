import type { Log } from '@rocketmq-ts/platform'
import { type commands, JavaPropertiesError, ProtocolError, parseJavaProperties } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { LiveSettings } from '../../configuration/live-settings.ts'

/** UPDATE_NAMESRV_CONFIG (318): changes settings and writes them to `configStorePath`. */
export function updateNamesrvConfig(settings: LiveSettings, log: Log): Handler<typeof commands.updateNamesrvConfig> {
  return (_header, { body }) => {
    const update = settings.update(propertiesOf(body))
    if (update.outcome === 'black-listed') {
      throw new ProtocolError('NO_PERMISSION', `Can not update config in black list. ${update.message}`)
    }
    if (update.outcome === 'bad-values') throw new ProtocolError('INVALID_PARAMETER', update.message)
    for (const warning of update.warnings) log.warn({}, warning)
    const { changedKeys, restartKeys } = update
    if (changedKeys.length > 0)
      log.info({ changedKeys, restartKeys }, 'settings changed; restartKeys act at the next start')
    return {}
  }
}

function propertiesOf(body: Buffer): Map<string, string> {
  try {
    return parseJavaProperties(body.toString('utf8'))
  } catch (error) {
    if (error instanceof JavaPropertiesError) throw new ProtocolError('INVALID_PARAMETER', error.message)
    throw error
  }
}
