import type { Host } from '../host.ts'
import { UsageError } from '../usage-error.ts'

/** What a context says of a cluster; the keys are those of the connection's settings. */
export type Context = Readonly<Record<string, string>>

/** The file of contexts: `{ "current": "prod", "contexts": { "prod": { "nameServers": "mq1:9876;mq2:9876" } } }` */
export interface Contexts {
  readonly path: string
  readonly current: string | undefined
  readonly contexts: ReadonlyMap<string, Context>
}

/** ROCKETMQ_CONFIG, or `rocketmq/contexts.json` in the folder of configurations. */
export function contextsPath({ environment, homeFolder }: Pick<Host, 'environment' | 'homeFolder'>): string {
  const folder = environment.XDG_CONFIG_HOME || `${homeFolder}/.config`
  return environment.ROCKETMQ_CONFIG || `${folder}/rocketmq/contexts.json`
}

/** @param keys those that a context may have @throws UsageError when the file cannot be read or is none of contexts */
export async function readContexts(host: Host, keys: readonly string[]): Promise<Contexts> {
  const path = contextsPath(host)
  let content: Buffer | undefined
  try {
    content = await host.readFile(path)
  } catch (error) {
    throw new UsageError(`the contexts in ${path} cannot be read: ${(error as Error).message}`)
  }
  return contextsIn(content, path, keys)
}

function parseContexts(text: string, path: string, keys: readonly string[]): Contexts {
  const fail = (why: string): never => {
    throw new UsageError(`${path} is no file of contexts: ${why}; mend it, or delete it and add them anew`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return fail((error as Error).message)
  }
  if (!isObject(parsed)) return fail('it holds no object')
  const { current, contexts } = parsed
  if (current !== undefined && typeof current !== 'string') return fail('"current" is no text')
  if (!isObject(contexts)) return fail('"contexts" is missing')
  const known = new Map<string, Context>()
  for (const [name, context] of Object.entries(contexts)) {
    if (!isObject(context)) return fail(`the context ${name} is no object`)
    for (const [key, value] of Object.entries(context)) {
      if (!keys.includes(key)) return fail(`the context ${name} has "${key}", and there are only ${keys.join(', ')}`)
      if (typeof value !== 'string') return fail(`"${key}" of the context ${name} is no text`)
    }
    known.set(name, context as Context)
  }
  return { path, current, contexts: known }
}

/** @param source who wants it, for the error @throws UsageError */
export function findContext({ contexts, path }: Contexts, name: string, source: string) {
  const context = contexts.get(name)
  if (context !== undefined) return { name, context }
  const known = contexts.size === 0 ? 'there is none yet' : `there are ${[...contexts.keys()].join(', ')}`
  throw new UsageError(`${source}: no context "${name}" is in ${path}; ${known} (rocketmq context add makes one)`)
}

/**
 * Changes the file. Others that change it at the same time wait, so that none of the changes is lost.
 * @param change what is to be kept; what it throws leaves the file as it is
 * @throws UsageError when the file is none of contexts; Error of the system
 */
export async function changeContexts(
  host: Host,
  keys: readonly string[],
  change: (contexts: Contexts) => Omit<Contexts, 'path'>,
): Promise<void> {
  const path = contextsPath(host)
  await host.changePrivateFile(path, (content) => {
    const { current, contexts } = change(contextsIn(content, path, keys))
    const kept = { ...(current === undefined ? {} : { current }), contexts: Object.fromEntries(contexts) }
    return `${JSON.stringify(kept, undefined, 2)}\n`
  })
}

function contextsIn(content: Buffer | undefined, path: string, keys: readonly string[]): Contexts {
  if (content === undefined) return { path, current: undefined, contexts: new Map() }
  return parseContexts(content.toString('utf8'), path, keys)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
