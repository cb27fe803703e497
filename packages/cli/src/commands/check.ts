import type { RocketMQError } from '@rocketmq-ts/client'
import { type CheckResult, nagiosText, prometheusText, stateOf, worst } from '../doctor/check-result.ts'
import { recordJson } from '../output/print.ts'
import type { Session } from '../session.ts'
import {
  type Arguments,
  type CommandGroup,
  command,
  flag,
  type Options,
  option,
  optionalArgument,
  ownObject,
  type ValuesOf,
} from '../table/define.ts'
import { decimal, list, maybe, record, text, whole } from '../table/record.ts'

import { CommandError, UsageError } from '../usage-error.ts'
import { formatDuration, parseDuration, wholeNumber } from '../values.ts'
import { askBrokers } from './broker-status.ts'
import { needGroup } from './names.ts'
import { isSystemGroup } from './system-names.ts'
import { topicArgument } from './topic.ts'

const checkRecord = record({
  check: text('Check'),
  state: text('State'),
  exitCode: whole('Exit code'),
  summary: text('Summary'),
  metrics: list(
    'Metrics',
    record({
      name: text('Name'),
      value: decimal('Value'),
      warning: maybe(decimal('Warning')),
      critical: maybe(decimal('Critical')),
    }),
  ),
})

const number = (about: string, fallback: number) =>
  option({ placeholder: 'number', about, parse: wholeNumber(0), fallback })

interface CheckDeclaration<A extends Arguments, O extends Options> {
  readonly name: string
  readonly about: string
  readonly example: string
  readonly arguments?: A
  readonly options: O
  look(session: Session, values: ValuesOf<A, O>): Promise<CheckResult>
}

/** The exit code of a check that could not be made: it says nothing of what was to be checked. */
const unknown = 3

function check<A extends Arguments, O extends Options>({ look, options, ...declared }: CheckDeclaration<A, O>) {
  return command({
    ...declared,
    options: { ...options, prometheus: flag('text for Prometheus instead of a line for Nagios') },
    output: ownObject(checkRecord),
    failureExitCode: unknown,
    async run(session, values) {
      const { prometheus, ...given } = values as { readonly prometheus: boolean }
      const result = await look(session, given as unknown as ValuesOf<A, O>)
      const { check: name, state, summary, metrics } = result
      const exitCode = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'].indexOf(state)
      if (prometheus) await session.host.write(prometheusText(result))
      else if (session.isJson) {
        await session.host.write(recordJson(checkRecord, { check: name, state, exitCode, summary, metrics }))
      } else await session.host.write(nagiosText(result))
      return prometheus ? 0 : exitCode
    },
  })
}

