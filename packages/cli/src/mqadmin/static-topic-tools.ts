import {
  checkedStaticTopic,
  planOfMove,
  planOfQueues,
  StaticTopicBrokers,
  type StaticTopicState,
  withOtherBrokers,
} from '@rocketmq-ts/client/raw'
import { type TopicRemapping, topicRemappingBody } from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { optional, required, type Tool, type ToolContext, topic } from './tool.ts'

const where = [
  optional('c', 'clusters', 'clusters, separated by commas: all of their brokers'),
  optional('b', 'brokers', 'names of brokers, separated by commas'),
]
const fromFile = [
  optional('mf', 'mapFile', 'a file that an earlier run wrote: what it says is done, and nothing else'),
  optional('fr', 'forceReplace', 'true: whatever the mapping says that there is'),
]
/** Where the official tools write what there was before, and what there will be. */
const folder = '/tmp'

export const staticTopicTools: readonly Tool[] = [
  {
    name: 'updateStaticTopic',
    differs: 'A file that is not there is refused. The official one goes on without it.',
    about: 'Makes a static topic, which has a fixed number of queues, or gives it more.',
    options: [
      ...where,
      topic,
      required('qn', 'totalQueueNum', 'queues of the topic, on all brokers together'),
      ...fromFile,
    ],
    async run(context) {
      const { name, brokers, targets, given, force, everywhere } = await begun(context)
      if (given !== undefined) {
        await brokers.writeAll(everywhere(given), force)
        return
      }
      const total = context.number('totalQueueNum', 0)
      const before = await brokers.stateOf(name)
      const { epoch } = checkedStaticTopic(name, before)
      const nowMs = context.session.host.now()
      const old = remappingOf(name, before.size === 0 ? nowMs : epoch, before)
      await context.line(`The old mapping data is written to file ${await write(context, old, 'before')}`)
      const plan = planOfQueues(name, total, targets, before, nowMs)
      await context.line(`The new mapping data is written to file ${await write(context, plan, 'after')}`)
      const all = everywhere(plan)
      if (!force) await brokers.reserve(all, before)
      await brokers.writeAll(all, force)
    },
  },
  {
    name: 'remappingStaticTopic',
    differs: 'A file that is not there is refused. The official one goes on without it.',
    about: 'Moves the queues of a static topic to other brokers.',
    options: [...where, topic, ...fromFile],
    async run(context) {
      const { name, brokers, targets, given, force, everywhere } = await begun(context)
      if (given !== undefined) {
        checkMasters(brokers, given.brokerConfigMap.keys())
        await brokers.move(given, force)
        return
      }
      const before = await brokers.stateOf(name)
      if (before.size === 0) throw new CommandError(`no broker has a topic ${name}: make it with updateStaticTopic`)
      const { epoch } = checkedStaticTopic(name, before)
      await context.line(
        `The old mapping data is written to file ${await write(context, remappingOf(name, epoch, before), 'before')}`,
      )
      const plan = planOfMove(name, targets, before, context.session.host.now())
      // The official tool says "old" of both files.
      await context.line(`The old mapping data is written to file ${await write(context, plan, 'after')}`)
      const all = everywhere(plan)
      if (!force) await brokers.reserve(all, before)
      await brokers.move(all, force)
    },
  },
]

function remappingOf(name: string, epoch: number, state: StaticTopicState): TopicRemapping {
  return {
    topic: name,
    type: 'CREATE_OR_UPDATE',
    epoch,
    brokerConfigMap: new Map(state),
    brokerToMapIn: [],
    brokerToMapOut: [],
  }
}

async function write(context: ToolContext, plan: TopicRemapping, suffix: 'before' | 'after'): Promise<string> {
  const path = `${folder}/${plan.topic}-${plan.epoch}.${suffix}`
  await context.session.host.replacePrivateFile(path, topicRemappingBody.encode(plan, 'standard'))
  return path
}

/** The topic, the brokers that are to have it, which must have masters, and the plan that a file gives. */
async function begun(context: ToolContext) {
  const name = context.need('topic')
  const brokers = new StaticTopicBrokers(context.calls, await context.clusterInfo(), () => context.deadline)
  const targets = targetsOf(context, brokers)
  checkMasters(brokers, targets)
  const given = await planOfFile(context, name)
  const force = context.value('forceReplace') === 'true'
  /** The plan for all brokers of the clusters that its brokers are in. */
  const everywhere = (plan: TopicRemapping): TopicRemapping => {
    const all = withOtherBrokers(plan, brokers.around(plan))
    checkMasters(brokers, all.brokerConfigMap.keys())
    return all
  }
  return { name, brokers, targets, given, force, everywhere }
}

/** The brokers that -b names, or those of the clusters that -c names. @throws UsageError when there are none */
function targetsOf(context: ToolContext, brokers: StaticTopicBrokers): Set<string> {
  const named = listed(context.value('brokers'))
  const clusters = listed(context.value('clusters'))
  if (named.length === 0 && clusters.length === 0) throw new UsageError('give -b (brokers) or -c (clusters)')
  const found = named.length > 0 ? named : clusters.flatMap((name) => brokers.ofCluster(name))
  if (found.length === 0) throw new CommandError('Find none brokers, do nothing')
  return new Set(found)
}

/** @throws CommandError for a broker that takes no requests */
function checkMasters(brokers: StaticTopicBrokers, names: Iterable<string>): void {
  for (const name of names) if (!brokers.has(name)) throw new CommandError(`Can't find addr for broker ${name}`)
}

/** @throws CommandError when the file cannot be used */
async function planOfFile(context: ToolContext, name: string): Promise<TopicRemapping | undefined> {
  const path = context.value('mapFile')
  if (path === undefined) return undefined
  const content = await context.session.host.readFile(path)
  if (content === undefined) throw new UsageError(`there is no file ${path}`)
  const plan = topicRemappingBody.decode(content)
  checkedStaticTopic(name, plan.brokerConfigMap)
  return plan
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
