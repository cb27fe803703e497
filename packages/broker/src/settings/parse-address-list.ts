import { addresses, SettingsError } from '@rocketmq-ts/settings'

/**
 * Reads the environment variable NAMESRV_ADDR.
 *
 * @throws SettingsError when there is something else than addresses in it
 */
export function parseAddressList(text = ''): readonly string[] {
  const parsed = addresses.parse(text.trim())
  if (parsed.ok) return parsed.value
  const { allowed } = addresses
  throw new SettingsError([
    { key: 'NAMESRV_ADDR', value: text, allowed, reason: parsed.reason, source: 'environment variable NAMESRV_ADDR' },
  ])
}
