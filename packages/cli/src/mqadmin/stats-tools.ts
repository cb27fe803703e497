import type { Master } from '@rocketmq-ts/client/raw'
import { type BrokerStats, brokerStatsBody, commands } from '@rocketmq-ts/protocol'
import { noneUnlessAborted } from '../describe-failure.ts'
import { formatted } from './java-text.ts'
import { lagOf } from './progress-tools.ts'
import { flag, optional, type Tool, type ToolContext } from './tool.ts'
import { groupsOf, hiddenPrefixes, mastersOf, routeOf } from './topic-tools.ts'

const columns = '%-64s  %-64s %12s %11s %11s %14s %14s\n'
const nameMax = 64

export const statsTools: readonly Tool[] = [
  {
    name: 'statsAll',
    about: 'Shows how much goes into topics and out to groups.',
    options: [flag('a', 'activeTopic', 'only topics that had something'), optional('t', 'topic', 'only this topic')],
    async run(context) {
      const topicList = await context.topics()
      const titles = [
        '#Topic',
        '#Consumer Group',
        '#Accumulation',
        '#InTPS',
        '#OutTPS',
        '#InMsg24Hour',
        '#OutMsg24Hour',
      ]
      await context.print(formatted(columns, ...titles))
      const only = context.value('topic')
      for (const name of topicList) {
        if (hiddenPrefixes.some((prefix) => name.startsWith(prefix))) continue
        if (only === undefined || name === only) await printTopic(context, name)
      }
    },
  },
]

interface Flow {
  /** Messages a second. */
  readonly rate: number
  readonly day: number
}

async function printTopic(context: ToolContext, name: string): Promise<void> {
  const isActiveOnly = context.has('activeTopic')
  const shown = (text: string): string => text.slice(0, nameMax)
  // A topic whose servers do not answer is left out, as by the official tools.
  const route = await routeOf(context, name).catch(noneUnlessAborted)
  if (route === undefined) return
  const groups = await groupsOf(context, route, name).catch(noneUnlessAborted)
  if (groups === undefined) return
  const brokers = mastersOf(route.brokerDatas)
  const into = await flowOf(context, brokers, 'TOPIC_PUT_NUMS', name)
  if (groups.length === 0 && (!isActiveOnly || into.day > 0)) {
    await context.print(formatted(columns, shown(name), '', 0, into.rate.toFixed(2), '', into.day, 'NO_CONSUMER'))
  }
  for (const group of groups) {
    const out = await flowOf(context, brokers, 'GROUP_GET_NUMS', `${name}@${group}`)
    const lag = Math.max(0, (await lagOf(context, group, name).catch(noneUnlessAborted)) ?? 0)
    if (isActiveOnly && into.day === 0 && out.day === 0) continue
    const rates = [into.rate.toFixed(2), out.rate.toFixed(2)]
    await context.print(formatted(columns, shown(name), shown(group), lag, ...rates, into.day, out.day))
  }
}

/** Of all brokers that count it. */
async function flowOf(
  context: ToolContext,
  brokers: readonly Master[],
  statsName: string,
  statsKey: string,
): Promise<Flow> {
  let [rate, day] = [0, 0]
  for (const broker of brokers) {
    // A broker that has counted nothing refuses.
    const stats = await statsAt(context, broker, statsName, statsKey).catch(noneUnlessAborted)
    rate += stats?.statsMinute?.tps ?? 0
    day += stats === undefined ? 0 : daySum(stats)
  }
  return { rate, day }
}

export async function statsAt(
  context: ToolContext,
  broker: Master,
  statsName: string,
  statsKey: string,
): Promise<BrokerStats> {
  const { read } = await context.ask(broker, commands.viewBrokerStatsData, { statsName, statsKey })
  return read(brokerStatsBody.decode)
}

/** Of the longest time in which something was counted: there is no sum of a day before a day is over. */
export function daySum({ statsDay, statsHour, statsMinute }: BrokerStats): number {
  return statsDay?.sum || statsHour?.sum || statsMinute?.sum || 0
}
