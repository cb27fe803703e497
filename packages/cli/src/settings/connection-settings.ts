import type { Host } from '../host.ts'
import { UsageError } from '../usage-error.ts'
import { parseDuration } from '../values.ts'
import { type Context, type Contexts, findContext } from './contexts.ts'

/** How to reach a cluster, declared once: option, environment variable, and key of a context. */
interface ConnectionSetting {
  /** As an option: `--name-of-it`. */
  readonly flag: string
  readonly short?: string
  readonly placeholder?: string
  readonly variable: string
  readonly about: string
  /** Shown as stars. */
  readonly isSecret?: boolean
  /** @throws UsageError */
  check?(text: string): void
}

export const connectionSettings = {
  nameServers: {
    flag: 'namesrv',
    short: 'n',
    placeholder: 'addresses',
    variable: 'NAMESRV_ADDR',
    about: 'name servers, host:port separated by semicolons',
    check: checkNameServers,
  },
  namespace: {
    flag: 'namespace',
    placeholder: 'name',
    variable: 'ROCKETMQ_NAMESPACE',
    about: 'topics and groups are meant within it',
  },
  accessKey: {
    flag: 'access-key',
    placeholder: 'key',
    variable: 'ROCKETMQ_ACCESS_KEY',
    about: 'for clusters with access control',
  },
  secretKey: {
    flag: 'secret-key',
    placeholder: 'key',
    variable: 'ROCKETMQ_SECRET_KEY',
    about: 'of the access key; others can see what is typed, so prefer a context or the variable',
    isSecret: true,
  },
  tls: {
    flag: 'tls',
    variable: 'ROCKETMQ_TLS',
    about: 'encrypts connections',
    check: checkSwitch,
  },
  tlsCa: {
    flag: 'tls-ca',
    placeholder: 'file',
    variable: 'ROCKETMQ_TLS_CA',
    about: 'certificates of the authorities to trust (PEM)',
  },
  timeout: {
    flag: 'timeout',
    placeholder: 'duration',
    variable: 'ROCKETMQ_TIMEOUT',
    about: 'for one call with all its retries, such as 5s',
    check: checkTimeout,
  },
} as const satisfies Readonly<Record<string, ConnectionSetting>>

export type ConnectionKey = keyof typeof connectionSettings

export const connectionKeys = Object.keys(connectionSettings) as ConnectionKey[]

export const contextVariable = 'ROCKETMQ_CONTEXT'

export const defaults: Readonly<Partial<Record<ConnectionKey, string>>> = {
  nameServers: '127.0.0.1:9876',
  timeout: '10s',
}

export interface SourcedValue {
  readonly text: string
  /** Where it came from, for errors: `--namesrv`, `the environment variable NAMESRV_ADDR`. */
  readonly source: string
}

/** Texts of the options that were typed, and the context among them. */
export type ConnectionFlags = { readonly [Key in ConnectionKey | 'context']?: string }

/**
 * Each setting from where it is given first: its option, the context that `--context` names, the environment, the context
 * in use, the default.
 * @throws UsageError for a value that cannot be used, with where it came from
 */
export function resolveConnection(
  flags: ConnectionFlags,
  environment: Host['environment'],
  contexts: Contexts,
): Partial<Record<ConnectionKey, SourcedValue>> {
  const resolved: Partial<Record<ConnectionKey, SourcedValue>> = {}
  const named = flags.context === undefined ? undefined : findContext(contexts, flags.context, '--context')
  const inUse = named === undefined ? contextInUse(environment, contexts) : undefined
  for (const key of connectionKeys) {
    const { flag, variable } = connectionSettings[key]
    const candidates: [text: string | undefined, source: string][] = [
      [flags[key], `--${flag}`],
      [named?.context[key], `the context ${named?.name} (${contexts.path})`],
      [environment[variable] || undefined, `the environment variable ${variable}`],
      [inUse?.context[key], `the context ${inUse?.name} (${contexts.path})`],
      [defaults[key], 'the default'],
    ]
    const found = candidates.find(([text]) => text !== undefined)
    if (found === undefined) continue
    const [text, source] = found as [string, string]
    checkSetting(key, text, source)
    resolved[key] = { text, source }
  }
  return resolved
}

/** @throws UsageError */
export function checkSetting(key: ConnectionKey, text: string, source: string): void {
  const setting: ConnectionSetting = connectionSettings[key]
  try {
    setting.check?.(text)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${source}: ${error.message}`)
    throw error
  }
}

export function contextInUse(
  environment: Host['environment'],
  contexts: Contexts,
): { readonly name: string; readonly context: Context } | undefined {
  const name = environment[contextVariable] || undefined
  if (name !== undefined) return findContext(contexts, name, `the environment variable ${contextVariable}`)
  if (contexts.current === undefined) return undefined
  return findContext(contexts, contexts.current, `"current" of ${contexts.path}`)
}

function checkNameServers(text: string): void {
  const addresses = text.split(/[;,]/).map((address) => address.trim())
  const known = addresses.filter((address) => address !== '')
  if (known.length === 0) throw new UsageError('it is empty: write host:port, several with semicolons between')
  for (const address of known) {
    if (isAddress(address)) continue
    throw new UsageError(`"${address}" is no address: write host:port, several with semicolons between`)
  }
}

const portMax = 65_535

/** `host`, `host:port`, `[::1]:port`, `::1`: names are not looked up. */
function isAddress(text: string): boolean {
  const isBareIpv6 = /^[0-9a-f:.]+$/i.test(text) && (text.includes('::') || text.split(':').length === 8)
  if (isBareIpv6) return true
  const match = /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::(\d{1,5}))?$/i.exec(text)
  return match !== null && (match[1] === undefined || (Number(match[1]) > 0 && Number(match[1]) <= portMax))
}

function checkSwitch(text: string): void {
  if (text !== 'true' && text !== 'false') throw new UsageError(`"${text}" is not possible: use true or false`)
}

function checkTimeout(text: string): void {
  if (parseDuration(text) <= 0) throw new UsageError('it must be more than 0')
}
