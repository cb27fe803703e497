import { expect } from 'vitest'
import type { Cluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import type { ComparedCommand } from './commands.ts'
import type { Mqadmin } from './mqadmin.ts'
import { neutral, sorted } from './normalise.ts'
import { runOwnMqadmin } from './own-mqadmin.ts'
import type { Prepared } from './state.ts'

/** A cluster of ours, and the official tools for it. */
interface Compared {
  readonly cluster: Cluster
  readonly admin: Mqadmin
  readonly clientId: string
  readonly ids: Prepared['ids']
}

/** Both name an error by its code. The code of the official client for a broker's refusal of a parameter is another one. */
const codeOf = (printed: string): string | undefined => /CODE: ?(\d+)/.exec(printed)?.[1]

/** How the official tools fail: by an exception, by telling how a command is used, or in words, and always with exit code 0. */
const exception = /^(?:Caused by: )?(?:org|java|com)\.[\w.]+(?:Exception|Error)\b/m
const refusals = [exception, /^usage: mqadmin/m, /^Please /, /^\[error\] Make sure the specified clusterName/m]

/** What ours refuse, where the official tools go on as if it had not been said. */
const refusedHere = [
  /^consumerProgress -g behind -c NoCluster$/,
  /^cleanUnusedTopic -c NoCluster$/,
  /^remappingStaticTopic .* -mf \/no\/such$/,
]

/** What ours do, and the official tools cannot. */
const doneHere = [/^(queryMsgByOffset|printMsg) -t StaticTopic /, /^updateTopic -t SysFlags /]

/** What the official tools do once: a second run, which is that of ours, has nothing to do. */
const doneOnce = [/^updateStaticTopic -t StaticTopic -qn 6 -b broker-a$/]

const hasLine = (lines: readonly RegExp[], line: string): boolean => lines.some((pattern) => pattern.test(line))

/** Brokers come by name in ours, and in the order of a hash table in the official tools. */
const inBlocks = /^(getConsumerConfig|checkRocksdbCqWriteProgress) /

/** A queue of a static topic whose broker has no message of it, since it moved there: progress, what is left, what is in flight. */
const moved = /(__syslo__global__ +\d+ +\d+ +)\d+ +\d+ +-?\d+ +(?=N\/A)/g

/**
 * The official tools know nothing of how far a group is with a message of a static topic, and of what is in flight there. When
 * its queues have moved, they tell that nothing was consumed before.
 */
const ofStaticTopics = (text: string): string =>
  text
    .replaceAll(/(MessageTrack \[consumerGroup=of-static, trackType=)\w+/g, '$1<type>')
    .replaceAll(/(Consume Diff Total: )\d+/g, (total, words) => (text.search(moved) < 0 ? total : words))
    .replaceAll(moved, '$1<progress> ')
    .replaceAll(/(__syslo__global__(?: +\d+){4} +)-?\d+ +/g, '$1<in flight> ')
    .replaceAll(/(Consume Inflight Total: )-?\d+/g, (total, words) => (text.includes('__syslo__') ? words : total))

/** Where the official tools do nothing ours may say that there is no such broker or group. */
const doneNothing = /^(?:Group And Topic Info: .*)?\s*$/

/** A broker that failed, in the table of a tool that goes on with the next one. */
const failedRow = /^\[\S+\] error\.$|^\S+ +error *$/m

/**
 * Runs a command of the official tools and then the same one of ours at the same cluster. What one prints to standard output the
 * other prints too. Where the official one fails, which it tells by exceptions only, ours exits with an error that names the
 * same code.
 * @param command.settles it changes nothing: both are asked again until they agree
 */
export async function compareOwn(
  prepared: Compared,
  command: ComparedCommand & { readonly settles?: true },
): Promise<void> {
  const { line, args, view = [] } = command
  const words = args?.(prepared) ?? line.split(' ')
  const look = (text: string): string =>
    [...view, ofStaticTopics, ...(inBlocks.test(line) ? [sorted] : [])].reduce(
      (seen, next) => next(seen),
      neutral(prepared, text).replaceAll(prepared.clientId, '<client>'),
    )
  const both = async () => {
    const official = await prepared.admin.run(...words)
    const own = await runOwnMqadmin(prepared.cluster, words)
    return { official, own, expected: look(official), actual: look(own.printed) }
  }
  let seen = await both()
  const isRefused = (printed: string): boolean => hasLine(refusedHere, line) || hasLine(refusals, printed)
  if (command.settles && seen.actual !== seen.expected && !isRefused(seen.official) && !hasLine(doneHere, line)) {
    await pollUntil('the same output', async () => {
      seen = await both()
      return seen.actual === seen.expected || { notYet: 'they differ' }
    }).catch(() => {})
  }
  const { official, own, expected, actual } = seen
  // The official tools can do this once in a process.
  if (official.includes('connect to  failed') || hasLine(doneOnce, line)) return
  if (hasLine(doneHere, line)) {
    expect({ code: own.code, said: own.said, printed: own.printed !== '' }).toEqual({
      code: 0,
      said: '',
      printed: true,
    })
    return
  }
  if (isRefused(official)) {
    expect({ code: own.code, said: own.said }).toEqual({
      code: expect.toSatisfy((code: number) => code === 1 || code === 2),
      said: expect.stringContaining('rocketmq: '),
    })
    const code = codeOf(official)
    if (code !== undefined && code !== '29' && own.code === 1) expect(codeOf(own.said) ?? code).toBe(code)
    return
  }
  expect(actual).toBe(expected)
  if (doneNothing.test(official) && own.code === 1) return
  expect({ code: own.code, said: own.said === '' }).toEqual(
    failedRow.test(official) ? { code: 1, said: false } : { code: 0, said: true },
  )
}