export const checkGroup: CommandGroup = {
  name: 'check',
  about:
    'Checks for monitoring: exit codes of Nagios (0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN), or text for Prometheus.',
  commands: [
    check({
      name: 'lag',
      about: 'Checks how many messages groups have not done.',
      example: 'rocketmq check lag mailer --warning 1000 --critical 10000',
      arguments: { group: optionalArgument('only this group', 'group') },
      options: {
        warning: number('messages from which it is a warning', 1000),
        critical: number('messages from which it is critical', 10_000),
      },
      async look(session, { group, warning, critical }) {
        ordered(warning, critical)
        const admin = await session.admin()
        const { signal } = session
        if (group !== undefined) await needGroup(admin, group, signal)
        const found = (await admin.progressOfAll({ signal })).filter((one) =>
          group === undefined ? !isSystemGroup(one.group) : one.group === group,
        )
        const lags = found.map((one) => ({ name: one.group, value: one.queues.reduce((sum, { lag }) => sum + lag, 0) }))
        if (group !== undefined && lags.length === 0) lags.push({ name: group, value: 0 })
        const most = lags.toSorted((one, other) => other.value - one.value)[0]
        return {
          check: 'lag',
          label: 'group',
          unit: '',
          help: 'Messages that a group has not done.',
          state: worst(lags.map(({ value }) => stateOf(value, warning, critical))),
          summary: most === undefined ? 'no group has an offset' : `${most.name} lags ${most.value} messages behind`,
          metrics: lags.map((metric) => ({ ...metric, warning, critical })),
        }
      },
    }),
    check({
      name: 'disk',
      about: 'Checks how full the disks of brokers are.',
      example: 'rocketmq check disk --warning 75 --critical 90',
      options: {
        warning: number('percent from which it is a warning', 75),
        critical: number('percent from which it is critical', 90),
      },
      async look(session, { warning, critical }) {
        ordered(warning, critical)
        const brokers = await askBrokers(await session.admin(), session.signal)
        const silent = brokers.find(({ status }) => status?.diskUsed === undefined)
        if (silent !== undefined) {
          throw new CommandError(
            `${silent.broker} does not tell how full its disk is: ${silent.error?.message ?? 'it says nothing of it'}`,
          )
        }
        const metrics = brokers.map(({ broker, id, status }) => ({
          name: id === 0 ? broker : `${broker}-${id}`,
          value: Math.round((status?.diskUsed ?? 0) * 1000) / 10,
          warning,
          critical,
        }))
        if (metrics.length === 0) throw new CommandError('the name servers know no broker')
        const most = metrics.toSorted((one, other) => other.value - one.value)[0]!
        return {
          check: 'disk',
          label: 'broker',
          unit: '%',
          help: 'How full the disk of the commit log is, in percent.',
          state: worst(metrics.map(({ value }) => stateOf(value, warning, critical))),
          summary: `the disk of ${most.name} is ${most.value} % full`,
          metrics,
        }
      },
    }),
    check({
      name: 'broker',
      about: 'Checks whether brokers answer.',
      example: 'rocketmq check broker --expect 3',
      arguments: { broker: optionalArgument('only this broker', 'broker') },
      options: { expect: number('brokers that there have to be', 1) },
      async look(session, { broker, expect }) {
        const all = await askBrokers(await session.admin(), session.signal)
        const asked = all.filter((one) => broker === undefined || one.broker === broker)
        const answering = asked.filter(({ status }) => status !== undefined)
        const silent = asked.filter(({ status }) => status === undefined).map((one) => one.broker)
        const isEnough = answering.length >= expect
        const summary = [
          `${answering.length} of ${Math.max(asked.length, expect)} brokers answer`,
          ...(silent.length === 0 ? [] : [`silent: ${silent.join(', ')}`]),
        ]
        return {
          check: 'broker',
          label: 'broker',
          unit: '',
          help: 'Whether the broker answers.',
          state: isEnough && silent.length === 0 ? 'OK' : answering.length === 0 || !isEnough ? 'CRITICAL' : 'WARNING',
          summary: summary.join('; '),
          metrics: asked.map((one) => ({
            name: one.broker,
            value: one.status === undefined ? 0 : 1,
            warning: undefined,
            critical: undefined,
          })),
        }
      },
    }),
    check({
      name: 'topic',
      about: 'Checks whether a topic is there, takes messages, and gets some.',
      example: 'rocketmq check topic orders --warning 10m --critical 1h',
      arguments: { topic: topicArgument },
      options: {
        warning: option({
          placeholder: 'duration',
          about: 'without a message from which it is a warning',
          parse: parseDuration,
        }),
        critical: option({
          placeholder: 'duration',
          about: 'without a message from which it is critical',
          parse: parseDuration,
        }),
      },
      async look(session, { topic, warning, critical }) {
        const admin = await session.admin()
        const { signal } = session
        const result = { check: 'topic', label: 'topic', unit: 's', help: 'Seconds since the last message was stored.' }
        const described = await admin.describeTopic(topic, { signal }).catch((error: RocketMQError) => {
          if (error.code !== 'TOPIC_NOT_EXIST') throw error
        })
        if (described === undefined)
          return { ...result, state: 'CRITICAL', summary: `there is no topic ${topic}`, metrics: [] }
        const configurations = await admin.topicConfigurations(topic, { signal })
        if (!configurations.some(({ access, writeQueues }) => /write/i.test(access) && writeQueues > 0)) {
          return { ...result, state: 'CRITICAL', summary: `${topic} takes no messages on any broker`, metrics: [] }
        }
        const times = described.queues.flatMap(({ lastStoredTimestamp: at }) => (at === undefined ? [] : [at]))
        const ageMs = times.length === 0 ? undefined : Math.max(0, session.host.now() - Math.max(...times))
        const limit = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
        const isWatched = warning !== undefined || critical !== undefined
        if (ageMs === undefined) {
          return {
            ...result,
            state: isWatched ? 'WARNING' : 'OK',
            summary: `${topic} has never had a message`,
            metrics: [],
          }
        }
        return {
          ...result,
          state: stateOf(ageMs, warning, critical),
          summary: `the last message of ${topic} was stored ${formatDuration(ageMs)} ago`,
          metrics: [
            { name: topic, value: Math.round(ageMs / 1000), warning: limit(warning), critical: limit(critical) },
          ],
        }
      },
    }),
  ],
}

/** @throws UsageError */
function ordered(warning: number, critical: number): void {
  if (warning > critical)
    throw new UsageError(`--warning ${warning} is above --critical ${critical}: it has to come first`)
}
