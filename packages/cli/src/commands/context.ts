import type { Session } from '../session.ts'
import { connectionKeys, connectionSettings, contextInUse, resolveConnection } from '../settings/connection-settings.ts'
import { type Contexts, changeContexts, findContext, readContexts } from '../settings/contexts.ts'
import { argument, type CommandGroup, command, flag, one, optionalArgument, rows } from '../table/define.ts'
import { list, maybe, record, text, yesNo } from '../table/record.ts'
import { UsageError } from '../usage-error.ts'

const contextRow = record({
  name: text('Name'),
  isCurrent: yesNo('In use'),
  nameServers: maybe(text('Name servers')),
  namespace: maybe(text('Namespace')),
})

const contextName = record({ name: text('Name') })

const shownSettings = record({
  name: maybe(text('Context')),
  settings: list('Settings', record({ setting: text('Setting'), value: text('Value'), source: text('From') })),
})

const namePattern = /^[\w.-]{1,64}$/

export const contextGroup: CommandGroup = {
  name: 'context',
  about: 'Keeps how clusters are reached, by name.',
  commands: [
    command({
      name: 'add',
      about: 'Keeps the options of the connection that are given, or replaces what was kept under the name.',
      details:
        'The file is ROCKETMQ_CONFIG, else rocketmq/contexts.json in XDG_CONFIG_HOME or ~/.config. Only you may read it.',
      example: 'rocketmq context add prod -n "mq1:9876;mq2:9876" --use',
      arguments: { name: argument('its name') },
      options: { use: flag('uses it from now on') },
      output: one(contextName, ({ name }) => `The context ${name} is kept.`),
      async run(session, { name, use }) {
        if (!namePattern.test(name)) {
          throw new UsageError(`"${name}" is no name of a context: use up to 64 letters, digits and ._-`)
        }
        const { context: _, ...given } = session.flags
        if (Object.keys(given).length === 0) {
          throw new UsageError('nothing is given to keep: add -n host:9876, for example')
        }
        let isFirst = false
        await change(session, ({ current, contexts }) => {
          isFirst = contexts.size === 0
          return {
            current: use || isFirst ? name : current,
            contexts: new Map([...contexts, [name, given as Record<string, string>]]),
          }
        })
        if (isFirst && !use) session.note(`${name} is the first context, so it is in use.`)
        return { name }
      },
    }),
    command({
      name: 'list',
      about: 'Shows the contexts that are kept.',
      example: 'rocketmq context list',
      isLocal: true,
      output: rows(contextRow, 'No context is kept yet: rocketmq context add NAME -n host:9876'),
      async run(session) {
        const contexts = await contextsOf(session)
        return [...contexts.contexts].map(([name, context]) => ({
          name,
          isCurrent: name === contexts.current,
          nameServers: context.nameServers,
          namespace: context.namespace,
        }))
      },
    }),
    command({
      name: 'use',
      about: 'Uses a context from now on.',
      example: 'rocketmq context use prod',
      arguments: { name: argument('its name', 'context') },
      isLocal: true,
      output: one(contextName, ({ name }) => `The context ${name} is in use.`),
      async run(session, { name }) {
        await change(session, (contexts) => {
          findContext(contexts, name, '<name>')
          return { ...contexts, current: name }
        })
        return { name }
      },
    }),
    command({
      name: 'show',
      about: 'Shows each setting of the connection, and where it comes from.',
      details:
        'A setting comes from its option, else from the context that --context names, else from its environment\nvariable, else from the context in use, else it has its default.',
      example: 'rocketmq context show\nrocketmq context show prod',
      arguments: { name: optionalArgument('a context; what counts now without it', 'context') },
      output: one(shownSettings),
      async run(session, { name }) {
        const contexts = await contextsOf(session)
        if (name !== undefined) {
          const { context } = findContext(contexts, name, '<name>')
          const settings = Object.entries(context).map(([setting, value]) => ({
            setting,
            value: shown(setting, value),
            source: contexts.path,
          }))
          return { name, settings }
        }
        const { environment } = session.host
        const resolved = resolveConnection(session.flags, environment, contexts)
        const settings = connectionKeys.flatMap((setting) => {
          const found = resolved[setting]
          return found === undefined ? [] : [{ setting, value: shown(setting, found.text), source: found.source }]
        })
        return { name: session.flags.context ?? contextInUse(environment, contexts)?.name, settings }
      },
    }),
    command({
      name: 'delete',
      about: 'Forgets a context.',
      example: 'rocketmq context delete prod',
      arguments: { name: argument('its name', 'context') },
      isLocal: true,
      output: one(contextName, ({ name }) => `The context ${name} is forgotten.`),
      async run(session, { name }) {
        await change(session, (contexts) => {
          findContext(contexts, name, '<name>')
          const kept = new Map(contexts.contexts)
          kept.delete(name)
          return { current: contexts.current === name ? undefined : contexts.current, contexts: kept }
        })
        return { name }
      },
    }),
  ],
}

function contextsOf(session: Session) {
  return readContexts(session.host, connectionKeys)
}

function change(session: Session, to: (contexts: Contexts) => Omit<Contexts, 'path'>): Promise<void> {
  return changeContexts(session.host, connectionKeys, to)
}

function shown(setting: string, value: string): string {
  const { isSecret = false } = (connectionSettings as Record<string, { isSecret?: boolean }>)[setting] ?? {}
  return isSecret ? '***' : value
}
